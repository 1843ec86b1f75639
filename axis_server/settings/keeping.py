"""Where everything is kept, until when it moves, and how it is looked through."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from axis_server.settings.section import Section
from axis_server.settings.values import MIB, ConfiguredPath, Hours, HoursByPriority, OptionalPath, SizeOrZero


class StoreSettings(Section):
    """A place for originals."""

    kind: Literal["files", "s3"] = "files"
    """`files`: a directory of this machine. `s3`: a bucket of an S3 store, for any number of nodes."""
    path: ConfiguredPath = Path("archive")
    """`files`: the directory. It and the ledger belong together: back them up together."""
    endpoint: str = ""
    """`s3`: the store, `https://host` or `https://host:port`."""
    bucket: str = ""
    """`s3`: a bucket of the axis's own, versioned, with object lock and no default retention."""
    region: str = "us-east-1"
    """`s3`: the bucket's region. Many stores have one, under this name."""
    access_key: str = ""
    """`s3`: the name of the key. Its secret comes from the environment or `secret_key_file`."""
    secret_key_file: OptionalPath = None
    """`s3`: a file that holds the secret key and nothing else, readable for the axis alone."""
    ca: OptionalPath = None
    """`s3`: PEM file with the authorities that vouch for the store; empty for those of the system."""
    lock: Literal["governance", "compliance", "off"] = "governance"
    """`s3`: how blobs are locked once they are originals. `governance`: whoever may bypass it can shorten a
    lock. `compliance`: nobody can. `off`: the store locks nothing."""
    connections: int = Field(default=32, ge=1, le=1000)
    """`s3`: most requests of one process at once."""

    @model_validator(mode="after")
    def _names_a_bucket(self) -> Self:
        lacking = [f"`{name}`" for name in ("endpoint", "bucket", "access_key") if not getattr(self, name)]
        if self.kind == "s3" and lacking:
            raise ValueError(f'kind "s3" needs {" and ".join(lacking)}')
        return self


class ReplicaSettings(StoreSettings):
    """A second place for originals, in another region or store. Nothing is accepted before both have it;
    reading needs one of the two, and the scrub mends what one has lost from the other. A replica that is
    added later gets the older originals in the scrub's next round, or by `axis-server scrub` at once. Its
    secret key comes from `AXIS_ARCHIVE_REPLICA_SECRET_KEY` or its `secret_key_file`."""

    path: ConfiguredPath = Path("archive-replica")
    """`files`: the directory, on another disk than the archive's."""


class ArchiveSettings(StoreSettings):
    """Where originals are kept. The secret key of an S3 store comes from `AXIS_ARCHIVE_SECRET_KEY` or
    `secret_key_file`."""

    reserve_bytes: SizeOrZero = 256 * MIB
    """`files`: room on its disk that uploads leave free, so that packages, statements and the ledger go on
    when large files no longer fit. An upload that would go below it is answered STORE_FULL before its first
    byte."""
    replica: ReplicaSettings | None = None
    """A second place, in a section of its own."""

    @model_validator(mode="after")
    def _keeps_two_copies_in_two_places(self) -> Self:
        if self.replica is not None and _place(self) == _place(self.replica):
            raise ValueError("the replica is the archive itself; name another place")
        return self


def _place(store: StoreSettings) -> tuple[str, ...]:
    return (str(store.path),) if store.kind == "files" else (store.endpoint, store.bucket)


class LedgerSettings(Section):
    """Where the ledger and the directory of agencies are kept."""

    kind: Literal["sqlite", "postgres"] = "sqlite"
    """`sqlite`: one file on a local disk of this machine, never on a network share. `postgres`: a PostgreSQL
    database, version 15 or newer, for any number of nodes; it needs the extra `national-axis[postgres]`."""
    path: ConfiguredPath = Path("ledger.sqlite3")
    """`sqlite`: the file."""
    dsn: str = ""
    """`postgres`: how the database is reached, as libpq takes it: `host=db1,db2 dbname=axis user=axis
    sslmode=verify-full`; of several hosts the primary is found. The password comes from
    `AXIS_LEDGER_PASSWORD` or `password_file`."""
    password_file: OptionalPath = None
    """`postgres`: a file that holds the password and nothing else, readable for the axis alone."""
    database_schema: str = "axis"
    """`postgres`: the schema in that database that is the ledger's own; made if absent."""
    connections: int = Field(default=12, ge=6, le=1000)
    """`postgres`: most connections of one process: five, and the others to read."""
    replica: str = ""
    """`postgres`: how a streaming standby is reached that answers counts and searches, written as `dsn`, with
    the same password; empty asks the primary. Three more connections of each process, there."""
    replica_seconds: float = Field(default=5.0, gt=0, le=3600)
    """`postgres`: a replica that lacks what was written longer ago is passed over, and the primary asked."""

    @model_validator(mode="after")
    def _names_a_database(self) -> Self:
        if self.kind == "postgres" and not self.dsn:
            raise ValueError('kind "postgres" needs `dsn`')
        return self


class DeadlineSettings(Section):
    """Until when a recipient must take a document and answer it. They are fixed when the axis accepts the
    document: a change here holds for what is sent afterwards."""

    handover_hours: HoursByPriority = (72, 24, 8, 2, 2)
    """Hours from acceptance by the axis to the hand-over (01), for priority 0 normal, 1 urgent, 2 very
    urgent, 3 express, 4 express timed. Never later than the answer."""
    answer_hours: HoursByPriority = (120, 48, 24, 8, 8)
    """Hours from acceptance by the axis to the answer (03 or 02), for the same priorities. A DueDate that
    lies ahead cuts it short at the end of that day in Viet Nam."""
    question_hours: Hours = 120
    """How long a take-back (status 13) waits for 15 or 16."""
    ask_again_hours: Hours = 24
    """How long a recipient that said no (16) is not asked again for the same document, unless it has moved it
    on (01, 03, 04 to 06) meanwhile."""


class ScrubSettings(Section):
    """Going through everything that is kept, again and again: lost or altered files are found, and mended
    where there is a replica."""

    bytes_per_second: SizeOrZero = 16 * MIB
    """How much each process reads in a second, beside all else; 0 turns it off (`axis-server scrub` works
    all the same)."""
    round_days: float = Field(default=30.0, gt=0, le=3650)
    """How long after the beginning of a round the next one begins. A round must fit in: the bytes of the
    archive by `bytes_per_second`."""
