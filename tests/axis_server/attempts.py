"""Packages that somebody tries to send: good ones, and ones wrong in every way that the axis refuses.

prepare, code = ATTEMPTS["unsigned"]         # "UNSIGNED"; the code is empty for what is accepted
attempt = await prepare(world)
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from axis_server.caller import Caller
from axis_server.documents.judgement import digest
from axis_server.sending.examination import IntakeLimits
from edxml.model import (
    Organ,
    Package,
)
from signing.trust import TrustStore
from storage.ledger.registry import Capabilities
from tests.axis_server.houses import House
from tests.axis_server.packages import (
    DOCUMENT_ID,
    NEXT_ID,
    PDF,
    document,
    replacement,
    revoke,
    update,
)
from tests.axis_server.spoilt import LARGE, SPOILT, Spoil, edxml, with_detached
from tests.axis_server.world import LIMITS, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A package on its way, and what it is to meet."""

    package: bytes | str
    """The bytes, or the SHA-256 of what is said to have been uploaded."""
    by: House
    may_send: bool = True
    """False for a delegate that may only receive."""
    to_upload: tuple[bytes, ...] = ()
    """What would be uploaded before it is sent."""
    limits: IntakeLimits = field(default=LIMITS)

    @property
    def caller(self) -> Caller:
        return replace(self.by.caller(), may_send=self.may_send)

    @property
    def coming(self) -> dict[str, int]:
        return {digest(blob): len(blob) for blob in self.to_upload}


Prepare = Callable[[World], Awaitable[Attempt]]


def _spoilt(spoil: Spoil) -> Prepare:
    async def prepare(world: World) -> Attempt:
        return Attempt(package=spoil(world), by=world.ministry)

    return prepare


# Against what the axis knows.


def about_a_document(unsigned: Package, *then: Package) -> Prepare:
    """A package of the ministry after it sent the document to the province and the department, `then` sent
    others."""

    async def prepare(world: World) -> Attempt:
        await world.sent(world.province, world.department)
        for earlier in then:
            await world.intake.submit(world.ministry.caller(), world.sealed(world.ministry, earlier))
        return Attempt(package=world.sealed(world.ministry, unsigned), by=world.ministry)

    return prepare


async def _of_another_agency(world: World) -> Attempt:
    await world.sent(world.province)
    theirs = replace(revoke("H90"), sender=Organ(organ_id="K99"))
    return Attempt(package=world.sealed(world.stranger, theirs), by=world.stranger)


async def _ended(world: World) -> Attempt:
    entry = await world.sent(world.province, world.department)
    await world.report(world.province, entry, "02", "Không đúng thẩm quyền")
    package = world.sealed(world.ministry, update("H91.01", added=("H90",)))
    return Attempt(package=package, by=world.ministry)


async def _retried(world: World) -> Attempt:
    package = world.sealed(world.ministry, document())
    await world.intake.submit(world.ministry.caller(), package)
    world.trust = TrustStore.of(
        [world.pki.root.certificate], crls=[world.pki.root.crl(revoked=[world.ministry.identity])]
    )
    return Attempt(package=package, by=world.ministry)


async def _not_delegated(world: World) -> Attempt:
    return Attempt(package=world.sealed(world.ministry, document()), by=world.ministry, may_send=False)


async def _revoked(world: World) -> Attempt:
    world.trust = TrustStore.of(
        [world.pki.root.certificate], crls=[world.pki.root.crl(revoked=[world.ministry.identity])]
    )
    package = world.sealed(world.ministry, document())
    return Attempt(package=package, by=world.ministry)


async def _suspended_recipient(world: World) -> Attempt:
    world.suspend(world.province)
    package = world.sealed(world.ministry, document())
    return Attempt(package=package, by=world.ministry)


def _unfit(capabilities: Capabilities) -> Prepare:
    async def prepare(world: World) -> Attempt:
        agency = replace(world.province.agency, capabilities=capabilities)
        world.register(replace(world.province, agency=agency))
        package = world.sealed(world.ministry, document(to=["H91.01", "H90"]))
        return Attempt(package=package, by=world.ministry)

    return prepare


async def _unfit_for_what_comes(world: World) -> Attempt:
    agency = replace(world.province.agency, capabilities=Capabilities(attachment_bytes=len(LARGE) - 1))
    world.register(replace(world.province, agency=agency))
    package = with_detached(digest(LARGE))(world)
    return Attempt(package=package, by=world.ministry, to_upload=(LARGE,))


async def _unfit_to_join(world: World) -> Attempt:
    await world.sent(world.department)
    agency = replace(world.province.agency, capabilities=Capabilities(attachment_bytes=len(PDF) - 1))
    world.register(replace(world.province, agency=agency))
    unsigned = replace(update("H91.01", added=("H90",)), attachments=())
    return Attempt(package=world.sealed(world.ministry, unsigned), by=world.ministry)


async def _with_an_upload(world: World) -> Attempt:
    return Attempt(package=with_detached(digest(LARGE))(world), by=world.ministry, to_upload=(LARGE,))


async def _too_large_an_upload(world: World) -> Attempt:
    limits = replace(LIMITS, attachment_bytes=len(LARGE) - 1, package_bytes=len(LARGE) - 1)
    package = with_detached(digest(LARGE))(world)
    return Attempt(
        package=package,
        by=world.ministry,
        to_upload=(LARGE,),
        limits=limits,
    )


async def _too_large(world: World) -> Attempt:
    limits = replace(LIMITS, package_bytes=100)
    return Attempt(package=b"x" * 101, by=world.ministry, limits=limits)


async def _never_uploaded(world: World) -> Attempt:
    return Attempt(package=digest(b"never"), by=world.ministry)


async def _uploaded(world: World) -> Attempt:
    package = world.sealed(world.ministry, document())
    return Attempt(package=await world.uploaded(world.ministry, package), by=world.ministry)


ATTEMPTS: dict[str, tuple[Prepare, str]] = {
    **{name: (_spoilt(spoil), code) for name, (spoil, code) in SPOILT.items()},
    "a document": (_spoilt(edxml(to=("000.00.00.H90", "H91.01"))), ""),
    "a document under the sender's old name": (_spoilt(edxml(sender="000.00.00.G90")), ""),
    "an odd document": (_spoilt(edxml(subject="á" * 100_000, due_date="2026/02/01")), ""),
    "a document that was uploaded": (_uploaded, ""),
    "a document with an attachment to come": (_with_an_upload, ""),
    "a retry whose certificate was revoked since": (_retried, ""),
    "a delegate that may only receive": (_not_delegated, "NOT_DELEGATED"),
    "a revoked certificate": (_revoked, "CERTIFICATE_REVOKED"),
    "a suspended recipient": (_suspended_recipient, "SUSPENDED_RECIPIENT"),
    "a recipient that takes no such kind": (
        _unfit(Capabilities(kinds=frozenset({1, 2, 3}))),
        "RECIPIENT_UNFIT",
    ),
    "a recipient that takes no such attachment": (
        _unfit(Capabilities(attachment_bytes=len(PDF) - 1)),
        "RECIPIENT_UNFIT",
    ),
    "a recipient that takes nothing so large as what comes": (_unfit_for_what_comes, "RECIPIENT_UNFIT"),
    "one who would join and takes no such attachment": (_unfit_to_join, "RECIPIENT_UNFIT"),
    "an attachment that the axis would not take": (_too_large_an_upload, "ATTACHMENT_TOO_LARGE"),
    "too large": (_too_large, "PACKAGE_TOO_LARGE"),
    "never uploaded": (_never_uploaded, "NOT_FOUND"),
    "a revoke": (about_a_document(revoke("H90", "H91.01")), ""),
    "a second revoke": (about_a_document(revoke("H90"), revoke("H90", "H91.01")), ""),
    "a revoke of another agency's document": (_of_another_agency, "DOCUMENT_UNKNOWN"),
    "a revoke from nobody who had it": (about_a_document(revoke("K99")), "NOT_A_RECIPIENT"),
    "an update": (about_a_document(update("H90", removed=("H91.01",), added=("K99",))), ""),
    "an update that adds nobody known": (about_a_document(update(added=("X1",))), "UNKNOWN_RECIPIENT"),
    "an update that removes a stranger": (about_a_document(update(removed=("K99",))), "NOT_A_RECIPIENT"),
    "an update that contradicts itself": (
        about_a_document(update(removed=("H90",), added=("000.00.00.H90",))),
        "EDXML_AMBIGUOUS",
    ),
    "an update that adds one who refused": (_ended, "RECIPIENT_ENDED"),
    "an update during a recall": (about_a_document(update(), revoke("H90")), "DOCUMENT_RECALLED"),
    "a replacement": (about_a_document(replacement("H90", "H91.01")), ""),
    "a replacement under the old number": (
        about_a_document(replacement(document_id=DOCUMENT_ID, of={DOCUMENT_ID: ("H90",)})),
        "",
    ),
    "a replacement during a recall": (about_a_document(replacement(), revoke("H90")), "DOCUMENT_RECALLED"),
    "a replacement for a stranger": (
        about_a_document(replacement(of={DOCUMENT_ID: ("K99",)})),
        "NOT_A_RECIPIENT",
    ),
    "a replacement under another document's number": (
        about_a_document(
            replacement(document_id=DOCUMENT_ID, of={NEXT_ID: ()}), document(document_id=NEXT_ID)
        ),
        "DOCUMENT_ID_TAKEN",
    ),
    "another document under the same number": (
        about_a_document(document(subject="Khác")),
        "DOCUMENT_ID_TAKEN",
    ),
}
"""With the code that each meets; an empty one is accepted."""
