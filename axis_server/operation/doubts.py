"""What an operator is told of an agency as it was just registered: what it cannot do, and who does it."""

from __future__ import annotations

from datetime import datetime

import click
from cryptography import x509

from axis_server.admitting.trust import load, policy_of
from axis_server.operation.particulars import shown
from axis_server.operation.terminal import Refusal
from axis_server.settings import Settings
from signing.policy import Purpose
from signing.trust import TrustError
from signing.verdict import Reason, Refused, Undecided
from storage.ledger.registry import Agency, Certificate


def certificates(count: int) -> str:
    """Says how many certificates an agency has, behind a sentence about it."""
    return (
        " without a certificate: it can neither connect nor seal"
        if not count
        else (" with one certificate" if count == 1 else f" with {count} certificates")
    )


def unserved(agency: Agency, seat: Agency | None) -> str:
    """Says of an agency without a certificate whose mailbox takes what is sent to it."""
    if seat is None:
        above = (
            ", and nobody above it has a system either: it cannot be sent anything"
            if agency.parent_id
            else ""
        )
        return certificates(0) + above
    return (
        f" without a certificate: {seat.agency_id} ({seat.name}) takes its letters in its own mailbox, and"
        " answers and sends for it"
    )


def tell_ended(agency: Agency, at: datetime) -> None:
    """Warns of an agency whose time (`--until`) is over already."""
    if agency.until is not None and agency.until <= at:
        click.echo(
            f"Warning: {agency.agency_id} ended on {shown(agency.until)}: it can neither send nor be"
            ' addressed; if that is not meant, give another --until, or --until "" for none.',
            err=True,
        )


def tell_doubts(settings: Settings, kept: tuple[Certificate, ...], at: datetime) -> None:
    """Warns of certificates that the axis, as it is configured, will not let in or will not believe."""
    trust, policy = settings.trust, policy_of(settings.trust, settings.revocation)
    try:
        seals, doors = load(trust, settings.tls.client_ca)
    except TrustError as exc:
        raise Refusal(f"Registered, but the axis's own trust cannot be read: {exc}") from exc
    for one in kept:
        certificate = x509.load_pem_x509_certificate(one.pem.encode())
        for may, store, purpose, field, so in (
            (one.may_connect, doors, Purpose.CONNECT, "tls.client_ca", "it cannot connect"),
            (one.may_seal, seals, Purpose.SEAL, "trust", "its seals are not accepted"),
        ):
            judged = store.judge(certificate, at=at, policy=policy, purpose=purpose) if may else None
            if isinstance(judged, Refused | Undecided):
                until = (
                    " until the axis has a list or an answer about it"
                    if judged.reason is Reason.REVOCATION_UNKNOWN
                    else ""
                )
                click.echo(
                    f"Warning: {one.sha256[:16]} does not hold under `{field}` ({judged.reason}),"
                    f" so {so}{until}.",
                    err=True,
                )
