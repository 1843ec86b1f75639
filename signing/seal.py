"""Seals: XAdES-BASELINE-B, enveloped (ETSI EN 319 132-1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from signing.keys import Signer


class SealError(Exception):
    """The document cannot be sealed as it is: already signed, or without the place for a signature."""


def seal(
    document: bytes,
    *,
    signer: Signer,
    at: datetime,
    place: str = "",
    detached: Mapping[str, str] | None = None,
) -> bytes:
    """Returns `document` with an enveloped signature, ready to be sent as these very bytes.

    One `ds:Reference URI=""` (enveloped-signature, exclusive c14n) covers everything but the signature; one reference
    covers the XAdES SignedProperties; `detached` adds one reference each, URI -> SHA-256 in hex, without transforms.

    `place` names where the signature goes, as a path of expanded names from the root, such as
    `{ns}edXMLEnvelope/{ns}edXMLHeader`; empty means last in the root. The text outside the signature stays as it was.
    Raises `SealError`, `Malformed`.
    """
    raise NotImplementedError
