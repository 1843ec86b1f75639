"""A package as plain values: stable, and ready for JSON."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from edxml.inspect import describe
from edxml.model import Attachment
from tests.edxml.build import SAMPLES, read, read_package, sample


def test_a_document_is_described() -> None:
    package = read_package(sample("package-dotnet-style"))
    found = json.loads(json.dumps(describe(package)))
    assert found["type"] == "document"
    assert found["kind"] == {"code": "0", "vietnamese": "văn bản mới", "english": "new"}
    assert found["priority"] == {"code": "0", "vietnamese": "thường", "english": "normal"}
    assert found["sender"] == {"organ_id": "000.00.00.H90", "form": "old", "organ_name": "UBND tỉnh Ví Dụ"}
    assert [each["organ_id"] for each in found["recipients"]] == ["000.00.00.G90"]
    assert (found["promulgation_date"], found["promulgated"]) == ("2026/03/03", "2026-03-03")
    assert (found["due_date"], found["due"]) == ("", None)
    content = package.attachments[1].content
    assert content is not None
    assert found["attachments"][1] == {
        "content_id": "abf52b38-0000-4000-8000-000000000002",
        "name": "Phụ lục.pdf",
        "description": "",
        "declared_type": "application/pdf",
        "kind": "zip",
        "size": 411,
        "sha256": hashlib.sha256(content).hexdigest(),
        "detached": False,
    }
    assert found["warnings"] == [
        {"code": "WRONG_CONTENT_TYPE", "detail": "Attachment 2 is not what its label says, but zip."}
    ]


def test_a_status_is_described() -> None:
    found = json.loads(json.dumps(describe(read(sample("status-02")))))
    assert found["type"] == "status"
    assert found["status"] == {"code": "02", "vietnamese": "từ chối tiếp nhận", "english": "refused"}
    assert found["description"] == "Từ chối tiếp nhận: thiếu phụ lục"
    assert found["response_for"]["document_id"] == "000.00.00.G90,2026/03/02,7816/BM-VP"
    assert found["reported_at"] == "2026-03-02T10:15:00+07:00"
    assert found["staff"]["staff"] == "Lê Văn Mẫu"


def test_replacements_and_changes_of_recipients_are_described() -> None:
    assert describe(read(sample("package-replace")))["replaces"] == [
        {"document_id": "000.00.00.G90,2026/03/02,7816/BM-VP", "organ_ids": ["000.00.00.H90", "H91.01"]}
    ]
    (added,) = json.loads(json.dumps(describe(read(sample("package-update")))["receivers"]))
    assert (added["organ_id"], added["change"]["english"]) == ("H91.01", "added")


def test_a_detached_attachment_has_no_digest_of_its_own() -> None:
    package = replace(
        read_package(sample("package-revoke")), attachments=(Attachment(content_id="1", name="a.pdf"),)
    )
    (found,) = json.loads(json.dumps(describe(package)["attachments"]))
    assert (found["kind"], found["size"], found["sha256"], found["detached"]) == (None, None, None, True)


def test_every_description_of_one_type_has_the_same_keys() -> None:
    keys: dict[object, set[str]] = {}
    for path in SAMPLES.glob("*.edxml"):
        found = describe(read(path.read_bytes()))
        assert keys.setdefault(found["type"], set(found)) == set(found)
    assert set(keys) == {"document", "status"}
