"""`axis-server agency list`: who is registered, and with what."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from cryptography import x509

from axis_server.operation.particulars import span
from axis_server.operation.terminal import CONFIG, on_ledger
from storage.ledger.directory import Directory
from storage.ledger.registry import Agency, Capabilities, Certificate


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@CONFIG
def list_agencies(*, as_json: bool, config: Path) -> None:
    """Lists the agencies with their certificates."""

    async def agencies(directory: Directory) -> tuple[Agency, ...]:
        return await directory.agencies()

    at = datetime.now(UTC)
    for each in on_ledger(config, agencies):
        if as_json:
            click.echo(json.dumps(_facts(each, at), ensure_ascii=False))
            continue
        names = " ".join((each.agency_id, *each.aliases))
        click.echo(f"{names}  {each.name}{'' if each.active else '  SUSPENDED'}")
        for line in _more(each):
            click.echo(f"    {line}")
        for kept in each.certificates:
            uses = [word for word, may in (("connects", kept.may_connect), ("seals", kept.may_seal)) if may]
            left = f"{_days_left(kept, at)} days left"
            click.echo(f"    {kept.sha256}  {kept.role}, {' and '.join(uses)}, until {_expiry(kept)}, {left}")


def _days_left(kept: Certificate, at: datetime) -> int:
    """Whole days until it ends; below 0 after it."""
    certificate = x509.load_pem_x509_certificate(kept.pem.encode())
    return (certificate.not_valid_after_utc - at).days


def _expiry(kept: Certificate) -> str:
    return x509.load_pem_x509_certificate(kept.pem.encode()).not_valid_after_utc.date().isoformat()


def _more(each: Agency) -> Iterator[str]:
    """Yields what else there is to say of an agency, in lines."""
    can = each.capabilities
    if each.parent_id or each.category:
        yield ", ".join(filter(None, (each.parent_id and f"below {each.parent_id}", each.category)))
    if each.since or each.until:
        yield span(each.since, each.until)
    if can != Capabilities():
        kinds = ",".join(map(str, sorted(can.kinds)))
        bound = f", files up to {can.attachment_bytes} bytes" if can.attachment_bytes else ""
        yield f"accepts kinds {kinds}{bound}"
    for leave in each.delegations:
        may = " and ".join(w for w, on in (("sends", leave.may_send), ("receives", leave.may_receive)) if on)
        yield f"{leave.agency_id} {may} for it, {span(leave.since, leave.until)}"


def _facts(each: Agency, at: datetime) -> dict[str, Any]:
    certificates = [
        {
            "sha256": kept.sha256,
            "role": kept.role,
            "may_connect": kept.may_connect,
            "may_seal": kept.may_seal,
            "not_after": _expiry(kept),
            "days_left": _days_left(kept, at),
        }
        for kept in each.certificates
    ]
    return {
        "agency_id": each.agency_id,
        "name": each.name,
        "aliases": list(each.aliases),
        "active": each.active,
        "parent_id": each.parent_id,
        "category": each.category,
        "accepts_up_to": each.capabilities.attachment_bytes,
        "accepts_kinds": sorted(each.capabilities.kinds),
        "since": each.since and each.since.isoformat(),
        "until": each.until and each.until.isoformat(),
        "delegations": [
            {
                "agency_id": leave.agency_id,
                "may_send": leave.may_send,
                "may_receive": leave.may_receive,
                "since": leave.since.isoformat(),
                "until": leave.until and leave.until.isoformat(),
            }
            for leave in each.delegations
        ],
        "certificates": certificates,
    }
