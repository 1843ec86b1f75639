"""The strict gate before any mathematics: what a `ds:Signature` may look like, and what it claims to cover.

Reads the one signature of a tree into plain nouns (XML Signature 1.1, clauses 4 and 6). What has no meaning
here is refused, whether it could do harm or not; nothing is fetched, transformed or believed.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lxml import etree

from signing.algorithms import (
    DIGESTS,
    DS,
    ENVELOPED,
    EXCLUSIVE,
    SCHEMES,
    XADES,
    XPATH,
    Scheme,
)
from signing.canonical import FORMS, Form
from signing.verdict import Reason

_SIGNATURE = f"{{{DS}}}Signature"
_SIGNED_INFO = f"{{{DS}}}SignedInfo"
_OBJECT = f"{{{DS}}}Object"
_QUALIFYING = f"{{{XADES}}}QualifyingProperties"
MAX_DETACHED = 1_000
"""Attachments that one signature may cover."""
_MAX_PREFIXES = 64
DETACHED_SCHEMES = ("cid:", "ni:")
"""What a detached reference may name: an attachment of the package, or bytes by their digest."""
_WHOLE_DOCUMENT = ("", "#xpointer(/)")
_NOT_THE_SIGNATURE = re.compile(
    r"\s*not\s*\(\s*ancestor-or-self\s*::\s*(?P<prefix>[^\W\d][\w.-]*):Signature\s*\)\s*"
)
_NCNAME = re.compile(r"[^\W\d][\w.-]*")
_XML_SPACE = re.compile(r"[ \t\r\n]+")
_IDS = ("Id", "ID", "id")
_IS_ID = " or ".join(f"local-name()='{name}'" for name in _IDS)
_identifiers = etree.XPath(f"//@*[{_IS_ID}]", smart_strings=False)


class Breach(Exception):
    """The signature cannot be relied on; becomes a `Refused`."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A `ds:Reference`: what it covers, how that becomes bytes, and their digest."""

    uri: str
    form: Form | None
    """Canonical form named by the transforms; None when none is."""
    takes_signature_out: bool
    digest: str
    """As in `signing.algorithms.DIGESTS`."""
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """A signature that passed the gate."""

    signature: etree._Element
    signed_info: etree._Element
    form: Form
    """Canonical form of SignedInfo."""
    scheme: Scheme
    value: bytes
    document: Reference
    own: tuple[tuple[Reference, etree._Element], ...]
    """References over parts of the signature itself (SignedProperties, KeyInfo, ...), and those parts."""
    detached: tuple[Reference, ...]
    signed_properties: etree._Element | None
    """Covered by one of `own`."""
    key_info: etree._Element | None


def read_structure(root: etree._Element) -> Structure:
    """Finds the one signature below `root` and reads it. Raises `Breach`."""
    signature = the_signature(root)
    if next(signature.iter(etree.Comment, etree.ProcessingInstruction), None) is not None:
        raise _malformed("comments or processing instructions inside the signature")
    signed_info, value, key_info, objects = _parts(root, signature)
    _require_unique_identifiers(root)
    method, canonicalization, *references = _children_of_signed_info(signed_info)
    form = _form(canonicalization)
    signed_properties = _signed_properties(objects)
    document, own, detached = _sorted_references(
        [_reference(each) for each in references], root, _referable(key_info, objects, signed_properties)
    )
    if signed_properties is not None and not any(part is signed_properties for _, part in own):
        raise _malformed("the signature does not cover its SignedProperties")
    return Structure(
        signature=signature,
        signed_info=signed_info,
        form=form,
        scheme=_scheme(method),
        value=base64_of(value),
        document=document,
        own=own,
        detached=detached,
        signed_properties=signed_properties,
        key_info=key_info,
    )


def base64_of(element: etree._Element) -> bytes:
    """Returns what an element holds in base64, which may be broken into lines. Raises `Breach`."""
    if len(element):
        raise _malformed("an element where base64 should be")
    text = element.text or ""
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        pass  # Broken into lines, or malformed.
    try:
        return binascii.a2b_base64(_XML_SPACE.sub("", text), strict_mode=True)
    except ValueError as error:
        raise _malformed("malformed base64") from error


def digest_method(element: etree._Element) -> str:
    """Returns the digest that a `ds:DigestMethod` names, as in `DIGESTS`. Raises `Breach`."""
    name = DIGESTS.get(element.get("Algorithm", ""))
    if name is None or len(element):
        raise Breach(Reason.ALGORITHM_FORBIDDEN, "a digest algorithm that is not accepted")
    return name


def children(element: etree._Element, *names: str) -> Sequence[etree._Element]:
    """Returns the children, which must be the elements `names` in this order. Raises `Breach`."""
    found = list(element)
    if [child.tag for child in found] != list(names):
        raise _malformed(f"{_local(element.tag)} does not hold what it should")
    return found


def _malformed(detail: str) -> Breach:
    return Breach(Reason.SIGNATURE_MALFORMED, detail)


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _ds(name: str) -> str:
    return f"{{{DS}}}{name}"


def take_out(signature: etree._Element) -> None:
    """Takes a signature out of its tree as the enveloped-signature transform does: the text behind it
    stays."""
    parent = signature.getparent()
    assert parent is not None
    if signature.tail:
        previous = signature.getprevious()
        if previous is None:
            parent.text = (parent.text or "") + signature.tail
        else:
            previous.tail = (previous.tail or "") + signature.tail
    parent.remove(signature)


def the_signature(root: etree._Element) -> etree._Element:
    """Returns the one signature below `root`. Raises `Breach`."""
    found = root.iter(_SIGNATURE)
    signature = next(found, None)
    if signature is None:
        namespace = etree.QName(root).namespace
        if namespace is not None and next(root.iter(f"{{{namespace}}}Signature"), None) is not None:
            raise Breach(
                Reason.PSEUDO_SIGNATURE,
                "an element named Signature that is no XML signature stands in its place",
            )
        raise Breach(Reason.UNSIGNED, "no XML signature")
    if next(found, None) is not None:
        raise Breach(Reason.MULTIPLE_SIGNATURES, "more than one XML signature")
    if signature is root:
        raise Breach(
            Reason.PARTIAL_SIGNATURE, "the signature is the root: it envelops, and covers no document"
        )
    return signature


def _parts(
    root: etree._Element, signature: etree._Element
) -> tuple[etree._Element, etree._Element, etree._Element | None, list[etree._Element]]:
    """SignedInfo, SignatureValue, KeyInfo?, Object* of a signature, in the order of its schema."""
    parts = list(signature)
    tags = [part.tag for part in parts]
    if tags[:2] != [_SIGNED_INFO, _ds("SignatureValue")]:
        raise _malformed("SignedInfo and SignatureValue are not the first of the signature")
    has_key = tags[2:3] == [_ds("KeyInfo")]
    objects = parts[3 if has_key else 2 :]
    if any(each.tag != _OBJECT for each in objects):
        raise _malformed("something unknown in the signature")
    signed_infos = root.iter(_SIGNED_INFO)
    if next(signed_infos) is not parts[0] or next(signed_infos, None) is not None:
        raise _malformed("more than one SignedInfo")
    return parts[0], parts[1], parts[2] if has_key else None, objects


def _require_unique_identifiers(root: etree._Element) -> None:
    """Refuses a value that two attributes which may be IDs (Id, ID, id, in any namespace) have: two readers
    could take two elements for the one signed."""
    values = _identifiers(root)
    assert isinstance(values, list)
    if len(set(values)) != len(values):
        raise Breach(Reason.DUPLICATE_ID, "two elements with the same ID")


def _children_of_signed_info(signed_info: etree._Element) -> list[etree._Element]:
    """SignatureMethod, CanonicalizationMethod, then one Reference or more."""
    found = list(signed_info)
    tags = [child.tag for child in found]
    if tags[:2] != [_ds("CanonicalizationMethod"), _ds("SignatureMethod")] or len(found) < 3:
        raise _malformed("SignedInfo does not hold what it should")
    if any(tag != _ds("Reference") for tag in tags[2:]):
        raise _malformed("SignedInfo does not hold what it should")
    if len(found) > MAX_DETACHED + 8:
        raise _malformed(f"more than {MAX_DETACHED} references")
    return [found[1], found[0], *found[2:]]


def _scheme(method: etree._Element) -> Scheme:
    scheme = SCHEMES.get(method.get("Algorithm", ""))
    if scheme is None or len(method):
        raise Breach(Reason.ALGORITHM_FORBIDDEN, "a signature algorithm that is not accepted")
    return scheme


def _form(element: etree._Element) -> Form:
    """The canonical form that a CanonicalizationMethod or a Transform names."""
    form = FORMS.get(element.get("Algorithm", ""))
    if form is None:
        raise Breach(Reason.TRANSFORM_FORBIDDEN, "a canonicalisation that is not accepted")
    inside = list(element)
    if not inside:
        return form
    if not form.exclusive or [child.tag for child in inside] != [f"{{{EXCLUSIVE}}}InclusiveNamespaces"]:
        raise Breach(Reason.TRANSFORM_FORBIDDEN, "unknown parameters of a canonicalisation")
    prefixes = tuple(inside[0].get("PrefixList", "").split())
    # `#default` does not reach libxml2 through lxml: refused rather than left out.
    if len(prefixes) > _MAX_PREFIXES or not all(_NCNAME.fullmatch(each) for each in prefixes):
        raise Breach(Reason.TRANSFORM_FORBIDDEN, "an odd list of inclusive namespaces")
    return replace(form, prefixes=prefixes)


def _reference(element: etree._Element) -> Reference:
    uri = element.get("URI")
    if uri is None:
        raise Breach(Reason.REFERENCE_FORBIDDEN, "a reference without URI")
    inside = list(element)
    form, takes_signature_out = None, False
    if inside and inside[0].tag == _ds("Transforms"):
        form, takes_signature_out = _transforms(inside.pop(0))
    if [child.tag for child in inside] != [_ds("DigestMethod"), _ds("DigestValue")]:
        raise _malformed("a Reference does not hold what it should")
    return Reference(
        uri=uri,
        form=form,
        takes_signature_out=takes_signature_out,
        digest=digest_method(inside[0]),
        value=base64_of(inside[1]),
    )


def _transforms(element: etree._Element) -> tuple[Form | None, bool]:
    """Takes the signature out (in one of its two spellings, or both), then at most one canonicalisation."""
    seen: set[str] = set()
    form: Form | None = None
    for transform in element:
        algorithm = transform.get("Algorithm", "")
        if transform.tag != _ds("Transform"):
            raise _malformed("Transforms does not hold what it should")
        if form is not None or algorithm in seen:
            raise Breach(Reason.TRANSFORM_FORBIDDEN, "transforms that are not accepted together")
        if algorithm == XPATH:
            _require_not_the_signature(transform)
        elif algorithm == ENVELOPED:
            if len(transform):
                raise Breach(Reason.TRANSFORM_FORBIDDEN, "unknown parameters of a transform")
        elif algorithm in FORMS:
            form = _form(transform)
        else:
            raise Breach(Reason.TRANSFORM_FORBIDDEN, "a transform that is not accepted")
        seen.add(algorithm)
    return form, ENVELOPED in seen or XPATH in seen


def _require_not_the_signature(transform: etree._Element) -> None:
    """The one XPath accepted: `not(ancestor-or-self::ds:Signature)`. With one signature it is what enveloped
    is."""
    (expression,) = children(transform, _ds("XPath"))
    match = _NOT_THE_SIGNATURE.fullmatch(expression.text or "")
    if len(expression) or match is None or expression.nsmap.get(match["prefix"]) != DS:
        raise Breach(Reason.TRANSFORM_FORBIDDEN, "an XPath that is not accepted")


def _signed_properties(objects: Sequence[etree._Element]) -> etree._Element | None:
    """The XAdES SignedProperties. Objects may hold nothing but qualifying or signature properties."""
    inside = [child for each in objects for child in each]
    if any(child.tag not in (_QUALIFYING, _ds("SignatureProperties")) for child in inside):
        raise _malformed("an Object with something else than properties")
    qualifying = [child for child in inside if child.tag == _QUALIFYING]
    if len(qualifying) > 1:
        raise _malformed("more than one QualifyingProperties")
    found = list(_found(qualifying, f"{{{XADES}}}SignedProperties"))
    if len(found) > 1:
        raise _malformed("more than one SignedProperties")
    return found[0] if found else None


def _found(elements: Sequence[etree._Element], name: str) -> Iterator[etree._Element]:
    return (child for element in elements for child in element.iter(name))


def _referable(
    key_info: etree._Element | None,
    objects: Sequence[etree._Element],
    signed_properties: etree._Element | None,
) -> dict[str, etree._Element]:
    """The parts of the signature that one of its references may cover, by `#id`."""
    parts = [*objects, *(child for each in objects for child in each)]
    parts += [each for each in (key_info, signed_properties) if each is not None]
    return {f"#{identifier}": part for part in parts if (identifier := part.get("Id"))}


def _sorted_references(
    references: Sequence[Reference], root: etree._Element, referable: Mapping[str, etree._Element]
) -> tuple[Reference, tuple[tuple[Reference, etree._Element], ...], tuple[Reference, ...]]:
    """The reference over the document, those over parts of the signature itself, and the detached ones."""
    own_ids = (str(value) for name, value in root.items() if _local(str(name)) in _IDS and value)
    whole = {*_WHOLE_DOCUMENT, *(f"#{value}" for value in own_ids)}
    documents: list[Reference] = []
    own: list[tuple[Reference, etree._Element]] = []
    detached: list[Reference] = []
    others: list[Reference] = []
    for each in references:
        if each.uri in whole:
            documents.append(each)
        elif each.uri in referable:
            own.append((each, referable[each.uri]))
        else:
            (detached if each.uri.startswith(DETACHED_SCHEMES) else others).append(each)
    if not documents and all(each.uri.startswith("#") for each in others):
        raise Breach(Reason.PARTIAL_SIGNATURE, "the signature does not cover the whole document")
    if others or not documents:
        raise Breach(Reason.REFERENCE_FORBIDDEN, "a reference to something that may not be signed here")
    if len({each.uri for each in references}) != len(references) or len(documents) != 1:
        raise Breach(Reason.REFERENCE_FORBIDDEN, "two references over the same")
    if not documents[0].takes_signature_out:
        raise Breach(Reason.TRANSFORM_FORBIDDEN, "the document's reference does not take the signature out")
    if any(each.takes_signature_out for each, _ in own):
        raise Breach(Reason.TRANSFORM_FORBIDDEN, "a transform that a part of the signature does not have")
    for each in detached:
        _check_detached(each)
    return documents[0], tuple(own), tuple(detached)


def _check_detached(reference: Reference) -> None:
    """The bytes as they are, by SHA-256: what the archive knows them by."""
    if reference.form is not None or reference.takes_signature_out:
        raise Breach(Reason.TRANSFORM_FORBIDDEN, "a detached reference with transforms")
    if reference.digest != "sha256":
        raise Breach(Reason.ALGORITHM_FORBIDDEN, "a detached reference by another digest than SHA-256")
