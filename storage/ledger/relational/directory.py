"""The directory's verbs over the same engine: agencies and groups."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from datetime import datetime

from storage.errors import Changed
from storage.ledger.pages import Page, page
from storage.ledger.registering import check_registered, identifiers, own_id, registered_bytes
from storage.ledger.registry import Agency, Capabilities, Certificate, Delegation, Group, Registered
from storage.ledger.relational.engine import Transaction
from storage.ledger.relational.facet import Facet
from storage.ledger.relational.rows import Row, microseconds, moment, to_json
from storage.ledger.wellformed import SIZE_MOST, check_page


class RelationalDirectory(Facet):
    """`Directory` over SQL."""

    async def register(self, registered: Registered, *, replacing: Registered | None) -> None:
        check_registered(registered, replacing)
        await self._writer.write(lambda transaction: register(transaction, registered, replacing))

    async def agencies(self) -> tuple[Agency, ...]:
        return tuple(map(_agency_from, await self._readers.all("agencies", ())))

    async def groups(self) -> tuple[Group, ...]:
        return tuple(map(_group_from, await self._readers.all("groups", ())))

    async def version(self) -> int:
        row = await self._readers.one("counter", "directory")
        return row[0] if row else 0

    async def changed(self, *, after: int = 0, limit: int, viewer: str | None = None) -> Page[Registered]:
        check_page(after, limit)

        def paged(found: Iterator[Row]) -> Page[Registered]:
            placed = ((row[0], _registered_from(row)) for row in found)
            return page(placed, registered_bytes, after=after, limit=limit)

        values = {"after": after, "limit": min(limit, SIZE_MOST - 1) + 1, "viewer": viewer}
        return await self._readers.walk("changed", values, paged)


def register(transaction: Transaction, registered: Registered, replacing: Registered | None) -> None:
    """`Directory.register`."""
    own, is_agency = own_id(registered), isinstance(registered, Agency)
    row = transaction.one("agency" if is_agency else "group", own)
    if (_registered_from(row) if row else None) != replacing:
        raise Changed(own)
    selves = (own, None) if is_agency else (None, own)
    other = transaction.one("other_named", *selves, to_json(identifiers(registered)))
    if other is not None:
        raise ValueError(f"an identifier of {own} belongs to {other[0]}")
    if isinstance(registered, Agency):
        _check_agency(transaction, registered)
    counted = transaction.one("count", "directory")
    assert counted is not None
    if isinstance(registered, Agency):
        _put_agency(transaction, registered, counted[0])
    else:
        _put_group(transaction, registered, counted[0])


def _check_agency(transaction: Transaction, agency: Agency) -> None:
    hashes = to_json([certificate.sha256 for certificate in agency.certificates])
    if (other := transaction.one("other_certified", agency.agency_id, hashes)) is not None:
        raise ValueError(f"a certificate of {agency.agency_id} belongs to {other[0]}")
    if agency.parent_id:
        chain = {row[0] for row in transaction.all("chain_of", agency.parent_id)}
        if not chain:
            raise ValueError(f"{agency.parent_id}, above {agency.agency_id}, is no agency")
        if agency.agency_id in chain:
            raise ValueError(f"{agency.agency_id} would stand below itself")


def _put_agency(transaction: Transaction, agency: Agency, version: int) -> None:
    own = agency.agency_id
    transaction.run(
        "put_agency",
        version,
        own,
        agency.name,
        agency.active,
        to_json(agency.attributes),
        agency.parent_id,
        agency.category,
        agency.capabilities.attachment_bytes,
        to_json(sorted(agency.capabilities.kinds)),
        to_json([_delegation_values(one) for one in agency.delegations]),
        _stamp(agency.since),
        _stamp(agency.until),
    )
    transaction.run("drop_names", own)
    transaction.run("drop_certificates", own)
    names = enumerate(identifiers(agency))
    transaction.run_many("add_name", [(name, own, ordinal, name) for ordinal, name in names])
    transaction.run_many(
        "add_certificate",
        [
            (one.sha256, own, ordinal, one.pem, one.role, one.may_connect, one.may_seal)
            for ordinal, one in enumerate(agency.certificates)
        ],
    )


def _put_group(transaction: Transaction, group: Group, version: int) -> None:
    members, categories = to_json(group.members), to_json(group.categories)
    transaction.run(
        "put_group", version, group.group_id, group.name, group.owner_id, members, categories, group.active
    )


def _registered_from(row: Row) -> Registered:
    return _group_from(row) if row[-1] is None else _agency_from(row)


def _agency_from(row: Row) -> Agency:
    (
        _,
        agency_id,
        name,
        active,
        attributes,
        parent_id,
        category,
        attachment_bytes,
        kinds,
        delegations,
        since,
        until,
        aliases,
        certificates,
    ) = row
    return Agency(
        agency_id=agency_id,
        name=name,
        aliases=tuple(json.loads(aliases)),
        certificates=tuple(
            Certificate(
                sha256=sha256, pem=pem, role=role, may_connect=bool(may_connect), may_seal=bool(may_seal)
            )
            for sha256, pem, role, may_connect, may_seal in json.loads(certificates)
        ),
        active=bool(active),
        parent_id=parent_id,
        category=category,
        capabilities=_capabilities(attachment_bytes, kinds),
        delegations=tuple(_delegation_from(*values) for values in json.loads(delegations)),
        since=_time(since),
        until=_time(until),
        attributes=json.loads(attributes),
    )


@functools.lru_cache(maxsize=256)
def _capabilities(attachment_bytes: int, kinds: str) -> Capabilities:
    """Most agencies can the same: one record for all of them."""
    return Capabilities(attachment_bytes=attachment_bytes, kinds=frozenset(json.loads(kinds)))


def _group_from(row: Row) -> Group:
    _, group_id, name, active, owner_id, members, categories, *_ = row
    return Group(
        group_id=group_id,
        name=name,
        owner_id=owner_id,
        members=tuple(json.loads(members)),
        categories=tuple(json.loads(categories)),
        active=bool(active),
    )


def _delegation_values(one: Delegation) -> tuple[object, ...]:
    return one.agency_id, one.may_send, one.may_receive, microseconds(one.since), _stamp(one.until)


def _delegation_from(
    agency_id: str, may_send: bool, may_receive: bool, since: int, until: int | None
) -> Delegation:
    return Delegation(
        agency_id=agency_id,
        may_send=may_send,
        may_receive=may_receive,
        since=moment(since),
        until=_time(until),
    )


def _stamp(time: datetime | None) -> int | None:
    return None if time is None else microseconds(time)


def _time(count: int | None) -> datetime | None:
    return None if count is None else moment(count)
