// Looks at a record in the browser before it is sealed: the schema of its rule pack, with the
// keywords that packs use and the formats that people get wrong. Further checks of a pack are the
// audit's; what is found here is only what the schema says.
"use strict";
(() => {
  const typed = {
    object: (value) => value !== null && typeof value === "object" && !Array.isArray(value),
    array: Array.isArray,
    string: (value) => typeof value === "string",
    integer: Number.isSafeInteger,
    number: (value) => typeof value === "number" && Number.isFinite(value),
    boolean: (value) => typeof value === "boolean",
    null: (value) => value === null,
  };

  const day = (text) => {
    const parts = /^([1-9]\d{3})-(\d\d)-(\d\d)$/.exec(text);
    if (!parts) return false;
    const found = new Date(`${text}T00:00:00Z`);
    return !Number.isNaN(found.getTime()) && found.toISOString().startsWith(text);
  };
  const instant = (text) =>
    /^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/.test(text) &&
    day(text.slice(0, 10));
  const plain = (text) => text !== "" && text.trim() === text && !/\p{Cc}/u.test(text);
  // GB 11643 and ISO 7064, MOD 11-2; holds for text of another form.
  const residentCheck = (text) => {
    if (!/^\d{17}[\dXx]$/.test(text)) return true;
    let sum = 0;
    for (let at = 0; at < 17; at += 1) sum += Number(text[at]) * (2 ** (17 - at) % 11);
    return "10X98765432"[sum % 11] === text[17].toUpperCase();
  };
  const formats = {
    instant,
    day,
    uuid: (text) => /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text),
    "plain-text": plain,
    "person-name": (text) =>
      plain(text) && /^[\p{Alphabetic} ·•.'’\-‐,]+$/u.test(text) && /\p{Alphabetic}/u.test(text),
    pseudonym: (text) => /^[\w-]{1,32}$/.test(text) && !/\d{11}/.test(text),
    phone: (text) =>
      /^(\+86)?1[3-9]\d{9}$/.test(text) ||
      /^0\d{9,11}$/.test(text) ||
      /^0\d{2,3}-\d{7,8}(-\d{1,6})?$/.test(text) ||
      /^400-\d{3,7}(-\d{3,6})?$/.test(text) ||
      /^\+(?!0|86)\d{7,15}$/.test(text),
    "resident-id": (text) =>
      /^[1-9]\d{16}[\dXx]$/.test(text) &&
      day(`${text.slice(6, 10)}-${text.slice(10, 12)}-${text.slice(12, 14)}`),
    "resident-id-check": residentCheck,
    plate: (text) =>
      /^[京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新][A-Z][A-HJ-NP-Z0-9]{4}([A-HJ-NP-Z0-9]{1,2}|[挂学警港澳])$/u.test(text),
    division: (text) => /^\d{6}$/.test(text),
  };

  // The faults of `value`, as `{path, why, name}`; `why` is a keyword or a format.
  const judge = (schema, record, subtype) => {
    const faults = (node, value, path) => {
      if (node === true || node === undefined) return [];
      if (node === false) return [{ path, why: "unneeded" }];
      const found = [];
      const note = (why, at = path) => found.push({ path: at, why });
      const follow = (part) => found.push(...faults(part, value, path));
      const holds = (part) => faults(part, value, path).length === 0;
      if (node.$ref) follow(at(node.$ref));
      if (node.type && ![node.type].flat().some((type) => typed[type](value))) {
        note("form");
        return found;
      }
      if ("const" in node && value !== node.const) note("form");
      if (node.enum && !node.enum.includes(value)) note("form");
      if (node.not !== undefined && holds(node.not)) note("form");
      if (node.anyOf && !node.anyOf.some(holds)) note("form");
      (node.allOf ?? []).forEach(follow);
      if (node.if !== undefined) follow(holds(node.if) ? node.then : node.else);
      if (typed.object(value)) members(node, value, path, note, found);
      if (typed.array(value)) {
        if (value.length < (node.minItems ?? 0) || value.length > (node.maxItems ?? Infinity)) note("form");
        if (node.uniqueItems && new Set(value.map((one) => JSON.stringify(one))).size < value.length) note("form");
        value.forEach((one, place) => found.push(...faults(node.items, one, `${path}/${place}`)));
      }
      if (typed.number(value) && (value < (node.minimum ?? -Infinity) || value > (node.maximum ?? Infinity))) note("form");
      if (typed.string(value)) {
        const length = [...value].length;
        if (length < (node.minLength ?? 0) || length > (node.maxLength ?? Infinity)) note("form");
        if (node.pattern && !new RegExp(node.pattern.replaceAll("\\p{Han}", "\\p{Script=Han}"), "u").test(value)) note("form");
        if (node.format && formats[node.format]?.(value) === false) note("form");
      }
      return found;
    };
    const members = (node, value, path, note, found) => {
      for (const name of node.required ?? []) if (!Object.hasOwn(value, name)) note("missing", `${path}/${name}`);
      const known = node.properties ?? {};
      for (const [name, part] of Object.entries(known)) {
        if (Object.hasOwn(value, name)) found.push(...faults(part, value[name], `${path}/${name}`));
      }
      if (node.additionalProperties === false) {
        for (const name of Object.keys(value)) if (!Object.hasOwn(known, name)) note("unneeded", `${path}/${name}`);
      }
    };
    const at = (pointer) => pointer.slice(2).split("/").reduce((node, name) => node?.[name], schema);
    const all = faults(schema, record, "");
    const own = schema.$defs?.[`subtype_${subtype}`];
    if (own) all.push(...faults(own, record, ""));
    // One word a member: the first.
    const paths = new Set();
    return all.filter(({ path }) => !paths.has(path) && paths.add(path));
  };

  // The rows of a CSV text (RFC 4180), each a list of cells; comma, semicolon or tab apart.
  const rows = (text) => {
    const all = [];
    let row = [], cell = "", quoted = false;
    const plainText = text.replace(/^\uFEFF/, "");
    const head = plainText.split(/\r?\n/, 1)[0];
    const apart = ["\t", ";", ","].find((mark) => head.includes(mark)) ?? ",";
    const end = () => { row.push(cell); cell = ""; };
    const endRow = () => {
      end();
      if (row.some((one) => one.trim() !== "")) all.push(row);
      row = [];
    };
    for (let at = 0; at < plainText.length; at += 1) {
      const c = plainText[at];
      if (quoted) {
        if (c !== '"') cell += c;
        else if (plainText[at + 1] === '"') { cell += '"'; at += 1; } else quoted = false;
      } else if (c === '"' && cell === "") quoted = true;
      else if (c === apart) end();
      else if (c === "\n") endRow();
      else if (c !== "\r") cell += c;
    }
    endRow();
    return all;
  };

  globalThis.chayanJudge = { judge, rows, instant, day };
})();
