// Seals records and signs statements in the browser: what leaves it is what the protocol lets a
// business system send, and the server never sees a plaintext. WebCrypto only.
"use strict";
(() => {
  const subtle = crypto.subtle;
  const utf8 = new TextEncoder();

  const b64u = (bytes) => {
    let text = "";
    for (const byte of new Uint8Array(bytes)) text += String.fromCharCode(byte);
    return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  };
  const unb64u = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const join = (...parts) => {
    const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  };
  const uint32 = (n) => new Uint8Array([n >>> 24, n >>> 16, n >>> 8, n]);
  const digest = async (bytes) => new Uint8Array(await subtle.digest("SHA-256", bytes));

  // RFC 7518, 4.6.2: one round of the Concat KDF, for A256GCM without party information.
  const contentKey = async (secret) => {
    const name = utf8.encode("A256GCM");
    const other = join(uint32(name.length), name, uint32(0), uint32(0), uint32(256));
    return digest(join(uint32(1), secret, other));
  };

  const CURVE = { name: "ECDH", namedCurve: "P-256" };

  // A compact JWE of `plaintext` to the audit key `kid`, `{x, y}`.
  const seal = async (plaintext, kid, point) => {
    const jwk = { kty: "EC", crv: "P-256", x: point.x, y: point.y };
    const theirs = await subtle.importKey("jwk", jwk, CURVE, false, []);
    const ours = await subtle.generateKey(CURVE, true, ["deriveBits"]);
    const secret = await subtle.deriveBits({ name: "ECDH", public: theirs }, ours.privateKey, 256);
    const { x, y } = await subtle.exportKey("jwk", ours.publicKey);
    const header = b64u(utf8.encode(JSON.stringify({
      alg: "ECDH-ES", enc: "A256GCM", kid, typ: "chayan-record+jwe",
      pc: b64u(await digest(plaintext)), epk: { kty: "EC", crv: "P-256", x, y },
    })));
    const raw = await contentKey(new Uint8Array(secret));
    const key = await subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt"]);
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const how = { name: "AES-GCM", iv, additionalData: utf8.encode(header), tagLength: 128 };
    const sealed = new Uint8Array(await subtle.encrypt(how, key, plaintext));
    const body = sealed.length - 16;
    return [header, "", b64u(iv), b64u(sealed.slice(0, body)), b64u(sealed.slice(body))].join(".");
  };

  // A UUIDv7 of the moment `millis`.
  const uuid7 = (millis) => {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    for (let at = 0; at < 6; at += 1) bytes[at] = Math.floor(millis / 2 ** (8 * (5 - at))) % 256;
    bytes[6] = (bytes[6] & 0x0f) | 0x70;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  };

  const SIGNING = { name: "ECDSA", namedCurve: "P-256" };

  // A compact JWS by the browser's key, ES256.
  const sign = async (own, typ, claims) => {
    const part = (value) => b64u(utf8.encode(JSON.stringify(value)));
    const text = `${part({ alg: "ES256", kid: own.kid, typ })}.${part(claims)}`;
    const how = { name: "ECDSA", hash: "SHA-256" };
    return `${text}.${b64u(await subtle.sign(how, own.key, utf8.encode(text)))}`;
  };

  // RFC 7638: the key's name is its own thumbprint.
  const thumbprint = ({ x, y }) =>
    digest(utf8.encode(`{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`)).then(b64u);

  // What the browser keeps: a key that cannot leave it, and sealed batches without an answer.
  const opened = () =>
    new Promise((resolve, reject) => {
      const request = indexedDB.open("chayan", 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore("keys");
        request.result.createObjectStore("unanswered");
      };
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const within = async (store, mode, act) => {
    const db = await opened();
    try {
      return await new Promise((resolve, reject) => {
        const work = db.transaction(store, mode);
        const request = act(work.objectStore(store));
        work.oncomplete = () => resolve(request.result);
        work.onerror = () => reject(work.error);
        work.onabort = () => reject(work.error);
      });
    } finally {
      db.close();
    }
  };
  const get = (store, name) => within(store, "readonly", (all) => all.get(name));
  const put = (store, name, value) => within(store, "readwrite", (all) => all.put(value, name));
  const forget = (store, name) => within(store, "readwrite", (all) => all.delete(name));

  // The browser's key for the business `holder`: `{kid, key, jwk}`; made when there is none.
  const ownKey = async (holder) => {
    const known = await get("keys", holder);
    if (known) return known;
    const pair = await subtle.generateKey(SIGNING, false, ["sign", "verify"]);
    const { x, y } = await subtle.exportKey("jwk", pair.publicKey);
    const kid = await thumbprint({ x, y });
    const own = { kid, key: pair.privateKey, jwk: { kty: "EC", crv: "P-256", x, y, kid } };
    await put("keys", holder, own);
    return own;
  };

  // The bytes of a batch: the signed manifest, then one sealed record a line.
  const batch = async (own, sheet, records, seconds) => {
    const lines = [];
    for (const [at, record] of records.entries()) {
      const salt = b64u(crypto.getRandomValues(new Uint8Array(16)));
      const whole = { salt, stream: sheet.stream, seq: sheet.next + at, ...record };
      lines.push(await seal(utf8.encode(JSON.stringify(whole)), sheet.kid, sheet.point));
    }
    const body = utf8.encode(`${lines.join("\n")}\n`);
    const times = records.map((record) => record.occurred_at);
    times.sort((one, two) => Date.parse(one) - Date.parse(two));
    const jti = uuid7(seconds * 1000);
    const manifest = await sign(own, "chayan-batch+jwt", {
      iss: sheet.holder, jti, iat: seconds, stream: sheet.stream, day: sheet.day, mode: "sealed",
      pack: sheet.pack, first: sheet.next, count: records.length,
      from: times[0], to: times[times.length - 1], body: b64u(await digest(body)),
    });
    return { jti, bytes: join(utf8.encode(`${manifest}\n`), body) };
  };

  // A signed day close; `numbers` is `{first, last, count}`, or null for a day without customers.
  const close = (own, sheet, numbers, totals, seconds) => {
    const claims = {
      iss: sheet.holder, jti: uuid7(seconds * 1000), iat: seconds, stream: sheet.stream,
      day: sheet.day, ...(numbers ?? { count: 0 }), totals,
    };
    return sign(own, "chayan-close+jwt", claims);
  };

  globalThis.chayanSeal = { b64u, unb64u, batch, close, contentKey, forget, get, ownKey, put, seal, sign, thumbprint, uuid7 };
})();
