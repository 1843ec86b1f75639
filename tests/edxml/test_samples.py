"""Every sample, read to what it says; kinds and statuses, both producer styles."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

import edxml
from edxml.attachments import Kind, kind_of, unwrap
from edxml.model import (
    Bussiness,
    Code,
    Organ,
    OtherInfo,
    Package,
    Receiver,
    Replacement,
    ResponseFor,
    StaffInfo,
    TraceHeader,
)
from signing.parser import parse
from tests.edxml.build import SAMPLES, codes, read, read_package, read_status, sample

MINISTRY = Organ(
    organ_id="000.00.00.G90",
    organization_in_charge="Bộ Mẫu",
    organ_name="Bộ Mẫu",
    organ_add="Số 1 phố Thử Nghiệm, Hà Nội",
    email="vanthu@bomau.example",
    telephone="024 0000 0000",
    website="example",
)
PROVINCE = Organ(
    organ_id="000.00.00.H90",
    organization_in_charge="UBND tỉnh Ví Dụ",
    organ_name="UBND tỉnh Ví Dụ",
    organ_add="Số 2 đường Minh Họa, thành phố Ví Dụ",
    email="vanthu@vidu.example",
    telephone="024 0000 0000",
    website="example",
)
DEPARTMENT = Organ(
    organ_id="H91.01",
    organization_in_charge="Sở Nội vụ tỉnh Giả Định",
    organ_name="Sở Nội vụ tỉnh Giả Định",
    organ_add="Số 3 đường Giả Định",
    email="vanthu@giadinh.example",
    telephone="024 0000 0000",
    website="example",
)
CLERK = StaffInfo(
    department="Văn thư", staff="Lê Văn Mẫu", mobile="84900000000", email="vanthu@bomau.example"
)
ORIGINAL = "000.00.00.G90,2026/03/02,7816/BM-VP"


def test_a_new_document_of_a_java_producer_is_read_in_full() -> None:
    package = read_package(sample("package-new"))
    (attached,) = package.attachments
    assert replace(package, attachments=()) == Package(
        sender=MINISTRY,
        recipients=(PROVINCE, DEPARTMENT),
        document_id=ORIGINAL,
        code=Code(number="7816", notation="BM-VP"),
        subject="V/v chuẩn bị số liệu báo cáo quý I năm 2026",
        place="Hà Nội",
        promulgation_date="2026/03/02",
        type="18",
        type_detail="0",
        type_name="Công văn",
        content="V/v chuẩn bị số liệu báo cáo quý I năm 2026",
        signer_competence="TL. BỘ TRƯỞNG",
        signer_position="Chánh Văn phòng",
        signer_full_name="Trần Thị Thí Dụ",
        due_date="2026/03/20",
        to_places=("Như trên", "Lưu: VT"),
        other=OtherInfo(
            priority="1",
            sphere_of_promulgation="Liên thông văn bản quốc gia",
            typer_notation="TVD",
            promulgation_amount="2",
            page_amount="1",
            appendixes=("Biểu mẫu số liệu",),
            direction="false",
        ),
        steering_type="2",
        bussiness=Bussiness(
            doc_type="0", reason="Văn bản điện tử mới", document_id=ORIGINAL, paper="0", staff=CLERK
        ),
        trace=(TraceHeader(organ_id="000.00.00.G90", timestamp="2026/03/02 09:30:00"),),
    )
    assert (package.kind, package.priority) == (0, 1)
    assert (package.promulgated, package.due) == (date(2026, 3, 2), date(2026, 3, 20))
    assert (attached.content_id, attached.name) == ("209", "Công văn số 7816.pdf")
    assert attached.content is not None
    assert kind_of(attached.content) is Kind.ZIP
    unwrapped = unwrap(attached)
    assert unwrapped.entry == "0c0ffee0-0000-4000-8000-000000000000.pdf"
    assert len(unwrapped.content) == 595
    assert kind_of(unwrapped.content) is Kind.PDF


def test_a_document_of_a_dotnet_producer_is_read_in_full() -> None:
    package = read_package(sample("package-dotnet-style"))
    assert package.sender == PROVINCE
    assert package.recipients == (MINISTRY,)
    assert package.document_id == "000.00.00.H90,2026/03/03,15/TB-UBND"
    assert package.response_for == (
        ResponseFor(
            organ_id="000.00.00.G90",
            code="7816/BM-VP",
            promulgation_date="2026/03/02",
            document_id=ORIGINAL,
        ),
    )
    assert package.content == ""
    assert [extension.path for extension in package.extensions] == ["Boundary", "ContentId", "ContentType"]
    assert {each.name: each.value for each in package.attributes} == {
        "id": "3490sdo9",
        "version": "1.0",
        "mustUnderstand": "1",
        "actor": "http://schemas.xmlsoap.org/soap/actor/next",
    }
    raw, wrapped = package.attachments
    assert raw.content_id == "abf52b38-0000-4000-8000-000000000001"
    assert (raw.name, raw.description) == ("Thông báo lịch làm việc_signed.pdf", "Thông báo")
    assert raw.content is not None
    assert raw.content.startswith(b"%PDF-1.4")
    assert unwrap(raw).content == raw.content
    assert unwrap(wrapped).entry == "a.pdf"
    assert codes(package) == {"WRONG_CONTENT_TYPE"}


def test_a_revoke_package_has_a_reason_and_no_attachments() -> None:
    package = read_package(sample("package-revoke"))
    assert (package.kind, package.document_id, package.attachments) == (1, ORIGINAL, ())
    assert package.bussiness is not None
    assert package.bussiness.reason == "Thu hồi do sai nội dung"


def test_an_update_package_lists_whom_it_adds() -> None:
    package = read_package(sample("package-update"))
    assert package.kind == 2
    assert package.bussiness is not None
    assert package.bussiness.receivers == (Receiver(organ_id="H91.01", receiver_type="1"),)
    assert (package.bussiness.document_info, package.bussiness.document_receiver) == ("0", "1")


def test_a_replace_package_lists_what_it_replaces() -> None:
    package = read_package(sample("package-replace"))
    assert (package.kind, package.document_id) == (3, "000.00.00.G90,2026/03/02,7901/BM-VP")
    assert package.bussiness is not None
    assert package.bussiness.replacements == (
        Replacement(document_id=ORIGINAL, organ_ids=("000.00.00.H90", "H91.01")),
    )


DESCRIPTIONS = {
    "01": "Đã đến",
    "02": "Từ chối tiếp nhận: thiếu phụ lục",
    "03": "Đã tiếp nhận",
    "04": "Phân công",
    "05": "Đang xử lý",
    "06": "Hoàn thành",
    "13": "Đề nghị lấy lại do gửi nhầm nơi nhận",
    "15": "Đồng ý lấy lại",
    "16": "Từ chối lấy lại",
}


@pytest.mark.parametrize("code", DESCRIPTIONS)
def test_each_status_is_read_in_full(code: str) -> None:
    status = read_status(sample(f"status-{code}"))
    assert (status.status_code, status.description) == (code, DESCRIPTIONS[code])
    assert status.sender == (MINISTRY if code == "13" else PROVINCE)
    assert status.response_for == ResponseFor(
        organ_id="000.00.00.H90" if code == "13" else "000.00.00.G90",
        code="7816/BM-VP",
        promulgation_date="2026/03/02",
        document_id=ORIGINAL,
    )
    assert status.recipients == ()
    assert status.staff == replace(CLERK, email="vanthu@example")
    assert status.reported_at == datetime.fromisoformat("2026-03-02T10:15:00+07:00")
    assert status.reported_at.utcoffset() == timedelta(hours=7)
    assert status.warnings == ()


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.edxml")), ids=lambda path: path.stem)
def test_every_sample_survives_writing_and_reading(path: Path) -> None:
    document = read(path.read_bytes())
    written = edxml.write(document)
    assert edxml.read(parse(written)) == document
    assert edxml.write(edxml.read(parse(written))) == written
