"""A package of a document that was lawfully destroyed: its own verdict, and nothing else passes for it."""

from __future__ import annotations

import functools
import hashlib
import random
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from signing.dispatch import dispatch_id
from signing.package import Contents, Disposal, State, layout
from signing.reasons import Reason
from signing.seal import Sealer
from signing.statements.retention import (
    Approval,
    Destroyed,
    Destruction,
    Item,
    Order,
    write_approval,
    write_destruction,
    write_order,
)
from tests import bare_machine
from tests.pki import AT, Identity
from tests.signing.package import stage
from tests.signing.package.test_tampering import files_of, resealed
from tests.signing.timestamps import stage as time_stage

AUTHORITY = "000.00.00.K01"
ORDERED, ENDED = AT + timedelta(hours=7), AT + timedelta(hours=8)
ORIGINAL = stage.sha(stage.original())
DISPATCH = dispatch_id(stage.SENDER, ORIGINAL)


def sealer(of: Identity) -> Sealer:
    return Sealer(stage.signer(of))


def order(by: str = AUTHORITY, **changes: Any) -> bytes:
    item = Item(dispatch_id=DISPATCH, original=ORIGINAL, class_code="2", due=date(2026, 1, 1))
    whole = Order(
        axis_id="AXIS.TEST",
        agency_id=AUTHORITY,
        number="12/QĐ-LT",
        legal_basis="Luật Lưu trữ 2024",
        ordered_at=ORDERED,
        items=(item,),
    )
    return write_order(replace(whole, **changes), sealer(stage.identity(by)))


def approval(of: bytes) -> bytes:
    approved = Approval(
        axis_id="AXIS.TEST",
        agency_id=AUTHORITY,
        order=hashlib.sha256(of).hexdigest(),
        approved_at=ORDERED,
    )
    return write_approval(approved, sealer(stage.identity("000.00.00.K01 Người thứ hai")))


def destruction(of: bytes, by: Identity | None = None, **changes: Any) -> bytes:
    said = Destruction(
        identifier="id-1",
        issuer_id="AXIS.TEST",
        order=hashlib.sha256(of).hexdigest(),
        agency_id=AUTHORITY,
        accepted_at=ORDERED,
        ended_at=ENDED,
        documents=(Destroyed(dispatch_id=DISPATCH, original=ORIGINAL, removed=4, shared=0),),
    )
    return write_destruction(replace(said, **changes), sealer(by or stage.axis()))


@functools.cache
def the_order() -> bytes:
    return order()


@functools.cache
def proven() -> Disposal:
    ordered = the_order()
    return Disposal(
        original=ORIGINAL,
        order=ordered,
        approvals=(approval(ordered),),
        destruction=destruction(ordered),
    )


def disposal(**changes: Any) -> Disposal:
    if not changes:
        return proven()
    ordered = changes.get("order", the_order())
    whole: dict[str, Any] = {
        "original": ORIGINAL,
        "order": ordered,
        "approvals": (approval(ordered),),
        "destruction": destruction(ordered),
    }
    return Disposal(**(whole | changes))


def contents(**changes: Any) -> Contents:
    return stage.contents(original=b"", attachments=(), disposal=disposal(**changes))


def verdict(of: Contents) -> tuple[State, Reason]:
    found = stage.verified(stage.packed(of))
    return found.state, found.worst.reason


@pytest.fixture(scope="module")
def package() -> bytes:
    return stage.packed(contents())


def test_it_says_by_which_order_and_is_neither_sound_nor_altered(package: bytes) -> None:
    verified = stage.verified(package)
    assert (verified.state, verified.worst.reason) == (State.DESTROYED, Reason.DOCUMENT_DESTROYED)
    order_id = hashlib.sha256(the_order()).hexdigest()
    assert verified.worst.detail == f"12/QĐ-LT ({AUTHORITY}), {order_id}"
    assert {each.state for each in verified.findings} == {State.SOUND, State.DESTROYED}
    names = {each.name for each in verified.findings}
    assert {
        layout.ORDER,
        layout.approval(1),
        layout.DESTRUCTION,
        "evidence/00001-SubmissionAcceptance.xml",
    } <= names
    files = files_of(package)
    assert layout.ORIGINAL not in files
    assert stage.original() not in files.values()
    assert "đã hủy hợp pháp" in files[layout.PAGE].decode()
    assert package == stage.packed(contents())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (lambda: {"order": order(items=(other_item(),))}, Reason.DESTRUCTION_UNPROVEN),
        (lambda: {"destruction": destruction(order(number="13/QĐ-LT"))}, Reason.DESTRUCTION_UNPROVEN),
        (lambda: {"destruction": destruction(the_order(), documents=())}, Reason.DESTRUCTION_UNPROVEN),
        (
            lambda: {"destruction": destruction(the_order(), issuer_id="AXIS.OTHER")},
            Reason.DESTRUCTION_UNPROVEN,
        ),
        (lambda: {"destruction": destruction(the_order(), stage.identity("Liar"))}, Reason.NOT_ENTITLED),
        (lambda: {"order": order(axis_id="AXIS.OTHER")}, Reason.DESTRUCTION_UNPROVEN),
        (lambda: {"order": order().replace(b"12/Q", b"13/Q")}, Reason.DIGEST_MISMATCH),
        (lambda: {"approvals": (approval(order(number="13/QĐ-LT")),)}, Reason.DESTRUCTION_UNPROVEN),
        (lambda: {"original": stage.sha(b"another")}, Reason.PACKAGE_EVIDENCE_MISSING),
        (lambda: {"order": destruction(order())}, Reason.NOT_ENTITLED),
    ],
)
def test_what_does_not_prove_it_is_refused(changes: Any, reason: Reason) -> None:
    state, found = verdict(contents(**changes()))
    assert state is State.REFUSED
    assert found in (reason, Reason.DESTRUCTION_UNPROVEN, Reason.PACKAGE_FILE_MALFORMED)


def other_item() -> Item:
    return Item(dispatch_id=DISPATCH, original=stage.sha(b"another"), class_code="2", due=date(2026, 1, 1))


def test_leaving_the_document_out_of_a_package_is_no_destruction() -> None:
    whole = files_of(stage.packed())
    without = {name: content for name, content in whole.items() if name != layout.ORIGINAL}
    assert stage.verified(resealed(without)).worst.reason is Reason.PACKAGE_FILE_MISSING
    said = {**without, layout.DESTROYED: layout.destroyed(ORIGINAL)}
    assert stage.verified(resealed(said)).worst.reason is Reason.PACKAGE_FILE_MISSING


def test_a_document_and_its_destruction_do_not_stand_together(package: bytes) -> None:
    both = {**files_of(package), layout.ORIGINAL: stage.original()}
    assert stage.verified(resealed(both)).worst.reason is Reason.PACKAGE_FILE_ADDED
    ordered = {**files_of(stage.packed()), layout.ORDER: order()}
    assert stage.verified(resealed(ordered)).worst.reason is Reason.PACKAGE_FILE_ADDED


def test_no_byte_of_it_can_be_flipped(package: bytes) -> None:
    draw = random.Random(7)
    for place in draw.sample(range(len(package)), 200):
        flipped = package[:place] + bytes([package[place] ^ (1 << draw.randrange(8))]) + package[place + 1 :]
        assert stage.verified(flipped).state is State.REFUSED, place


def test_its_commands_hold_on_a_bare_machine_and_fail_for_another_order(
    package: bytes, tmp_path: Path
) -> None:
    (tmp_path / "x.asice").write_bytes(package)
    (tmp_path / "ca.pem").write_bytes(stage.root().certificate.public_bytes(stage.PEM))
    (tmp_path / "tsa.pem").write_bytes(time_stage.root().certificate.public_bytes(stage.PEM))
    room = bare_machine.unpacked(tmp_path / "x.asice", tmp_path / "package")
    given = {"LOG_KEY": stage.log_key().key.vkey}
    done = bare_machine.run("VERIFY.txt", cwd=room, given=given)
    assert (done.returncode, "EVERYTHING HOLDS" in done.stdout) == (0, True), done.stdout + done.stderr
    commands = (room / "VERIFY.txt").read_text(encoding="utf-8")
    functions = commands.partition("\n\n# 1. ")[0]
    about = "\n".join(line for line in commands.splitlines() if layout.DESTRUCTION in line and "case" in line)
    said = (room / layout.DESTRUCTION).read_text(encoding="utf-8")
    assert bare_machine.run("-c", f"{functions}\n{about}", cwd=room).returncode == 0
    for digest in (ORIGINAL, hashlib.sha256(the_order()).hexdigest()):
        (room / layout.DESTRUCTION).write_text(said.replace(digest, "0" * 64), encoding="utf-8")
        assert bare_machine.run("-c", f"{functions}\n{about}", cwd=room).returncode != 0
