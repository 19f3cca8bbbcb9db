"""Seals the records of one day, pushes them, closes the day and keeps the receipt."""

import argparse
import base64
import datetime
import hashlib
import json
import os
import secrets
import time
import uuid

import requests
from jwcrypto import jwe, jwk, jws

RECORD_TYPE = "chayan-record+jwe"


def b64u(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def uuid7() -> str:
    """A UUIDv7: 48 bits of milliseconds, then random bits."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))


def sign(key: jwk.JWK, header_type: str, claims: dict) -> str:
    """A compact JWS by `key`, ES256."""
    token = jws.JWS(json.dumps(claims, separators=(",", ":")))
    header = {"alg": "ES256", "kid": key["kid"], "typ": header_type}
    token.add_signature(key, alg="ES256", protected=json.dumps(header, separators=(",", ":")))
    return token.serialize(compact=True)


def seal(plaintext: bytes, audit_key: jwk.JWK, kid: str) -> str:
    """A compact JWE to the department's audit key; `pc` commits to the exact plaintext."""
    header = {
        "alg": "ECDH-ES",
        "enc": "A256GCM",
        "kid": kid,
        "typ": RECORD_TYPE,
        "pc": b64u(hashlib.sha256(plaintext).digest()),
    }
    token = jwe.JWE(plaintext, protected=json.dumps(header, separators=(",", ":")))
    token.add_recipient(audit_key)
    return token.serialize(compact=True)


class Chayan:
    """The few requests that a business system makes."""

    def __init__(self, api: str, ca: str, client: str, holder: str, keys: str):
        self.api, self.client, self.holder = api, client, holder
        self.http = requests.Session()
        self.http.verify, self.http.trust_env = ca, False  # this root, whatever the environment says
        load = lambda name: jwk.JWK.from_json(open(os.path.join(keys, f"{name}.jwk")).read())
        self.authentication, self.manifest = load("authentication"), load("manifest")

    def now(self) -> int:
        return int(time.time())

    def authorize(self) -> None:
        """Gets an access token with a signed assertion (RFC 7523); it lives 300 seconds."""
        now = self.now()
        assertion = sign(
            self.authentication,
            "client-authentication+jwt",
            {"iss": self.client, "sub": self.client, "aud": self.api, "iat": now, "exp": now + 60,
             "jti": secrets.token_urlsafe(24)},
        )
        answer = self.http.post(f"{self.api}/oauth2/token", data={
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion,
        })
        answer.raise_for_status()
        self.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def sealing_key(self, stream: str) -> tuple[str, jwk.JWK]:
        """The published key, open now, of the department that this stream is sealed to."""
        streams = self.http.get(f"{self.api}/v1/streams")
        streams.raise_for_status()
        department = next(s["department"] for s in streams.json()["streams"] if s["id"] == stream)
        keys = self.http.get(f"{self.api}/v1/keys")
        keys.raise_for_status()
        key = next(k for k in keys.json()["keys"] if k["department"] == department)
        return key["kid"], jwk.JWK(**{m: key["jwk"][m] for m in ("kty", "crv", "x", "y")})

    def batch(self, stream: str, day: str, pack: str, first: int, records: list[dict]):
        """The exact bytes of a batch: signed manifest, then one sealed record a line."""
        kid, audit_key = self.sealing_key(stream)
        lines = []
        for offset, record in enumerate(records):
            record = {"salt": b64u(os.urandom(16)), "stream": stream, "seq": first + offset, **record}
            plaintext = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
            lines.append(seal(plaintext, audit_key, kid))
        body = "\n".join(lines).encode() + b"\n"
        times = sorted((r["occurred_at"] for r in records), key=datetime.datetime.fromisoformat)
        jti = uuid7()
        manifest = sign(self.manifest, "chayan-batch+jwt", {
            "iss": self.holder, "jti": jti, "iat": self.now(), "stream": stream, "day": day,
            "mode": "sealed", "pack": pack, "first": first, "count": len(records),
            "from": times[0], "to": times[-1], "body": b64u(hashlib.sha256(body).digest()),
        })
        return jti, manifest.encode() + b"\n" + body

    def push(self, jti: str, batch: bytes) -> dict:
        """Sends the same bytes until there is a definite answer."""
        for attempt in range(6):
            try:
                answer = self.http.post(f"{self.api}/v1/batches", data=batch, timeout=70, headers={
                    "Content-Type": "application/vnd.chayan.batch", "Idempotency-Key": f'"{jti}"'})
            except requests.RequestException:
                answer = None
            if answer is not None and answer.status_code < 500:
                if not answer.ok:
                    raise SystemExit(f"{answer.status_code}: {answer.text}")
                return answer.json()
            time.sleep(2 ** attempt)
        raise SystemExit("no definite answer: keep the batch and send it again")

    def close(self, stream: str, day: str, first: int, last: int, count: int, totals: dict) -> None:
        """Closes the day with a signed count; `count` 0 says that there were no customers."""
        statement = sign(self.manifest, "chayan-close+jwt", {
            "iss": self.holder, "jti": uuid7(), "iat": self.now(), "stream": stream, "day": day,
            "first": first, "last": last, "count": count, "totals": totals,
        })
        answer = self.http.put(f"{self.api}/v1/streams/{stream}/days/{day}", data=statement,
                               headers={"Content-Type": "application/jose"})
        if not answer.ok:
            raise SystemExit(f"{answer.status_code}: {answer.text}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("api", "ca", "keys", "client", "holder", "stream", "day", "records", "receipt"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--first", type=int, required=True)
    parser.add_argument("--pack", default="lodging/2026.1")
    parser.add_argument("--body", default="batch.bin", help="where the exact bytes are kept")
    parser.add_argument("--totals", default='{"room_nights_sold": 0}')
    args = parser.parse_args()

    records = json.load(open(args.records))
    chayan = Chayan(args.api, args.ca, args.client, args.holder, args.keys)
    chayan.authorize()
    jti, batch = chayan.batch(args.stream, args.day, args.pack, args.first, records)
    with open(args.body, "wb") as out:
        out.write(batch)
    receipt = chayan.push(jti, batch)
    with open(args.receipt, "w") as out:
        json.dump(receipt, out)
    last = args.first + len(records) - 1
    chayan.close(args.stream, args.day, args.first, last, len(records), json.loads(args.totals))
    again = chayan.push(jti, batch)
    assert again == receipt, "the same bytes get the same receipt"
    print(f"pushed {len(records)} records as batch {jti} and closed {args.day}")


if __name__ == "__main__":
    main()
