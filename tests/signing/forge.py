"""Signs anything a template says, with xmlsec: odd but mathematically right signatures.

forged(b"<letter/>", template(reference(transforms=[ENVELOPED, XSLT])), by=agency())
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable

import xmlsec
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from signing.algorithms import DS as DS_NAMESPACE
from signing.algorithms import ECDSA_SHA256, ENVELOPED, EXCLUSIVE, SHA256, XADES, XPATH
from tests.pki import Identity

XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"
BASE64 = "http://www.w3.org/2000/09/xmldsig#base64"
XPATH_FILTER2 = "http://www.w3.org/2002/06/xmldsig-filter2"
SHA1 = "http://www.w3.org/2000/09/xmldsig#sha1"
RSA_SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
HMAC_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"

DEFAULT_TRANSFORMS = (ENVELOPED, EXCLUSIVE)


def transform(algorithm: str, inside: str = "") -> str:
    return f'<ds:Transform Algorithm="{algorithm}">{inside}</ds:Transform>'


def xpath(expression: str, declare: str = f'xmlns:ds="{DS_NAMESPACE}"') -> str:
    return transform(XPATH, f"<ds:XPath {declare}>{expression}</ds:XPath>")


def reference(
    uri: str | None = "",
    transforms: Iterable[str] = DEFAULT_TRANSFORMS,
    *,
    digest: str = SHA256,
    kind: str = "",
    value: str = "",
) -> str:
    """A Reference; each transform is an algorithm or a whole element. `value` is filled in when signing."""
    inside = "".join(each if each.startswith("<") else transform(each) for each in transforms)
    return (
        "<ds:Reference"
        + (f' URI="{uri}"' if uri is not None else "")
        + (f' Type="{kind}"' if kind else "")
        + ">"
        + (f"<ds:Transforms>{inside}</ds:Transforms>" if inside else "")
        + f'<ds:DigestMethod Algorithm="{digest}"/><ds:DigestValue>{value}</ds:DigestValue></ds:Reference>'
    )


def template(
    *references: str,
    form: str = EXCLUSIVE,
    form_inside: str = "",
    method: str = ECDSA_SHA256,
    method_inside: str = "",
    key_info: str = "{certificate}",
    objects: str = "",
    attributes: str = "",
) -> str:
    """A signature to be: `{certificate}` in `key_info` becomes an X509Data with the signer's certificate."""
    return (
        f'<ds:Signature xmlns:ds="{DS_NAMESPACE}"{attributes}><ds:SignedInfo>'
        f'<ds:CanonicalizationMethod Algorithm="{form}">{form_inside}</ds:CanonicalizationMethod>'
        f'<ds:SignatureMethod Algorithm="{method}">{method_inside}</ds:SignatureMethod>'
        f"{''.join(references or [reference()])}</ds:SignedInfo><ds:SignatureValue/>"
        f"<ds:KeyInfo>{key_info}</ds:KeyInfo>{objects}</ds:Signature>"
    )


def certificate_of(identity: Identity) -> str:
    encoded = base64.b64encode(identity.certificate.public_bytes(Encoding.DER)).decode()
    return f"<ds:X509Data><ds:X509Certificate>{encoded}</ds:X509Certificate></ds:X509Data>"


def properties(inside: str, identifier: str = "props") -> str:
    return (
        f'<ds:Object><xades:QualifyingProperties xmlns:xades="{XADES}">'
        f'<xades:SignedProperties Id="{identifier}">'
        f"<xades:SignedSignatureProperties>{inside}</xades:SignedSignatureProperties></xades:SignedProperties>"
        "</xades:QualifyingProperties></ds:Object>"
    )


def forged(document: bytes, signature: str, *, by: Identity, into: str = ".") -> bytes:
    """Puts `signature` last into the element at the XPath `into` and signs as it asks to."""
    root = etree.fromstring(document)
    (parent,) = root.xpath(into)
    parent.append(etree.Element("signature-here"))
    # As text: lxml would drop declarations that only an XPath inside the signature uses.
    text = signature.replace("{certificate}", certificate_of(by)).encode()
    unsigned = etree.tostring(root.getroottree())
    place = re.search(rb"<signature-here[^>]*>", unsigned)
    assert place is not None
    root = etree.fromstring(unsigned[: place.start()] + text + unsigned[place.end() :])
    (element,) = root.iter(f"{{{DS_NAMESPACE}}}Signature")
    xmlsec.tree.add_ids(root, ["Id", "ID", "id"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(by.key_pem(), xmlsec.constants.KeyDataFormatPem)
    context.sign(element)
    return etree.tostring(root.getroottree())


def right_by_xmlsec(document: bytes, *, by: Identity) -> bool:
    """Tells whether xmlsec finds the first signature of `document` right, under the key of `by`."""
    root = etree.fromstring(document)
    element = next(root.iter(f"{{{DS_NAMESPACE}}}Signature"))
    xmlsec.tree.add_ids(root, ["Id", "ID", "id"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(
        by.certificate.public_bytes(Encoding.PEM), xmlsec.constants.KeyDataFormatCertPem
    )
    try:
        context.verify(element)
    except (xmlsec.Error, xmlsec.VerificationError):
        return False
    return True
