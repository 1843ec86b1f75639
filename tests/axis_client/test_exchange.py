"""The whole road between two agencies, through the SDK, on a real axis."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import zipfile
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from axis_client import AsyncClient, Client, LocalError, NotFound, Profile, Refused, State
from axis_client.model import Proof, Record
from edxml.model import Attachment, Package
from edxml.reader import read
from edxml.writer import write
from signing.parser import parse
from tests.axis_client.harness import DEPARTMENT, MINISTRY, PROVINCE, RunningAxis, letter


@pytest.fixture
async def ministry(running: RunningAxis) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(Profile.load(running.profile(MINISTRY))) as client:
        yield client


@pytest.fixture
async def province(running: RunningAxis) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(Profile.load(running.profile(PROVINCE))) as client:
        yield client


@pytest.fixture
async def department(running: RunningAxis) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(Profile.load(running.profile(DEPARTMENT))) as client:
        yield client


async def test_a_letter_travels_and_every_evidence_comes_back(
    ministry: AsyncClient, province: AsyncClient, document_id: str, tmp_path: Path
) -> None:
    beside = tmp_path / "bản đồ.bin"
    beside.write_bytes(b"\x00map" * 100_000)
    sent = await ministry.send(letter(document_id), attachments=[beside])
    assert [proof.event for proof in sent.evidence] == ["SubmissionAcceptance", "ContentConsignment"]
    assert set(sent.recipients) == {PROVINCE, DEPARTMENT}

    dispatch_id = sent.dispatch.dispatch_id
    waiting = [item async for item in province.inbox(states=[State.CONSIGNED])]
    assert dispatch_id in [item.dispatch.dispatch_id for item in waiting]

    fetched = await province.fetch(dispatch_id, tmp_path / "in")
    assert (tmp_path / "in" / "package.edxml").read_bytes() == sent.sealed
    assert (tmp_path / "in" / "bản đồ.bin").read_bytes() == beside.read_bytes()
    handed = await province.hand_over(fetched)
    assert handed.delivery.state is State.HANDED_OVER
    accepted = await province.accept(dispatch_id)
    assert accepted.delivery.state is State.ACCEPTED
    for code, state in (("04", State.IN_PROCESS), ("05", State.IN_PROCESS), ("06", State.DONE)):
        assert (await province.report(dispatch_id, code)).delivery.state is state

    assert [named(record) async for record in ministry.evidence(dispatch_id)] == [
        *("SubmissionAcceptance", "ContentConsignment", "ContentAccessTracking"),
        *("01", "ContentHandover"),
        *("03", "ConsignmentAcceptance"),
        *("04", "SubmissionAcceptance"),
        *("05", "SubmissionAcceptance"),
        *("06", "SubmissionAcceptance"),
    ]
    of_province = [record async for record in ministry.evidence(dispatch_id, recipient_id=PROVINCE)]
    assert of_province == [record async for record in province.evidence(dispatch_id)]
    handovers = ministry.evidence(dispatch_id, ["ContentHandover"])
    assert [named(record) async for record in handovers] == ["ContentHandover"]
    assert [event.sequence async for event in ministry.history(dispatch_id)] == [1, 2, 3, 4, 5, 6, 7, 8]
    status = await province.status(dispatch_id)
    assert status.delivery is not None
    assert (status.delivery.state, status.counts) == (State.DONE, {State.DONE: 1})
    assert (await ministry.status(dispatch_id)).counts == {State.CONSIGNED: 1, State.DONE: 1}


def named(record: Record) -> str:
    return record.event if isinstance(record, Proof) else record.status_code


async def test_accepting_what_was_only_consigned_hands_it_over_first(
    ministry: AsyncClient, province: AsyncClient, document_id: str, tmp_path: Path
) -> None:
    sent = await ministry.send(letter(document_id))
    with pytest.raises(LocalError) as caught:
        await province.accept(sent.dispatch.dispatch_id)
    assert caught.value.reason == "DIRECTORY_REQUIRED", "nobody states to hold what was kept nowhere"
    answered = await province.accept(sent.dispatch.dispatch_id, tmp_path)
    assert answered.delivery.state is State.ACCEPTED
    assert answered.fetched is not None
    assert {file.path for file in answered.fetched.files} == set(tmp_path.iterdir())
    seen = [named(record) async for record in province.evidence(sent.dispatch.dispatch_id)]
    assert seen[-4:] == ["01", "ContentHandover", "03", "ConsignmentAcceptance"]


async def test_saying_it_again_gets_the_first_evidence(
    ministry: AsyncClient, province: AsyncClient, document_id: str, tmp_path: Path
) -> None:
    dispatch_id = (await ministry.send(letter(document_id))).dispatch.dispatch_id
    first, second = await province.accept(dispatch_id, tmp_path), await province.accept(dispatch_id)
    assert [p.content for p in first.evidence] == [p.content for p in second.evidence]
    first, second = await province.report(dispatch_id, "06"), await province.report(dispatch_id, "06")
    assert [p.content for p in first.evidence] == [p.content for p in second.evidence]


async def test_a_refusal_reaches_the_sender_with_its_reason(
    ministry: AsyncClient, department: AsyncClient, document_id: str
) -> None:
    dispatch_id = (await ministry.send(letter(document_id))).dispatch.dispatch_id
    await department.refuse(dispatch_id, "Thiếu phụ lục 2")
    (rejection,) = [p async for p in ministry.evidence(dispatch_id, ["ConsignmentRejection"])]
    assert isinstance(rejection, Proof)
    assert rejection.record.reasons[0].details == "Thiếu phụ lục 2"
    (delivery,) = [d async for d in ministry.deliveries(dispatch_id, [State.REFUSED])]
    assert delivery.recipient_id == DEPARTMENT
    assert (delivery.state, delivery.reason) == (State.REFUSED, "Thiếu phụ lục 2")


async def test_an_empty_reason_never_leaves_the_house(department: AsyncClient) -> None:
    with pytest.raises(LocalError) as caught:
        await department.refuse("whatever", "  ")
    assert caught.value.reason == "REASON_REQUIRED"


async def test_recipients_named_by_an_old_identifier_are_recognised(
    ministry: AsyncClient, document_id: str
) -> None:
    sent = await ministry.send(letter(document_id, to=["H90", "000.00.91.H91"]))
    assert set(sent.recipients) == {PROVINCE, DEPARTMENT}


async def test_to_replaces_the_recipients_of_an_unsealed_package(
    ministry: AsyncClient, document_id: str
) -> None:
    sent = await ministry.send(letter(document_id, to=[PROVINCE]), to=[DEPARTMENT])
    assert sent.recipients == (DEPARTMENT,)


async def test_to_never_changes_a_sealed_package(ministry: AsyncClient, document_id: str) -> None:
    sealed = await ministry.seal(letter(document_id, to=[PROVINCE]))
    with pytest.raises(LocalError) as caught:
        await ministry.send(sealed, to=[DEPARTMENT])
    assert caught.value.reason == "RECIPIENTS_SEALED"
    assert (await ministry.send(sealed, to=[PROVINCE])).sealed == sealed


async def test_an_unknown_recipient_is_refused_with_signed_evidence(
    ministry: AsyncClient, document_id: str
) -> None:
    with pytest.raises(Refused) as caught:
        await ministry.send(letter(document_id, to=[PROVINCE, "Z99"]))
    assert caught.value.reason == "UNKNOWN_RECIPIENT"
    assert caught.value.evidence is not None
    assert caught.value.evidence.event == "SubmissionRejection"
    assert not caught.value.retryable
    assert caught.value.message != caught.value.message_vi


async def test_sealing_again_after_losing_the_bytes_leads_to_the_first_dispatch(
    ministry: AsyncClient, document_id: str
) -> None:
    sent = await ministry.send(letter(document_id))
    with pytest.raises(Refused) as caught:
        await ministry.send(letter(document_id))
    assert caught.value.reason == "DOCUMENT_ID_TAKEN"
    assert caught.value.facts["dispatch_id"] == sent.dispatch.dispatch_id


async def test_the_original_comes_back_byte_for_byte_to_both_sides(
    ministry: AsyncClient, province: AsyncClient, document_id: str, tmp_path: Path
) -> None:
    beside = tmp_path / "package.edxml"
    beside.write_bytes(b"named like the package itself")
    sent = await ministry.send(letter(document_id), attachments=[beside])
    for side, client in (("a", ministry), ("b", province)):
        retrieved = await client.retrieve(sent.dispatch.dispatch_id, tmp_path / side)
        assert (tmp_path / side / "package.edxml").read_bytes() == sent.sealed
        assert retrieved.files[1].path.read_bytes() == beside.read_bytes()
        assert not [path for path in (tmp_path / side).iterdir() if path.name.startswith(".")]


async def test_what_is_not_ours_looks_like_what_never_was(
    ministry: AsyncClient, department: AsyncClient, document_id: str
) -> None:
    sent = await ministry.send(letter(document_id, to=[PROVINCE]))
    errors = []
    for dispatch_id in (sent.dispatch.dispatch_id, "a" * 26):
        with pytest.raises(NotFound) as caught:
            await department.status(dispatch_id)
        errors.append((caught.value.reason, caught.value.message, caught.value.facts))
    assert errors[0] == errors[1]


async def test_a_watch_sees_what_waits_and_what_comes(
    ministry: AsyncClient, province: AsyncClient, document_id: str
) -> None:
    before = [item.cursor async for item in province.inbox()]
    start = before[-1] if before else ""
    first = await ministry.send(letter(document_id))
    seen = []
    async with asyncio.timeout(20), aclosing(province.watch(start)) as coming:
        async for item in coming:
            seen.append(item.dispatch.dispatch_id)
            if len(seen) == 1:
                second = await ministry.send(letter(document_id + "-2"))
            else:
                break
    assert seen == [first.dispatch.dispatch_id, second.dispatch.dispatch_id]


async def test_fetching_again_is_a_success_and_overwrites_nothing_else(
    ministry: AsyncClient, province: AsyncClient, document_id: str, tmp_path: Path
) -> None:
    dispatch_id = (await ministry.send(letter(document_id))).dispatch.dispatch_id
    await province.fetch(dispatch_id, tmp_path)
    await province.fetch(dispatch_id, tmp_path)
    (tmp_path / "package.edxml").write_bytes(b"mine")
    with pytest.raises(LocalError) as caught:
        await province.fetch(dispatch_id, tmp_path)
    assert caught.value.reason == "OUTPUT_EXISTS"
    assert (tmp_path / "package.edxml").read_bytes() == b"mine"
    await province.fetch(dispatch_id, tmp_path, force=True)
    assert (tmp_path / "package.edxml").read_bytes() != b"mine"


async def test_equal_attachments_are_one_blob_and_all_arrive(
    ministry: AsyncClient, province: AsyncClient, document_id: str, tmp_path: Path
) -> None:
    names = ["biên bản.txt", "bie\u0302n ba\u0309n.txt", "b.txt"]
    for place, name in enumerate(names):
        (tmp_path / str(place)).mkdir()
        (tmp_path / str(place) / name).write_bytes(b"the same bytes")
    paths = [tmp_path / str(place) / name for place, name in enumerate(names)]
    dispatch_id = (await ministry.send(letter(document_id), attachments=paths)).dispatch.dispatch_id
    fetched = await province.fetch(dispatch_id, tmp_path / "in")
    digest = hashlib.sha256(b"the same bytes").hexdigest()
    assert len([file for file in fetched.files if file.sha256 == digest]) == 3
    assert (await province.hand_over(fetched)).delivery.state is State.HANDED_OVER


def test_the_synchronous_client_mirrors_every_method(
    running: RunningAxis, document_id: str, tmp_path: Path
) -> None:
    public = {name for name in dir(AsyncClient) if not name.startswith("_")}
    assert public == {name for name in vars(Client) if not name.startswith("_")}
    with (
        Client(Profile.load(running.profile(MINISTRY))) as ministry,
        Client(Profile.load(running.profile(PROVINCE))) as province,
    ):
        dispatch_id = ministry.send(letter(document_id)).dispatch.dispatch_id
        assert dispatch_id in [item.dispatch.dispatch_id for item in province.inbox()]
        assert next(iter(province.watch())).cursor
        assert dispatch_id in [item.dispatch.dispatch_id for item in ministry.outbox()]
        province.hand_over(province.fetch(dispatch_id, tmp_path))
        assert province.accept(dispatch_id).delivery.state is State.ACCEPTED
        assert ministry.agency("H90").agency_id == PROVINCE
        assert {d.recipient_id for d in ministry.deliveries(dispatch_id)} == {PROVINCE, DEPARTMENT}
        assert [e.sequence for e in province.history(dispatch_id)] == [1, 2, 3, 4, 5]
        assert len(list(province.evidence(dispatch_id, ["ContentHandover"]))) == 1


async def test_a_state_that_nobody_can_ask_for_is_a_mistake_here(province: AsyncClient) -> None:
    with pytest.raises(LocalError) as caught:
        _ = [item async for item in province.inbox(states=[State.UNKNOWN])]
    assert caught.value.reason == "STATE_UNKNOWN"


def test_a_synchronous_iterator_may_outlive_its_client(running: RunningAxis, document_id: str) -> None:
    with Client(Profile.load(running.profile(MINISTRY))) as ministry:
        ministry.send(letter(document_id))
        left, open_ = ministry.outbox(), ministry.outbox()
        assert next(iter(left)).cursor
        assert next(iter(open_)).cursor
    left.close()  # type: ignore[attr-defined]
    never_opened = Client(Profile.load(running.profile(MINISTRY)))
    for late in (lambda: next(open_), ministry.whoami, never_opened.whoami):
        with pytest.raises(RuntimeError, match="not open"):
            late()


async def test_an_attachment_that_calls_itself_original_is_fetched(
    ministry: AsyncClient, province: AsyncClient, document_id: str, tmp_path: Path
) -> None:
    """Its part has an identifier of its own; its seal still names it by ContentId."""
    beside = tmp_path / "map.bin"
    beside.write_bytes(os.urandom(1000))
    package = read(parse(letter(document_id)))
    assert isinstance(package, Package)
    entry = Attachment(content_id="original", name="map.bin", content_type="application/octet-stream")
    document = write(replace(package, attachments=(*package.attachments, entry)))
    sent = await ministry.send(document, attachments=[beside])
    assert sent.dispatch.parts[-1].identifier == "original#2"
    fetched = await province.fetch(sent.dispatch.dispatch_id, tmp_path / "in")
    assert (tmp_path / "in" / "map.bin").read_bytes() == beside.read_bytes()
    assert (await province.hand_over(fetched)).delivery.state is State.HANDED_OVER


async def test_wrapped_files_that_expand_far_stay_in_their_zips_with_a_note(
    ministry: AsyncClient, province: AsyncClient, document_id: str, tmp_path: Path
) -> None:
    """Three files of 20 MB out of a package of some 0.7 MB: one budget for all of them."""
    package = read(parse(letter(document_id)))
    assert isinstance(package, Package)
    size = 20_000_000
    bombs = [Attachment(content_id=f"b{n}", name=f"b{n}.txt", content=wrapped(size)) for n in range(3)]
    bulk = Attachment(content_id="bulk", name="bulk.bin", content=os.urandom(450_000))
    small = Attachment(content_id="small", name="small.txt", content=wrapped(1000))
    document = write(replace(package, attachments=(bulk, *bombs, small)))
    sent = await ministry.send(document)
    fetched = await province.fetch(sent.dispatch.dispatch_id, tmp_path)
    on_disk = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert on_disk <= 52 * len(sent.sealed)
    notes = [note for note in fetched.warnings if note.startswith("ZIP_LEFT_CLOSED")]
    assert notes == ["ZIP_LEFT_CLOSED: b1.txt", "ZIP_LEFT_CLOSED: b2.txt"]
    assert (tmp_path / "b0.txt").stat().st_size == size
    assert (tmp_path / "b2.txt.zip").read_bytes() == bombs[2].content
    assert not (tmp_path / "b2.txt").exists()
    assert (tmp_path / "small.txt").stat().st_size == 1000


def wrapped(size: int) -> bytes:
    """A file of zeros as Java producers send it: in a ZIP of one entry named by a UUID."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0192f0c1-7a10-7000-8000-000000000001.txt", bytes(size))
    return packed.getvalue()
