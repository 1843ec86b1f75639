"""What the axis says of an administrative act: who did what, when, why, and what was before and after. A
sealed XML document; as a leaf of the log it can never be taken back.

    content = write(ActStatement(...), Sealer(signer))
    verdict = verify(content, trust=..., at=...)          # like every other seal
    read(verdict).kind
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from signing.parser import DEFAULT_LIMITS, parse, text_of
from signing.seal import Sealer
from signing.spelling import local
from signing.statements.document import fields, moment, one, parts, written
from signing.verdict import Sound

NAMESPACE = "urn:national-axis:administrative-act:1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """One fact that was one thing and became another."""

    of: str
    """The agency, group or thing that it is a fact of."""
    what: str
    """Name of the fact, such as `certificates`."""
    before: str
    """Empty when there was nothing. Never a secret, and of a key only its digest."""
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActStatement:
    """One administrative act. `at` is aware."""

    identifier: str
    issuer_id: str
    """The axis."""
    kind: str
    """Such as `agency.certificate.add`."""
    at: datetime
    account: str
    """The operating system's name of who ran the command; empty for the axis itself, at its start."""
    operator: str
    """Who says to have done it, as given with the command; may be empty."""
    reason: str
    about: tuple[str, ...] = ()
    """Identifiers of the agencies and groups that it changed."""
    changes: tuple[Changed, ...] = ()


def write(statement: ActStatement, sealer: Sealer) -> bytes:
    """Returns the sealed document. Its SigningTime is when it was done."""
    document = written(
        NAMESPACE,
        "AdministrativeAct",
        [
            ("Identifier", statement.identifier),
            ("Issuer", statement.issuer_id),
            ("Kind", statement.kind),
            ("At", local(statement.at)),
            ("Account", statement.account),
            ("Operator", statement.operator),
            ("Reason", statement.reason),
            *(("About", about) for about in statement.about),
            *(
                (
                    "Change",
                    [
                        ("Of", each.of),
                        ("What", each.what),
                        ("Before", each.before),
                        ("After", each.after),
                    ],
                )
                for each in statement.changes
            ),
        ],
    )
    return sealer.seal_canonical(document, at=statement.at)


def read(sound: Sound) -> ActStatement:
    """Reads what was sealed. Raises `ValueError` when it is another document."""
    return _read(sound.root)


def read_unproven(content: bytes) -> ActStatement:
    """Reads a statement as it stands, from where nobody else can have put it; its seal is not looked at.
    Raises `ValueError`, and `Malformed` when it is not XML that may be read."""
    return _read(parse(content, DEFAULT_LIMITS))


def _read(root: etree._Element) -> ActStatement:
    found = fields(root, NAMESPACE, "AdministrativeAct")
    return ActStatement(
        identifier=one(found, "Identifier"),
        issuer_id=one(found, "Issuer"),
        kind=one(found, "Kind"),
        at=moment(found, "At"),
        account=one(found, "Account"),
        operator=one(found, "Operator"),
        reason=one(found, "Reason"),
        about=tuple(text_of(each) for each in found.get("About", ())),
        changes=tuple(_changed(each) for each in found.get("Change", ())),
    )


def _changed(element: etree._Element) -> Changed:
    found = parts(element, NAMESPACE)
    return Changed(
        of=one(found, "Of"),
        what=one(found, "What"),
        before=one(found, "Before"),
        after=one(found, "After"),
    )
