"""What the engines are given: every kind of document, by every kind of key, with and without attachments."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from signing.dispatch import ni_uri
from tests.signing.stage import PLAIN, SAMPLES, agency, sealed

ATTACHMENT = b"%PDF-1.7 \x00\xff attachment\n"
SHA256 = hashlib.sha256(ATTACHMENT).hexdigest()
DETACHED = {"cid:attachment": SHA256}
BY_DIGEST = {ni_uri(SHA256): SHA256}
KEYS = ("p256", "p384", "p521", "rsa2048", "rsa3072")
NESTED = (
    b'<!-- a --><?b c?><a xmlns="urn:a" xmlns:p="urn:p" xml:lang="vi">'
    b'<p:b p:c="&#10;&lt;"> x <!-- y --></p:b></a>\n'
)


def lay_out(directory: Path) -> None:
    """Puts the attachment where a `cid:` or `ni:` reference is looked for: beside the document."""
    for uri in (*DETACHED, *BY_DIGEST):
        (directory / uri.replace("cid:", "").replace("ni:///sha-256;", "")).write_bytes(ATTACHMENT)


def seals() -> Mapping[str, bytes]:
    """Seals of this project, by a name that says what they are."""
    done = {f"package-{key}": sealed(by=agency(key)) for key in KEYS}
    done |= {f"plain-{key}": sealed(PLAIN, by=agency(key)) for key in KEYS}
    done |= {f"detached-{key}": sealed(by=agency(key), detached=DETACHED) for key in KEYS}
    done["nested"] = sealed(NESTED)
    done["utf16"] = sealed('<?xml version="1.0" encoding="UTF-16"?><a>Kính gửi</a>'.encode("utf-16"))
    done["by-digest"] = sealed(PLAIN, detached=BY_DIGEST)
    done["dotnet"] = sealed((SAMPLES / "package-dotnet-style.edxml").read_bytes())
    return done
