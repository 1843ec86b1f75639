"""Checkpoints: real logs' and witnesses' signatures, and what is refused.

The Go checksum database's tree is what sum.golang.org answered under its published key. The other is the
checkpoint of a staging log for certificates, cosigned by public witnesses, under the published keys of that
log and of one of them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from signing.log import (
    EMPTY_ROOT,
    Checkpoint,
    LogPolicy,
    NotProven,
    cosign,
    open_checkpoint,
    read_checkpoint,
    read_vkey,
    sign_checkpoint,
    sign_note,
    with_signatures,
)
from signing.log.keys import cosigned_message
from signing.log.note import NoteSignature
from signing.verdict import Reason
from tests.signing.log.world import KEY, NOW, ORIGIN, WITNESSES, Log, policy, signer

GO_KEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
GO = (
    "go.sum database tree\n65209736\n5+uGFjx6xBZG8ip1+wi77v+grwbhhukIrxEUS8PXvRo=\n\n"
    "— sum.golang.org "
    "Az3grnbssgK7ubgFX36gVETtNv0U23qxyAhAMai2QUfeGa3nB/akvkMdlUErfcZz7l/R3cVtYspg3dxXABkGZZKdsQ8=\n"
)
ARCHE_KEY = "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
REMORA_KEY = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
ARCHE = (Path(__file__).parent / "published" / "arche2025h1.note").read_text(encoding="utf-8")


def reason(data: bytes, trusted: LogPolicy) -> Reason:
    with pytest.raises(NotProven) as error:
        open_checkpoint(data, trusted)
    return error.value.reason


def test_the_go_checksum_databases_checkpoint_holds() -> None:
    trusted = LogPolicy(origin="go.sum database tree", keys=(read_vkey(GO_KEY),))
    verified = open_checkpoint(GO.encode(), trusted)
    assert verified.checkpoint.size == 65209736
    assert verified.note.content() == GO.encode()
    assert verified.checkpoint.text() == verified.note.text


def test_a_real_witnesses_cosignature_holds_among_signatures_of_kinds_unknown_here() -> None:
    trusted = LogPolicy(
        origin="arche2025h1.staging.ct.transparency.dev",
        keys=(read_vkey(ARCHE_KEY),),
        witnesses=(read_vkey(REMORA_KEY),),
        quorum=1,
    )
    (cosignature,) = open_checkpoint(ARCHE.encode(), trusted).cosignatures
    assert (cosignature.witness.name, cosignature.at) == ("remora.n621.de", 1779573024)
    altered = ARCHE.replace("1432088532", "1432088533").encode()
    assert reason(altered, trusted) is Reason.LOG_SIGNATURE_INVALID
    later = ARCHE.replace("2net5wAAAABqEiEg", "2net5wAAAABqEiEh").encode()
    assert reason(later, trusted) is Reason.LOG_SIGNATURE_INVALID


@pytest.mark.parametrize("trusted", [policy(origin="other.example.vn/log")])
def test_another_logs_checkpoint_is_refused(trusted: LogPolicy) -> None:
    assert reason(Log([b"a"]).note().content(), trusted) is Reason.LOG_WRONG_ORIGIN


def test_another_key_of_the_same_name_is_refused() -> None:
    assert reason(Log([b"a"], key=signer()).note().content(), policy()) is Reason.LOG_WRONG_KEY


def test_a_key_that_followed_another_verifies_beside_it() -> None:
    old, new = signer(), signer()
    for one in (old, new):
        assert open_checkpoint(Log([b"a"], key=one).note().content(), policy(new, old)).checkpoint.size == 1


def test_witnesses_count_once_each_and_only_if_known() -> None:
    first, second, stranger = WITNESSES
    log = Log([b"a", b"b"])
    trusted = policy(witnesses=(first, second), quorum=2)
    assert reason(log.note().content(), trusted) is Reason.LOG_TOO_FEW_WITNESSES
    assert reason(log.note(witnesses=(first, stranger)).content(), trusted) is Reason.LOG_TOO_FEW_WITNESSES
    once = log.note(witnesses=(first,))
    again = replace(once, signatures=(*once.signatures, cosign(once, first, NOW + 1)))
    assert reason(again.content(), trusted) is Reason.LOG_TOO_FEW_WITNESSES
    both = open_checkpoint(log.note(witnesses=(first, stranger, second)).content(), trusted)
    assert [(one.witness, one.at) for one in both.cosignatures] == [(first.key, NOW), (second.key, NOW)]


def test_a_cosignature_of_another_checkpoint_spoils_this_one() -> None:
    log = Log([b"a", b"b"])
    stolen = cosign(log.note(1), WITNESSES[0], NOW)
    note = with_signatures(log.note(2), [stolen])
    assert reason(note.content(), policy(witnesses=WITNESSES)) is Reason.LOG_SIGNATURE_INVALID


def test_a_log_cannot_witness_itself() -> None:
    with pytest.raises(ValueError, match="twice"):
        LogPolicy(
            origin=ORIGIN,
            keys=(KEY.key,),
            witnesses=(replace(WITNESSES[0].key, public=KEY.key.public),),
            quorum=1,
        )
    with pytest.raises(ValueError, match="twice"):
        policy(witnesses=(WITNESSES[0], WITNESSES[0]), quorum=2)


def test_a_policy_must_be_one_that_can_be_met_and_means_something() -> None:
    for wrong, why in (
        ({"keys": ()}, "needs a key"),
        ({"keys": (WITNESSES[0].key,)}, "needs a key"),
        ({"witnesses": (signer().key,)}, "COSIGNATURE"),
        ({"quorum": 1}, "quorum"),
        ({"quorum": -1}, "quorum"),
    ):
        with pytest.raises(ValueError, match=why):
            replace(policy(), **wrong)


ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="


@pytest.mark.parametrize(
    "text",
    [
        f"Log\n123\n{ROOT}",
        f"\n9944\n{ROOT}\n",
        "Head\n9944\n",
        f"Log\nbananas\n{ROOT}\n",
        f"Log\n-34\n{ROOT}\n",
        f"Log\n+34\n{ROOT}\n",
        f"Log\n034\n{ROOT}\n",
        f"Log\n 34\n{ROOT}\n",
        f"Log\n3_4\n{ROOT}\n",
        f"Log\n٣٤\n{ROOT}\n",
        f"Log\n\n{ROOT}\n",
        f"Log\n{1 << 63}\n{ROOT}\n",
        f"Log\n3438945738945739845734895735\n{ROOT}\n",
        "Log\n123\nThisIsn'tBase64\n",
        "Log\n123\nYmFuYW5hcw==\n",
        f"Log\n123\n{ROOT[:-2]}J=\n",
        f"Log\n123\n{ROOT[:-1]}\n",
        f"Log\n123\n{ROOT} \n",
        f"Log\n0\n{ROOT}\n",
        f"Log\n123\n{ROOT}\n\nextension\n",
        f"Log\n123\n{ROOT}\nextension\n\n",
        f"Log\n123\n{ROOT}\n" + "extension\n" * 33,
        f"{'a' * 256}\n1\n{ROOT}\n",
        f"{'é' * 128}\n1\n{ROOT}\n",
    ],
)
def test_what_is_no_checkpoint_is_not_read(text: str) -> None:
    with pytest.raises(NotProven) as error:
        read_checkpoint(text)
    assert error.value.reason is Reason.LOG_CHECKPOINT_MALFORMED
    assert reason(_signed(text), policy()) is Reason.LOG_CHECKPOINT_MALFORMED


def _signed(text: str) -> bytes:
    """Signed all the same, so that nothing but the text can be wrong."""
    text = text if text.endswith("\n") else text + "\n\n"
    return sign_note(text, [KEY]).content()


@pytest.mark.parametrize("origin", ["a", "a" * 255, "é" * 127 + "a", "example log+origin", "nhật ký"])
def test_an_origin_is_any_line_of_255_bytes(origin: str) -> None:
    head = Checkpoint(origin=origin, size=1, root=bytes(32), extensions=("extension", "another"))
    assert read_checkpoint(head.text()) == head


def test_extension_lines_are_signed_too() -> None:
    head = replace(Log([b"a"]).head(), extensions=("one",))
    note = sign_checkpoint(head, KEY)
    assert open_checkpoint(note.content(), policy()).checkpoint.extensions == ("one",)
    altered = note.content().replace(b"\none\n", b"\ntwo\n")
    assert reason(altered, policy()) is Reason.LOG_SIGNATURE_INVALID


def test_an_empty_logs_checkpoint_has_the_empty_root_and_no_other() -> None:
    assert Log([]).head().root == EMPTY_ROOT
    assert Log([]).verified().checkpoint.size == 0
    with pytest.raises(ValueError, match="empty tree"):
        Checkpoint(origin=ORIGIN, size=0, root=bytes(32))


def test_a_cosignature_without_its_time_is_refused() -> None:
    note = Log([b"a"]).note(witnesses=WITNESSES[:1])
    whole = note.signatures[1]
    for value in (whole.value[8:], whole.value[:8], b"\xff" * 8 + whole.value[8:], whole.value + b"\0"):
        broken = NoteSignature(name=whole.name, key_id=whole.key_id, value=value)
        data = with_signatures(Log([b"a"]).note(), [broken]).content()
        assert reason(data, policy(witnesses=WITNESSES)) is Reason.LOG_SIGNATURE_INVALID


def test_a_time_that_no_clock_shows_is_refused_though_signed() -> None:
    note = Log([b"a"]).note()
    for at, reason_given in (((1 << 63) - 1, None), (1 << 63, Reason.LOG_SIGNATURE_INVALID)):
        witness = WITNESSES[0]
        value = at.to_bytes(8) + witness.sign(cosigned_message(note.text.encode(), at))
        line = NoteSignature(name=witness.key.name, key_id=witness.key.key_id, value=value)
        data = with_signatures(note, [line]).content()
        if reason_given:
            assert reason(data, policy(witnesses=WITNESSES)) is reason_given
        else:
            assert open_checkpoint(data, policy(witnesses=WITNESSES, quorum=1)).cosignatures[0].at == at
