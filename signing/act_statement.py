"""What the axis says of an administrative act: who did what, when, why, and what was before and after. A
sealed XML document; as a leaf of the log it can never be taken back.

    content = write(ActStatement(...), Sealer(signer))
    verdict = verify(content, trust=..., at=...)          # like every other seal
    read(verdict).kind
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from lxml import etree

from signing import own_form
from signing.own_form import text, texts
from signing.parser import DEFAULT_LIMITS, parse
from signing.seal import Sealer
from signing.verdict import Sound

NAMESPACE = f"{own_form.PREFIX}administrative-act:1"
_VIETNAM = timezone(timedelta(hours=7))


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
    document = own_form.write(
        "AdministrativeAct",
        NAMESPACE,
        [
            ("Identifier", statement.identifier),
            ("Issuer", statement.issuer_id),
            ("Kind", statement.kind),
            ("At", statement.at.astimezone(_VIETNAM).isoformat()),
            ("Account", statement.account),
            ("Operator", statement.operator),
            ("Reason", statement.reason),
            *(("About", one) for one in statement.about),
            *(
                (
                    "Change",
                    [("Of", one.of), ("What", one.what), ("Before", one.before), ("After", one.after)],
                )
                for one in statement.changes
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
    if root.tag != f"{{{NAMESPACE}}}AdministrativeAct":
        raise ValueError("it is no statement about an administrative act")
    return ActStatement(
        identifier=text(root, "Identifier"),
        issuer_id=text(root, "Issuer"),
        kind=text(root, "Kind"),
        at=datetime.fromisoformat(text(root, "At")),
        account=text(root, "Account"),
        operator=text(root, "Operator"),
        reason=text(root, "Reason"),
        about=texts(root, "About"),
        changes=tuple(
            Changed(
                of=text(one, "Of"),
                what=text(one, "What"),
                before=text(one, "Before"),
                after=text(one, "After"),
            )
            for one in own_form.children(root, "Change")
        ),
    )
