"""Checks a receipt offline: the standard library, and `openssl` for the one signature."""

import argparse
import base64
import hashlib
import json
import subprocess
import tempfile


def H(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()


def b64u(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def record_root(lines: list[bytes]) -> bytes:
    """The RFC 6962 root over the record lines."""
    if len(lines) == 1:
        return H(b"\0" + lines[0])
    split = 1 << (len(lines) - 1).bit_length() - 1
    return H(b"\1" + record_root(lines[:split]) + record_root(lines[split:]))


def includes(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    """RFC 9162, section 2.1.3.2."""
    if index >= size:
        return False
    fn, sn, r = index, size - 1, H(b"\0" + leaf)
    for p in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = H(b"\1" + p + r)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            r = H(b"\1" + r + p)
        fn >>= 1
        sn >>= 1
    return sn == 0 and r == root


def check_note(note: str, verifier: str) -> tuple[int, bytes]:
    """Checks the signature of a C2SP checkpoint; gives the tree's size and root."""
    name, key_id, key = verifier.strip().split("+", 2)
    raw = base64.b64decode(key)
    assert raw[:1] == b"\1", "an Ed25519 key"
    text, signatures = note.split("\n\n", 1)
    text += "\n"
    origin, size, root = text.split("\n")[:3]
    assert origin == name, "the checkpoint is of this log"
    expected = bytes.fromhex(key_id)
    assert H(name.encode() + b"\n" + raw)[:4] == expected, "the verifier key names itself"
    for line in signatures.splitlines():
        mark, signer, value = line.split(" ")
        blob = base64.b64decode(value)
        if mark == "\u2014" and signer == name and blob[:4] == expected:
            verify_ed25519(raw[1:], text.encode(), blob[4:])
            return int(size), base64.b64decode(root)
    raise SystemExit("the checkpoint has no signature of this log")


def verify_ed25519(public: bytes, message: bytes, signature: bytes) -> None:
    der = bytes.fromhex("302a300506032b6570032100") + public
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (("key", der), ("message", message), ("signature", signature)):
            with open(f"{folder}/{name}", "wb") as out:
                out.write(content)
        subprocess.run(
            ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", f"{folder}/key",
             "-rawin", "-in", f"{folder}/message", "-sigfile", f"{folder}/signature"],
            check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("receipt", "body", "log-key"):
        parser.add_argument(f"--{name}", required=True)
    args = parser.parse_args()
    receipt = json.load(open(args.receipt))
    manifest, body = open(args.body, "rb").read().split(b"\n", 1)

    # 1. The leaf holds my manifest, byte for byte. 2. Its record root is the tree over my lines.
    leaf = b64u(receipt["leaf"])
    prefix, kind, facts = leaf.split(b"\n", 2)
    facts = json.loads(facts)
    assert (prefix, kind) == (b"chayan/v1", b"batch"), "a batch leaf"
    assert facts["manifest"] == manifest.decode(), "my manifest"
    lines = body.rstrip(b"\n").split(b"\n")
    assert facts["count"] == len(lines), "all my records"
    assert b64u(facts["records"]) == record_root(lines), "the tree over my lines"

    # 3. The path leads to the root. 4. The log signed the root.
    proof, note = receipt["proof"].split("\n\n", 1)
    head, *rest = proof.split("\n")
    assert head == "c2sp.org/tlog-proof@v1", "a tlog-proof"
    rest = [line for line in rest if not line.startswith("extra ")]
    index = int(rest[0].removeprefix("index "))
    path = [base64.b64decode(line) for line in rest[1:]]
    size, root = check_note(note, open(args.log_key).read())
    assert includes(leaf, index, size, path, root), "the path leads to the root"
    print(f"the receipt holds: leaf {index} of {size}, {len(lines)} records")


if __name__ == "__main__":
    main()
