"""Where a certificate says that its revocation can be asked (RFC 5280 sections 4.2.1.13 and 4.2.2.1).

The addresses are the issuer's word at best and a stranger's at worst: whoever asks there keeps to bounds.
"""

from __future__ import annotations

from collections.abc import Iterable

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

_SCHEMES = ("http://", "https://")


def ocsp_places(certificate: x509.Certificate) -> tuple[str, ...]:
    """The http and https addresses of its OCSP responders, in order."""
    try:
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return ()
    return _http(
        each.access_location for each in access if each.access_method == AuthorityInformationAccessOID.OCSP
    )


def crl_places(certificate: x509.Certificate) -> tuple[str, ...]:
    """The http and https addresses of its revocation lists, in order."""
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return ()
    return _http(name for point in points for name in point.full_name or ())


def _http(names: Iterable[x509.GeneralName]) -> tuple[str, ...]:
    found = (name.value for name in names if isinstance(name, x509.UniformResourceIdentifier))
    return tuple(dict.fromkeys(each for each in found if each.lower().startswith(_SCHEMES)))
