"""What a revoke, an update and a replacement do to earlier documents, by the rules alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from axis_server.addressing.directory import DirectoryView
from axis_server.addressing.routing import resolve
from axis_server.errors import Declined
from axis_server.lifecycle import ASKABLE, QuestionKind, State
from axis_server.sending.threads import (
    REPLACED_MOST,
    Document,
    Effects,
    Speech,
    bearer,
    document_ids,
    effects,
)
from edxml.codes import Kind
from edxml.model import Bussiness, Package, Replacement
from storage.ledger.records import Delivery, Entry, Question
from storage.ledger.registry import Agency, Group
from tests.axis_server.houses import receiving
from tests.axis_server.packages import DOCUMENT_ID, document, replacement, revoke, update
from tests.pki import AT

OTHER_ID = "G90,2026/03/01,1/BM"
UNTIL = AT + timedelta(days=5)
AGAIN = timedelta(hours=24)


VIEW = DirectoryView.of(
    [
        receiving("G90", "000.00.00.G90"),
        *(receiving(f"H{number}", f"000.00.00.H{number}") for number in range(90, 99)),
        Group(group_id="TINH", name="Các tỉnh", members=("H90", "H91", "H95")),
        Agency(agency_id="H90.01", name="Sở", parent_id="H90"),
    ]
)


def entry(dispatch_id: str = "first", kind: int = 0, document_id: str = DOCUMENT_ID) -> Entry:
    return Entry(
        dispatch_id=dispatch_id,
        sender_id="G90",
        sender_name="Bộ Mẫu",
        document_id=document_id,
        kind=kind,
        code_number="7816",
        code_notation="BM-VP",
        subject="",
        priority=0,
        promulgation_date="",
        due_date="",
        accepted_at=AT,
        parts=(),
    )


def asked(kind: QuestionKind) -> Question:
    return Question(kind=kind, by="earlier", reason="", asked_at=AT, until=UNTIL)


def sent(
    states: Mapping[str, State], questions: Mapping[str, QuestionKind] | None = None, **of_entry: str
) -> Document:
    """A document that was sent to agencies, in their states; with questions open."""
    of_document = entry(**of_entry)  # type: ignore[arg-type]
    open_questions = questions or {}
    return Document(
        entry=of_document,
        deliveries={
            recipient: Delivery(
                dispatch_id=of_document.dispatch_id,
                recipient_id=recipient,
                mailbox_id=recipient.split(".")[0],
                state=state,
                version=1,
                updated_at=AT,
                handover_by=UNTIL,
                answer_by=UNTIL,
                due=None,
                question=asked(open_questions[recipient]) if recipient in open_questions else None,
            )
            for recipient, state in states.items()
        },
    )


EVERYWHERE = sent({"H90": State.CONSIGNED, "H91": State.ACCEPTED, "H92": State.HANDED_OVER})


def test_who_said_no_lately_is_not_asked_again_by_a_package() -> None:
    lately, longer_ago = (
        replace(EVERYWHERE.deliveries[name], reason="Đã thực hiện", updated_at=AT - ago)
        for name, ago in (("H90", AGAIN - timedelta(seconds=1)), ("H91", AGAIN))
    )
    standing = replace(EVERYWHERE, deliveries={**EVERYWHERE.deliveries, "H90": lately, "H91": longer_ago})
    found = done(revoke("H90", "H91", "H92"), standing)
    assert [one.recipients for one in found.asks] == [("H91", "H92")]
    assert found.warnings == ("NOT_ASKED: H90 (refused lately)",)


def done(unsigned: Package, *documents: Document, limit: int = 100) -> Effects:
    """What a package of the ministry does to documents."""
    assert unsigned.bussiness is not None
    organs = (organ.organ_id for organ in unsigned.recipients)
    speech = Speech(
        dispatch_id="speaking",
        sender_id="G90",
        delegate_id="",
        kind=Kind(unsigned.kind),
        bussiness=unsigned.bussiness,
        recipients=resolve(organs, VIEW, sender_id="G90", at=AT, limit=100),
        view=VIEW,
        at=AT,
        until=UNTIL,
        ask_again=AGAIN,
        limit=limit,
    )
    return effects(speech, {one.entry.document_id: one for one in documents})


def refused(unsigned: Package, *documents: Document, limit: int = 100) -> Declined:
    with pytest.raises(Declined) as declined:
        done(unsigned, *documents, limit=limit)
    return declined.value


# Which document.


def test_a_new_document_speaks_of_none() -> None:
    assert document_ids(document()) == ()
    assert document_ids(document(bussiness=Bussiness(doc_type="0"))) == ()


def test_a_revoke_and_an_update_speak_of_the_document_whose_id_they_bear() -> None:
    assert document_ids(revoke("H90")) == document_ids(update()) == (DOCUMENT_ID,)


def test_a_replacement_speaks_of_every_document_that_it_names_and_else_of_its_own_id() -> None:
    assert document_ids(replacement(of={DOCUMENT_ID: (), OTHER_ID: ()})) == (DOCUMENT_ID, OTHER_ID)
    bare = document(bussiness=Bussiness(doc_type="3", reason="Thay thế"))
    assert document_ids(bare) == (DOCUMENT_ID,)


@pytest.mark.parametrize("kind", ["1", "3"])
def test_revoke_and_replacement_need_a_reason(kind: str) -> None:
    with pytest.raises(Declined) as declined:
        document_ids(document(bussiness=Bussiness(doc_type=kind)))
    assert declined.value.code == "REASON_REQUIRED"


def test_an_update_needs_no_reason() -> None:
    assert document_ids(document(bussiness=Bussiness(doc_type="2"))) == (DOCUMENT_ID,)


def test_a_replacement_of_endlessly_many_documents_is_refused() -> None:
    with pytest.raises(Declined) as declined:
        document_ids(replacement(of={f"G90,{number}": () for number in range(REPLACED_MOST + 1)}))
    assert declined.value.code == "FIELD_TOO_LONG"


def test_the_newest_new_document_or_replacement_bears_the_id_and_nothing_else_does() -> None:
    thread = [entry("a"), entry("b", 3), entry("c", 1), entry("d", 2)]
    assert bearer(thread, but="") == thread[1]
    assert bearer(thread, but="b") == thread[0]
    assert bearer(thread[2:], but="") is None


# Whom it asks.


def test_a_revoke_asks_its_recipients_that_hold_the_document_and_no_other() -> None:
    found = done(revoke("H90", "H91"), EVERYWHERE)
    (ask,) = found.asks
    assert (ask.dispatch_id, ask.recipients, ask.states) == ("first", ("H90", "H91"), ASKABLE)
    assert (ask.question.kind, ask.question.by, ask.question.until) == ("recall", "speaking", UNTIL)
    assert (ask.question.reason, ask.event.reason) == ("Sai số liệu", "Sai số liệu")
    assert (ask.event.kind, ask.event.related_id) == ("RecallRequested", "speaking")
    assert (found.about, found.additions) == (("first",), ())


def test_a_recall_of_a_part_says_who_still_holds_the_document() -> None:
    standing = sent(
        {"H90": State.DONE, "H91": State.CONSIGNED, "H92": State.REFUSED, "H93": State.TAKEN_BACK}
    )
    assert done(revoke("H90"), standing).warnings == ("STILL_HELD: H91",)
    assert done(revoke("H90", "H91"), standing).warnings == ()
    assert done(update("H90", removed=("H90",)), standing).warnings == ()


def test_a_revoke_that_goes_to_one_who_never_had_the_document_asks_the_others_and_says_so() -> None:
    found = done(revoke("H90", "H95"), EVERYWHERE)
    assert found.asks[0].recipients == ("H90",)
    assert found.warnings == ("NOT_ASKED: H95 (not a recipient)", "STILL_HELD: H91, H92")


def test_a_revoke_that_could_ask_nobody_at_all_is_a_mistake() -> None:
    declined = refused(revoke("H95", "H96"), EVERYWHERE)
    assert (declined.code, declined.facts["recipient"]) == ("NOT_A_RECIPIENT", "H95")


def test_who_ended_or_is_asked_already_is_told_of_and_left_to_the_commit() -> None:
    standing = sent(
        {"H90": State.REFUSED, "H91": State.ACCEPTED, "H92": State.EXPIRED, "H93": State.TAKEN_BACK},
        {"H91": QuestionKind.RECALL},
    )
    found = done(revoke("H90", "H91", "H92", "H93"), standing)
    assert found.asks[0].recipients == ("H90", "H91", "H92", "H93")
    assert found.warnings == (
        "NOT_ASKED: H90 (refused), H91 (asked already), H92 (expired), H93 (taken_back)",
    )


def test_an_update_asks_those_whom_it_removes_under_any_of_their_names() -> None:
    (ask,) = done(update("H90", removed=("000.00.00.H91", "h92")), EVERYWHERE).asks
    assert (ask.recipients, ask.question.kind, ask.event.kind) == (
        ("H91", "H92"),
        "removal",
        "RemovalRequested",
    )


def test_an_update_of_the_text_alone_asks_nobody() -> None:
    found = done(update("H90", "H91"), EVERYWHERE)
    assert (found.about, found.asks, found.additions) == (("first",), (), ())


def test_a_group_that_is_removed_means_those_of_its_members_that_were_sent_the_document() -> None:
    (ask,) = done(update("H90", removed=("TINH",)), EVERYWHERE).asks
    assert ask.recipients == ("H90", "H91")


@pytest.mark.parametrize("removed", ["H95", "X1", ""])
def test_to_remove_who_was_never_sent_the_document_is_refused(removed: str) -> None:
    declined = refused(update("H90", removed=("H91", removed)), EVERYWHERE)
    assert (declined.code, declined.facts["recipient"]) == ("NOT_A_RECIPIENT", removed or "(empty)")


def test_a_replacement_asks_of_each_document_those_whom_it_names_there() -> None:
    other = sent({"H90": State.DONE, "H93": State.DONE}, dispatch_id="second", document_id=OTHER_ID)
    unsigned = replacement("H90", of={DOCUMENT_ID: ("000.00.00.H92",), OTHER_ID: ("H93", "H90")})
    found = done(unsigned, EVERYWHERE, other)
    assert [(ask.dispatch_id, ask.recipients) for ask in found.asks] == [
        ("first", ("H92",)),
        ("second", ("H93", "H90")),
    ]
    assert {ask.question.kind for ask in found.asks} == {"replacement"}
    assert found.about == ("first", "second")
    assert found.concerned == {"H90", "H92", "H93"}


def test_a_replacement_that_names_nobody_asks_its_own_recipients() -> None:
    (ask,) = done(replacement("H91", "H92", of={DOCUMENT_ID: ()}), EVERYWHERE).asks
    assert ask.recipients == ("H91", "H92")


def test_a_replacement_for_one_who_was_never_sent_the_old_document_is_refused() -> None:
    assert refused(replacement(of={DOCUMENT_ID: ("H95",)}), EVERYWHERE).code == "NOT_A_RECIPIENT"


def test_a_unit_is_asked_through_the_mailbox_that_took_the_document() -> None:
    found = done(revoke("H90.01"), sent({"H90.01": State.ACCEPTED}))
    assert (found.asks[0].recipients, found.concerned) == (("H90.01",), {"H90"})


# Who joins.


def test_an_update_adds_those_whom_it_names_and_leaves_who_is_there() -> None:
    (addition,) = done(update("H90", added=("000.00.00.H95", "H91", "H96", "H95")), EVERYWHERE).additions
    assert [one.agency_id for one in addition.recipients] == ["H95", "H96"]
    assert dict(addition.names) == {"H95": "Cơ quan H95", "H96": "Cơ quan H96"}
    assert addition.entry == EVERYWHERE.entry


def test_an_update_that_adds_only_who_is_there_adds_nobody() -> None:
    assert done(update("H90", added=("H91",)), EVERYWHERE).additions == ()


def test_a_group_that_is_added_adds_its_members() -> None:
    (addition,) = done(update("H90", added=("TINH",)), EVERYWHERE).additions
    assert [one.agency_id for one in addition.recipients] == ["H95"]


@pytest.mark.parametrize("ended", [State.REFUSED, State.EXPIRED, State.TAKEN_BACK])
def test_who_ended_cannot_join_again(ended: State) -> None:
    standing = sent({"H90": State.ACCEPTED, "H91": ended})
    declined = refused(update("H90", added=("H95", "000.00.00.H91")), standing)
    assert (declined.code, declined.facts) == ("RECIPIENT_ENDED", {"recipient": "H91", "state": ended})


def test_an_unknown_agency_cannot_join() -> None:
    assert refused(update("H90", added=("X1",)), EVERYWHERE).code == "UNKNOWN_RECIPIENT"


def test_nobody_is_both_removed_and_added_under_whichever_names() -> None:
    declined = refused(update("H90", removed=("H91",), added=("000.00.00.H91",)), EVERYWHERE)
    assert (declined.code, declined.detail) == ("EDXML_AMBIGUOUS", "H91 is both removed and added")


def test_a_document_never_gets_more_recipients_than_the_axis_takes() -> None:
    assert done(update("H90", added=("H95",)), EVERYWHERE, limit=4).additions
    assert refused(update("H90", added=("H95", "H96")), EVERYWHERE, limit=4).code == "TOO_MANY_RECIPIENTS"


def test_to_name_a_group_without_end_is_to_name_it_once() -> None:
    many = tuple(name for _ in range(50_000) for name in ("TINH", "tinh"))
    (ask,) = done(update("H90", removed=many), EVERYWHERE).asks
    assert ask.recipients == ("H90", "H91")
    (addition,) = done(update("H90", added=many), EVERYWHERE).additions
    assert [one.agency_id for one in addition.recipients] == ["H95"]


@pytest.mark.parametrize(
    "unsigned",
    [
        update("H90", removed=tuple(f"X{number}" for number in range(101))),
        replacement("H90", of={DOCUMENT_ID: tuple(f"X{number}" for number in range(101))}),
    ],
    ids=["update", "replacement"],
)
def test_no_more_can_be_asked_one_by_one_than_a_document_has_recipients(unsigned: Package) -> None:
    assert refused(unsigned, EVERYWHERE).code == "TOO_MANY_RECIPIENTS"


def test_a_document_replaced_in_several_lines_asks_the_agencies_of_all_of_them() -> None:
    lines = tuple(Replacement(document_id=DOCUMENT_ID, organ_ids=(one,)) for one in ("H92", "H90"))
    unsigned = replacement("H90")
    assert unsigned.bussiness is not None
    unsigned = replace(unsigned, bussiness=replace(unsigned.bussiness, replacements=lines))
    (ask,) = done(unsigned, EVERYWHERE).asks
    assert ask.recipients == ("H92", "H90")


# While it is recalled.


@pytest.mark.parametrize(
    "standing",
    [
        sent({"H90": State.ACCEPTED, "H91": State.ACCEPTED}, {"H91": QuestionKind.RECALL}),
        sent({"H90": State.TAKEN_BACK, "H91": State.TAKEN_BACK}),
        sent({"H90": State.TAKEN_BACK, "H91": State.REFUSED}),
    ],
    ids=["asked of one", "taken back from all", "nobody holds it any more"],
)
def test_a_document_under_recall_or_taken_back_is_neither_updated_nor_replaced(standing: Document) -> None:
    for unsigned in (update("H90"), replacement("H90", of={DOCUMENT_ID: ()})):
        declined = refused(unsigned, standing)
        assert (declined.code, declined.facts["dispatch_id"]) == ("DOCUMENT_RECALLED", "first")
    assert done(revoke("H90"), standing).about == ("first",)


@pytest.mark.parametrize(
    "standing",
    [
        sent({"H90": State.TAKEN_BACK, "H91": State.ACCEPTED}),
        sent({"H90": State.REFUSED}),
        sent({"H90": State.ACCEPTED}, {"H90": QuestionKind.REMOVAL}),
    ],
    ids=["one still has it", "never held", "a removal is asked"],
)
def test_what_somebody_still_has_or_nobody_gave_back_can_be_updated(standing: Document) -> None:
    assert done(update("H90"), standing).about == ("first",)
