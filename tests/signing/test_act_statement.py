"""What the axis says of an administrative act: it reads back, only an axis says it, strangers verify it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from signing.entitlement import EVIDENCE_SIGNING, entitled
from signing.seal import Sealer
from signing.statements.acts import ActStatement, Changed, read, read_unproven, write
from signing.trust import TrustStore
from signing.verdict import Reason, Refused, Sound
from signing.verify import verify
from tests.pki import AT
from tests.signing import stage
from tests.signing.interop.xmlsec1 import room, verifies

__all__ = ["room"]

ACT = ActStatement(
    identifier="act-1",
    issuer_id="AXIS",
    kind="agency.update",
    at=AT,
    account="axis (login thanh)",
    operator="Nguyễn Thị <A> & B",
    reason="công văn 12/VP\r\nsố 3",
    about=("G22", "H05"),
    changes=(
        Changed(of="G22", what="name", before="", after="Bộ"),
        Changed(of="H05", what="aliases", before='["a"]', after=""),
    ),
)
AXIS = stage.signer(stage.root().issue("Axis", extended=(EVIDENCE_SIGNING,)))
TRUST = TrustStore.of([stage.root().certificate])


def judged(content: bytes) -> Sound | Refused:
    verdict = verify(content, trust=TRUST, at=AT)
    assert isinstance(verdict, Sound), verdict
    return entitled(verdict)


def test_it_reads_back_as_it_was_written() -> None:
    content = write(ACT, Sealer(AXIS))
    sound = judged(content)
    assert isinstance(sound, Sound)
    assert read(sound) == ACT
    assert read_unproven(content) == ACT
    assert sound.signed_at == AT


def test_what_xml_cannot_carry_is_told_as_lost() -> None:
    sound = judged(write(replace(ACT, reason="a\x00b"), Sealer(AXIS)))
    assert isinstance(sound, Sound)
    assert read(sound).reason == "a\ufffdb"


def test_nobody_but_an_axis_can_say_it() -> None:
    refused = judged(write(ACT, Sealer(stage.signer(stage.root().issue("Agency")))))
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.NOT_ENTITLED


def test_another_document_is_no_act() -> None:
    with pytest.raises(ValueError):
        read_unproven(b"<a/>")
    with pytest.raises(ValueError):
        read_unproven(write(ACT, Sealer(AXIS)).replace(b"<Kind>agency.update</Kind>", b""))


def test_xmlsec1_verifies_it_and_sees_a_change(room: Path) -> None:
    content = write(replace(ACT, at=AT + timedelta(microseconds=7)), Sealer(AXIS))
    assert verifies(room, content)
    assert not verifies(room, content.replace(b"<Account>axis", b"<Account>else"))
