"""Small packages for tests: written out, so that a test shows the bytes that it speaks of."""

from __future__ import annotations

import base64
import io
import zipfile
from pathlib import Path

import edxml
from edxml.model import NAMESPACE, Package, Status
from signing.parser import parse

SAMPLES = Path(__file__).parent.parent / "samples"


def sample(name: str) -> bytes:
    return (SAMPLES / f"{name}.edxml").read_bytes()


def read(data: bytes | str) -> Package | Status:
    return edxml.read(parse(data if isinstance(data, bytes) else data.encode()))


def read_package(data: bytes | str) -> Package:
    document = read(data)
    assert isinstance(document, Package)
    return document


def read_status(data: bytes | str) -> Status:
    document = read(data)
    assert isinstance(document, Status)
    return document


FROM = "<From><OrganId>G90</OrganId><OrganName>Bộ Mẫu</OrganName></From>"
TO = "<To><OrganId>H90</OrganId></To>"
CODE = "<Code><CodeNumber>7</CodeNumber><CodeNotation>BM</CodeNotation></Code>"
PROMULGATION = "<PromulgationInfo><PromulgationDate>2026/03/02</PromulgationDate></PromulgationInfo>"
MESSAGE = (
    f"{FROM}{TO}<DocumentId>G90,2026/03/02,7/BM</DocumentId>{CODE}{PROMULGATION}"
    "<Subject>V/v thử nghiệm</Subject><SteeringType>1</SteeringType>"
)
REPORT = (
    f"{FROM}<ResponseFor><OrganId>H90</OrganId><DocumentId>H90,2026/03/02,1/A</DocumentId></ResponseFor>"
    "<Timestamp>2026/03/02 10:15:00</Timestamp>"
)


def package(
    message: str = MESSAGE,
    *,
    trace: str = "",
    header: str = "",
    references: str = "",
    attachments: str = "",
    envelope: str = "",
    root: str = "",
) -> str:
    """A package in the default namespace, with more put in at the places named."""
    return (
        f'<edXML xmlns="{NAMESPACE}"><edXMLEnvelope><edXMLHeader><MessageHeader>{message}</MessageHeader>'
        f"<TraceHeaderList>{trace}</TraceHeaderList>{header}</edXMLHeader>"
        f'<edXMLBody><edXMLManifest version="1.0">{references}</edXMLManifest></edXMLBody>{envelope}'
        f"</edXMLEnvelope><AttachmentEncoded>{attachments}</AttachmentEncoded>{root}</edXML>"
    )


def status(code: str, *, message: str = REPORT, header: str = "", envelope: str = "", root: str = "") -> str:
    return (
        f'<edXML xmlns="{NAMESPACE}"><edXMLEnvelope><edXMLHeader><MessageHeader>{message}'
        f"<StatusCode>{code}</StatusCode></MessageHeader>{header}</edXMLHeader>{envelope}"
        f"</edXMLEnvelope>{root}</edXML>"
    )


def reference(content_id: str, name: str = "a.pdf", content_type: str = "application/pdf") -> str:
    return (
        f"<Reference><ContentId>{content_id}</ContentId><ContentType>{content_type}</ContentType>"
        f"<AttachmentName>{name}</AttachmentName></Reference>"
    )


def attachment(
    content_id: str,
    content: bytes | str = b"%PDF-1.4",
    name: str = "a.pdf",
    content_type: str = "application/pdf",
) -> str:
    """`content` as text is put in as it is, in place of base64."""
    text = content if isinstance(content, str) else base64.b64encode(content).decode()
    return (
        f"<Attachment><ContentId>{content_id}</ContentId><AttachmentName>{name}</AttachmentName>"
        f"<ContentType>{content_type}</ContentType><ContentTransferEncoded>{text}</ContentTransferEncoded>"
        "</Attachment>"
    )


def codes(document: Package | Status) -> set[str]:
    return {warning.code for warning in document.warnings}


def zipped(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return buffer.getvalue()
