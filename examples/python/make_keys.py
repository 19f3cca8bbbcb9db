"""Makes the two keys of a business system and prints what the department registers."""

import json
import os
import sys

from jwcrypto import jwk


def make(folder: str, purpose: str) -> dict:
    """A P-256 key in FOLDER/PURPOSE.jwk, readable by its owner only; gives the public half."""
    key = jwk.JWK.generate(kty="EC", crv="P-256")
    kid = f"{purpose[:4]}-{key.thumbprint()[:16]}".replace("_", "-")
    key = jwk.JWK(**{**key.export(as_dict=True), "kid": kid})
    path = os.path.join(folder, f"{purpose}.jwk")
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(key.export())
    return key.export_public(as_dict=True)


def main() -> None:
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    public = {purpose: make(folder, purpose) for purpose in ("authentication", "manifest")}
    print(json.dumps(public))


if __name__ == "__main__":
    main()
