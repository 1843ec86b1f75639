"""The agencies, in SQLite."""

from __future__ import annotations

from storage.errors import Changed
from storage.ledger.registry import Agency
from storage.ledger.sqlite.facet import Facet
from storage.ledger.sqlite.rows import agency_from, to_json
from storage.ledger.sqlite.writer import Transaction
from storage.ledger.wellformed import check_agency


class SqliteDirectory(Facet):
    """`Directory` in SQLite."""

    async def register(self, agency: Agency, *, replacing: Agency | None) -> None:
        check_agency(agency, replacing)
        await self._writer.write(lambda t: register(t, agency, replacing))

    async def agencies(self) -> tuple[Agency, ...]:
        return tuple(map(agency_from, await self._readers.all("agencies", (None,))))

    async def version(self) -> int:
        row = await self._readers.one("counter", "directory")
        return row[0] if row else 0


def register(transaction: Transaction, agency: Agency, replacing: Agency | None) -> None:
    """`Directory.register`."""
    kept = transaction.one("agencies", agency.agency_id)
    if (agency_from(kept) if kept else None) != replacing:
        raise Changed(agency.agency_id)
    names = (agency.agency_id, *agency.aliases)
    hashes = [certificate.sha256 for certificate in agency.certificates]
    other = transaction.one("other_named", agency.agency_id, to_json(names))
    if other is not None:
        raise ValueError(f"an identifier of {agency.agency_id} belongs to {other[0]}")
    other = transaction.one("other_certified", agency.agency_id, to_json(hashes))
    if other is not None:
        raise ValueError(f"a certificate of {agency.agency_id} belongs to {other[0]}")
    transaction.run("put_agency", agency.agency_id, agency.name, agency.active, to_json(agency.attributes))
    transaction.run("drop_names", agency.agency_id)
    transaction.run("drop_certificates", agency.agency_id)
    transaction.run_many(
        "add_name",
        [(name, agency.agency_id, ordinal, name) for ordinal, name in enumerate(names)],
    )
    transaction.run_many(
        "add_certificate",
        [
            (one.sha256, agency.agency_id, ordinal, one.pem, one.role, one.may_connect, one.may_seal)
            for ordinal, one in enumerate(agency.certificates)
        ],
    )
    transaction.one("count", "directory")
