"""Random packages and statuses, in the form that a reader gives: trimmed texts, no empty entries."""

from __future__ import annotations

import unicodedata

from hypothesis import strategies as st

from edxml import codes
from edxml.model import (
    NAMESPACE,
    Attachment,
    Bussiness,
    Code,
    Extension,
    ForeignAttribute,
    Organ,
    OtherInfo,
    Package,
    Receiver,
    Replacement,
    ResponseFor,
    StaffInfo,
    Status,
    TraceHeader,
)

_CHARACTERS = st.characters(
    codec="utf-8",
    exclude_categories=("Cs", "Cc"),
    include_characters="\t\r\n\x85",
    exclude_characters="\ufffe\uffff",
)
free = st.text(_CHARACTERS, max_size=12).map(lambda text: text.strip(" \t\r\n"))
_POOL = (
    "G90",
    "000.00.00.H90",
    "Công văn số 7816.pdf",
    unicodedata.normalize("NFD", "Phụ lục 1&2 <mẫu>"),
    "a\r\n\tb",
    ']]> "x" \u0301',
    "\u00a0 \u3000",
    "\x85\u2028",
    "<!-- & -->",
    "&amp;#13;",
    "𠮷",
    "2026/03/02",
    "0",
    "x" * 600,
)
words = st.sampled_from(_POOL)
texts = st.sampled_from(("", "", *_POOL))
many_words = st.lists(words, max_size=3).map(tuple)

organs = st.builds(
    Organ,
    organ_id=words,
    organ_name=texts,
    organization_in_charge=texts,
    organ_add=texts,
    email=texts,
    telephone=texts,
    fax=texts,
    website=texts,
)
named = st.builds(Organ, organ_id=words, organ_name=texts)
staff = st.none() | st.builds(StaffInfo, department=words, staff=texts, mobile=texts, email=texts)
responses = st.builds(ResponseFor, organ_id=texts, code=texts, promulgation_date=texts, document_id=words)
bussiness = st.none() | st.builds(
    Bussiness,
    doc_type=st.sampled_from(sorted(codes.KIND)),
    reason=texts,
    document_id=texts,
    paper=texts,
    document_info=texts,
    document_receiver=texts,
    receivers=st.lists(st.builds(Receiver, organ_id=words, receiver_type=texts), max_size=3).map(tuple),
    replacements=st.lists(st.builds(Replacement, document_id=words, organ_ids=many_words), max_size=2).map(
        tuple
    ),
    staff=staff,
)
others = st.builds(
    OtherInfo,
    priority=texts | st.sampled_from(sorted(codes.PRIORITY)),
    sphere_of_promulgation=texts,
    typer_notation=texts,
    promulgation_amount=texts,
    page_amount=texts,
    appendixes=many_words,
    direction=texts,
    reply_fors=many_words,
    reference_codes=many_words,
)
attachments = st.lists(
    st.builds(
        Attachment,
        content_id=free.filter(lambda text: text and text[:4].lower() != "cid:"),
        name=free,
        content_type=texts | st.sampled_from(["application/pdf", "application/zip"]),
        description=texts,
        content=st.none() | st.binary(max_size=40),
    ),
    max_size=3,
    unique_by=lambda attachment: attachment.content_id,
).map(tuple)

_HEADER = "edXMLEnvelope/edXMLHeader"
_PLACES = ("", "edXMLEnvelope", f"{_HEADER}/MessageHeader", f"{_HEADER}/MessageHeader/From")
_STRANGERS = (
    ("Stamp", f'<Stamp xmlns="{NAMESPACE}">dấu</Stamp>'),
    ("Note", '<v:Note xmlns:v="urn:vendor" kind="1">a<v:b></v:b>\n</v:Note>'),
    ("Plain", "<Plain>x &amp; y</Plain>"),
)


def _extensions(pairs: list[tuple[str, tuple[str, str]]]) -> tuple[Extension, ...]:
    found = [Extension(path=f"{place}/{name}".lstrip("/"), xml=xml.encode()) for place, (name, xml) in pairs]
    return tuple(sorted(found, key=lambda extension: extension.path))


def _attributes(named: dict[tuple[str, str], str]) -> tuple[ForeignAttribute, ...]:
    return tuple(
        ForeignAttribute(path=path, name=name, value=value) for (path, name), value in sorted(named.items())
    )


extensions = st.lists(st.tuples(st.sampled_from(_PLACES), st.sampled_from(_STRANGERS)), max_size=3).map(
    _extensions
)
attributes = st.dictionaries(
    st.tuples(
        st.sampled_from((*_PLACES, f"{_HEADER}/TraceHeaderList", f"{_HEADER}/MessageHeader/From/Fax")),
        st.sampled_from(
            ("actor", "{urn:vendor}mark", "{http://www.w3.org/XML/1998/namespace}lang", "{urn:a&b}x")
        ),
    ),
    texts,
    max_size=3,
).map(_attributes)

packages = st.builds(
    Package,
    sender=organs,
    recipients=st.lists(organs, max_size=3).map(tuple),
    document_id=words,
    code=st.builds(Code, number=texts, notation=texts),
    subject=free,
    place=texts,
    promulgation_date=texts | st.dates().map(lambda day: day.strftime("%Y/%m/%d")),
    type=texts,
    type_detail=texts,
    type_name=texts,
    content=texts,
    signer_competence=texts,
    signer_position=texts,
    signer_full_name=texts,
    due_date=texts,
    to_places=many_words,
    other=others,
    response_for=st.lists(responses, max_size=2).map(tuple),
    steering_type=texts,
    response_for_task=many_words,
    application_type=texts,
    bussiness=bussiness,
    trace=st.lists(st.builds(TraceHeader, organ_id=words, timestamp=texts), max_size=2).map(tuple),
)
whole_packages = st.builds(
    Package,
    sender=named,
    recipients=st.lists(named, min_size=1, max_size=2).map(tuple),
    document_id=words,
    code=st.just(Code(number="1", notation="A")),
    subject=free,
    bussiness=bussiness,
    attachments=attachments,
    extensions=extensions,
    attributes=attributes,
)
statuses = st.builds(
    Status,
    sender=named,
    response_for=responses,
    status_code=st.sampled_from(sorted(codes.STATUS)),
    description=free,
    timestamp=texts | st.datetimes().map(lambda time: time.strftime("%Y/%m/%d %H:%M:%S")),
    staff=staff,
    recipients=st.lists(named, max_size=2).map(tuple),
    extensions=extensions,
    attributes=attributes.map(
        lambda found: tuple(each for each in found if not each.path.endswith("TraceHeaderList"))
    ),
)
