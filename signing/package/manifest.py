"""ASiCManifest (ETSI EN 319 162-1, clause A.4): every file of a package with its SHA-256.

Written in one form, one file a line, so that `cat` and a shell's `case` can hold a file against it; read in
that form alone.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping

from signing.algorithms import DS, SHA256
from signing.package.layout import SEAL, media_type
from signing.package.opening import NotPackage
from signing.reasons import Reason

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    f'<asic:ASiCManifest xmlns:asic="http://uri.etsi.org/02918/v1.2.1#" xmlns:ds="{DS}">\n'
    f'<asic:SigReference MimeType="application/pkcs7-signature" URI="{SEAL}"></asic:SigReference>\n'
)
_TAIL = "</asic:ASiCManifest>\n"
_LINE = re.compile(
    r'<asic:DataObjectReference MimeType="[^"]+" URI="([^"]+)">.*<ds:DigestValue>([^<]{44})<.*'
)


def write_manifest(digests: Mapping[str, str]) -> bytes:
    """Returns the manifest over `digests`: name -> SHA-256 in hex, in their order."""
    return (_HEAD + "".join(_line(name, digest) for name, digest in digests.items()) + _TAIL).encode()


def read_manifest(content: bytes) -> Mapping[str, str]:
    """Returns what `write_manifest` was given. Raises `NotPackage`."""
    digests: dict[str, str] = {}
    try:
        for line in content.decode("ascii").split("\n")[3:-2]:
            found = _LINE.fullmatch(line)
            if found is None:
                raise ValueError("another line")
            digests[found[1]] = b64decode(found[2], validate=True).hex()
    except ValueError as exc:
        raise NotPackage(Reason.PACKAGE_MANIFEST_MALFORMED, "a line of another form") from exc
    if write_manifest(digests) != content:
        raise NotPackage(Reason.PACKAGE_MANIFEST_MALFORMED, "another form, or a file listed twice")
    return digests


def _line(name: str, digest: str) -> str:
    value = b64encode(bytes.fromhex(digest)).decode()
    return (
        f'<asic:DataObjectReference MimeType="{media_type(name)}" URI="{name}">'
        f'<ds:DigestMethod Algorithm="{SHA256}"></ds:DigestMethod>'
        f"<ds:DigestValue>{value}</ds:DigestValue></asic:DataObjectReference>\n"
    )
