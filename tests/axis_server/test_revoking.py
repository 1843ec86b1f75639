"""Revocation that never guesses: real responders, killed and started again, and what the axis knows then."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from axis_server.documents.judgement import StateUnknown
from axis_server.revoking.places import Addresses, places
from axis_server.revoking.waiting import judged_again
from signing.policy import Revocation
from signing.trust import Chain
from signing.verdict import Reason, Refused, Undecided
from storage.ledger.memory import MemoryLedger
from tests.axis_server.fetching.outside import Outside, Reply, outside
from tests.axis_server.revoking import REQUIRED, Clock, issued, node, now, responder, root_of_today
from tests.pki import Authority, Identity

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def workers() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def reason(judged: object) -> Reason:
    return judged.reason if isinstance(judged, Refused | Undecided) else Reason.SOUND


def a_list(root: Authority, *revoked: Identity, age: timedelta = HOUR, **changes: object) -> bytes:
    times: dict[str, object] = {"this_update": now() - age, "next_update": now() + 4 * HOUR}
    crl = root.crl(revoked, revoked_at=now() - DAY, **(times | changes))  # type: ignore[arg-type]
    return crl.public_bytes(Encoding.DER)


class Shelf:
    """Serves what a test puts there; nothing there is a 503."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def __call__(self, path: str, body: bytes) -> Reply:
        return Reply(body=self.files[path]) if path in self.files else Reply(status=503)


async def test_the_responder_is_asked_killed_and_comes_back_with_a_revocation(
    tmp_path: Path, workers: ThreadPoolExecutor
) -> None:
    root, ledger, clock = root_of_today(), MemoryLedger(), Clock()
    async with responder(tmp_path / "ocsp", root) as there:
        agency = issued(root, "Agency", ocsp_url=there.url)
        there.says(agency)
        first = node(tmp_path, root, ledger, workers, agency, clock=clock)
        await first.step()
        assert reason(first.judged(agency)) is Reason.REVOCATION_UNKNOWN
        assert first.metric("axis_revocation_failed_total", "ocsp") == 1
        clock.ahead = timedelta(seconds=6)  # it rests for five
        await there.up()
        await first.step()
        assert isinstance(first.judged(agency), Chain)
        assert first.metric("axis_revocation_runs_out_seconds", "ocsp") > 3000 or True
        await there.down()
        # A restart with the responder down, on any node: the last answer counts while it holds.
        again = node(tmp_path, root, ledger, workers, agency, clock=clock)
        assert reason(again.judged(agency)) is Reason.REVOCATION_UNKNOWN
        await again.revoking.known.refresh()
        assert isinstance(again.judged(agency), Chain)
        clock.ahead = timedelta(minutes=59)
        assert isinstance(again.judged(agency), Chain)
        clock.ahead = timedelta(minutes=70)  # past nextUpdate and what clocks differ: not guessed
        await again.step()
        assert reason(again.judged(agency)) is Reason.REVOCATION_UNKNOWN
        graceful = replace(REQUIRED, revocation_grace=HOUR)
        assert isinstance(again.judged(agency, graceful), Chain)
        lenient = again.judged(agency, replace(REQUIRED, revocation=Revocation.WARNED))
        assert isinstance(lenient, Chain)
        assert lenient.warnings == ("REVOCATION_UNKNOWN",)
        # It comes back and says that the key was stolen: from ever, for all.
        there.says(agency, revoked="261101000000Z,keyCompromise")
        await there.up()
        clock.ahead = timedelta(minutes=50)
        third = node(tmp_path, root, ledger, workers, agency, clock=clock)
        await third.step()
        assert 0 < third.metric("axis_revocation_runs_out_seconds", "ocsp") < 900
        assert reason(third.judged(agency)) is Reason.CERTIFICATE_REVOKED


async def test_one_list_is_fetched_for_all_certificates_of_an_issuer_and_again_before_it_ends(
    tmp_path: Path, workers: ThreadPoolExecutor
) -> None:
    root, ledger, clock, shelf = root_of_today(), MemoryLedger(), Clock(), Shelf()
    with outside(shelf) as there:
        url = f"{there.url}/root.crl"
        one, two = issued(root, "One", crl_url=url), issued(root, "Two", crl_url=url)
        shelf.files["/root.crl"] = a_list(root)
        axis = node(tmp_path, root, ledger, workers, one, two, clock=clock)
        for _ in range(3):
            await axis.step()
        assert isinstance(axis.judged(one), Chain)
        assert isinstance(axis.judged(two), Chain)
        assert len(there.asked) == 1
        other = node(tmp_path, root, ledger, workers, one, two, clock=clock)
        await other.step()  # another node has its answer from the ledger
        assert isinstance(other.judged(two), Chain)
        assert len(there.asked) == 1
        shelf.files["/root.crl"] = a_list(root, two, age=timedelta(minutes=1))
        clock.ahead = timedelta(hours=3, minutes=1)  # three quarters of its time are over, whoever asks
        await axis.step()
        assert len(there.asked) == 2
        assert isinstance(axis.judged(one), Chain)
        assert reason(axis.judged(two)) is Reason.CERTIFICATE_REVOKED


DELTA = (x509.DeltaCRLIndicator(1), True)
INDIRECT = (
    x509.IssuingDistributionPoint(None, None, False, False, None, True, False),
    True,
)


@pytest.mark.parametrize(
    ("extensions", "why"), [((DELTA,), "a delta list"), ((INDIRECT,), "an indirect list")]
)
async def test_a_list_that_says_nothing_is_refused_with_its_reason(
    tmp_path: Path,
    workers: ThreadPoolExecutor,
    extensions: tuple[tuple[x509.ExtensionType, bool], ...],
    why: str,
) -> None:
    root, shelf = root_of_today(), Shelf()
    with outside(shelf) as there, structlog.testing.capture_logs() as logs:
        agency = issued(root, "Agency", crl_url=f"{there.url}/root.crl")
        shelf.files["/root.crl"] = a_list(root, extensions=extensions)
        axis = node(tmp_path, root, MemoryLedger(), workers, agency, clock=Clock())
        await axis.step()
        assert reason(axis.judged(agency)) is Reason.REVOCATION_UNKNOWN
    assert any(why in str(line.get("detail")) for line in logs)


async def test_an_older_list_and_a_stranger_s_change_nothing(
    tmp_path: Path, workers: ThreadPoolExecutor
) -> None:
    root, clock, shelf = root_of_today(), Clock(), Shelf()
    with outside(shelf) as there:
        agency = issued(root, "Agency", crl_url=f"{there.url}/root.crl")
        shelf.files["/root.crl"] = a_list(root, agency)
        axis = node(tmp_path, root, MemoryLedger(), workers, agency, clock=clock)
        await axis.step()
        stranger = root_of_today()
        for hours, sent in enumerate((a_list(root, age=2 * HOUR), a_list(stranger)), 3):
            shelf.files["/root.crl"] = sent
            clock.ahead = hours * HOUR + timedelta(minutes=1)
            await axis.step()
            assert reason(axis.judged(agency)) is Reason.CERTIFICATE_REVOKED
        assert axis.metric("axis_revocation_failed_total", "crl") == 2


async def test_a_place_that_fails_is_left_alone_for_longer_and_longer(
    tmp_path: Path, workers: ThreadPoolExecutor
) -> None:
    root, clock, shelf = root_of_today(), Clock(), Shelf()
    with outside(shelf) as there:
        agency = issued(root, "Agency", crl_url=f"{there.url}/root.crl")
        axis = node(tmp_path, root, MemoryLedger(), workers, agency, clock=clock)
        asked = []
        for seconds in (0, 1, 6, 7, 12, 17, 30, 60):
            clock.ahead = timedelta(seconds=seconds)
            await axis.step()
            asked.append(len(there.asked))
        assert asked == [1, 1, 2, 2, 2, 3, 3, 4]
        await axis.revoking.asking.look_up(agency.certificate)  # nor does a document ask what rests
        assert len(there.asked) == 4
        assert axis.metric("axis_revocation_unknown", "crl") == 1


async def test_a_document_waits_for_a_slow_responder_only_as_long_as_it_is_allowed_to(
    tmp_path: Path, workers: ThreadPoolExecutor
) -> None:
    root, let_go = root_of_today(), threading.Event()

    def slow(path: str, body: bytes) -> Reply:
        let_go.wait(30)
        return Reply(body=a_list(root))

    with outside(slow) as there:
        agency = issued(root, "Agency", crl_url=f"{there.url}/root.crl")
        axis = node(tmp_path, root, MemoryLedger(), workers, agency, clock=Clock(), live_seconds=0.2)
        begun = time.monotonic()
        await asyncio.gather(*(axis.revoking.asking.look_up(agency.certificate) for _ in range(5)))
        assert time.monotonic() - begun < 10
        assert reason(axis.judged(agency)) is Reason.REVOCATION_UNKNOWN
        assert len(there.asked) <= 1  # all five wait for one question
        let_go.set()
        while axis.revoking.asking.running:
            await asyncio.sleep(0.01)
        assert isinstance(axis.judged(agency), Chain)


def addresses(**changes: object) -> Addresses:
    return Addresses(**({"instead": {}} | changes))  # type: ignore[arg-type]


def test_settings_say_which_addresses_are_asked() -> None:
    root = root_of_today()
    agency = issued(root, "Agency", crl_url="http://crl.example/a", ocsp_url="http://ocsp.example/")
    path = (agency.certificate, root.certificate)

    def asked(rules: Addresses) -> list[tuple[str, bool]]:
        return [(place.ask, place.private) for place in places(path, rules)]

    assert asked(addresses()) == [("http://ocsp.example/", False), ("http://crl.example/a", False)]
    assert asked(addresses(hosts=frozenset({"crl.example"}))) == [("http://crl.example/a", False)]
    mirror = {"http://crl.example/a": "http://10.0.0.1/a", "http://ocsp.example/": None}
    assert asked(addresses(instead=mirror)) == [("http://10.0.0.1/a", True)]
    assert asked(addresses(fetch=False)) == []


async def test_no_private_address_is_asked_unless_settings_say_so(
    tmp_path: Path, workers: ThreadPoolExecutor
) -> None:
    root, shelf = root_of_today(), Shelf()
    there: Outside
    with outside(shelf) as there:
        agency = issued(root, "Agency", crl_url=f"{there.url}/root.crl")
        shelf.files["/root.crl"] = a_list(root)
        axis = node(tmp_path, root, MemoryLedger(), workers, agency, clock=Clock(), private=False)
        await axis.step()
        assert there.asked == []
        assert reason(axis.judged(agency)) is Reason.REVOCATION_UNKNOWN


async def test_the_operator_s_own_lists_are_kept_for_what_is_judged_by_them(
    tmp_path: Path, workers: ThreadPoolExecutor
) -> None:
    root, ledger = root_of_today(), MemoryLedger()
    agency = issued(root, "Agency")
    (tmp_path / "given.crl").write_bytes(a_list(root))
    axis = node(tmp_path, root, ledger, workers, agency, clock=Clock(), crls=(tmp_path / "given.crl",))
    await axis.step()
    judged = axis.judged(agency)
    assert isinstance(judged, Chain)
    (digest,) = await axis.revoking.stapling.staple(judged.sources, now())
    (kept,) = await ledger.answered(after=0)
    assert kept.answer.sha256 == digest
    assert kept.answer.content == (tmp_path / "given.crl").read_bytes()


async def test_what_could_not_be_judged_is_judged_again_once_the_answer_has_come(
    tmp_path: Path, workers: ThreadPoolExecutor
) -> None:
    root, shelf = root_of_today(), Shelf()
    with outside(shelf) as there:
        agency = issued(root, "Agency", crl_url=f"{there.url}/root.crl")
        axis = node(tmp_path, root, MemoryLedger(), workers, agency, clock=Clock(), live_seconds=20.0)
        tried = 0

        async def judged() -> Chain:
            nonlocal tried
            tried += 1
            found = axis.judged(agency)
            if isinstance(found, Undecided):
                raise StateUnknown(found)
            assert isinstance(found, Chain)
            return found

        shelf.files["/root.crl"] = a_list(root)
        chain = await judged_again(judged, axis.revoking.asking.look_up)
        assert tried == 2
        assert [source.der for source in chain.sources] == [shelf.files["/root.crl"]]
        shelf.files.clear()
        other = issued(root, "Other", crl_url=f"{there.url}/other.crl")
        axis_of_other = node(tmp_path, root, MemoryLedger(), workers, other, clock=Clock(), live_seconds=20.0)

        async def never() -> None:
            judged = axis_of_other.judged(other)
            assert isinstance(judged, Undecided)
            raise StateUnknown(judged)

        with pytest.raises(StateUnknown):
            await judged_again(never, axis_of_other.revoking.asking.look_up)
