"""What the operator configures: one TOML file, every field described here and in docs/settings.md.

    settings = load(Path("axis.toml"))
    settings.server.listen        # Address(host="127.0.0.1", port=7443)
    settings.tls.certificate      # absolute: relative paths are relative to the file

Secrets never stand in the file: `Secrets` reads them from the environment, and nothing else comes from there.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from axis_server.values import (
    GIB,
    MIB,
    ConfiguredPath,
    Hours,
    HoursByPriority,
    ListenAddress,
    OptionalAddress,
    OptionalPath,
    Size,
    SizeOrZero,
    WebAddress,
    WitnessKey,
)
from axis_server.values import Address as Address
from axis_server.values import parse_address as parse_address
from signing.log import read_vkey
from signing.policy import Revocation


class SettingsError(Exception):
    """The file cannot be used. `problems` holds one sentence for each thing that is wrong, all at once."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class _Section(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, validate_default=True
    )


class AxisSettings(_Section):
    """Who this axis is, as its evidence says."""

    id: str = Field(min_length=1, max_length=100)
    """Identifier of the axis in its evidence and in WhoAmI. Never change it once evidence was issued."""
    name: str = Field(default="", max_length=200)
    """Name of the axis for people, in its evidence."""


class ServerSettings(_Section):
    """The gRPC server."""

    listen: ListenAddress = Address("127.0.0.1", 7443)
    """Address that agencies connect to, `host:port`. With port 0 the system chooses one."""
    workers: int = Field(default=2, ge=1, le=256)
    """Threads that verify seals. About one for each processor core."""
    shutdown_grace_seconds: float = Field(default=30.0, ge=0, le=3600)
    """How long calls in flight may take to end after SIGTERM before they are cut."""
    concurrent_calls: int = Field(default=1000, ge=1)
    """Calls served at once beside the watches; more are answered RESOURCE_EXHAUSTED."""
    calls_per_agency: int = Field(default=100, ge=1)
    """Of these, by one agency, over all its connections; more are answered TOO_MANY_CALLS."""
    watches: int = Field(default=2000, ge=1)
    """Inboxes and event streams watched at once, by all agencies; more are answered TOO_MANY_WATCHES and may
    poll."""
    watches_per_agency: int = Field(default=20, ge=1)
    """Of these, by one agency. Watches of the health service count too."""
    concurrent_streams: int = Field(default=100, ge=1)
    """Calls at once on one connection; more wait."""
    probe_seconds: float = Field(default=5.0, gt=0, le=3600)
    """How often archive and ledger are tried for the health service and the metrics."""


class TlsSettings(_Section):
    """Mutual TLS: the server's own certificate, and who may issue those of the clients."""

    certificate: ConfiguredPath
    """The server's certificate, PEM; its chain may follow in the same file."""
    key: ConfiguredPath
    """Its private key, PEM. An encrypted one is opened by `AXIS_TLS_KEY_PASSWORD` in the environment."""
    client_ca: list[ConfiguredPath] = Field(min_length=1)
    """PEM files with the authorities whose client certificates may connect. That alone opens nothing: the
    certificate must also stand in the directory."""


class EvidenceSettings(_Section):
    """The key with which the axis signs evidence."""

    certificate: ConfiguredPath
    """The evidence certificate, PEM; its chain may follow in the same file."""
    key: ConfiguredPath
    """Its private key, PEM. An encrypted one is opened by `AXIS_EVIDENCE_KEY_PASSWORD` in the environment."""


class WitnessSettings(_Section):
    """A witness that is asked to cosign each checkpoint of the log (C2SP tlog-witness). Its key goes into the
    policies of those who verify, by another road than the axis."""

    vkey: WitnessKey
    """Its public key, as `axis witness key` prints it."""
    url: WebAddress
    """Where it answers; `add-checkpoint` is asked for below it."""


class TransparencySettings(_Section):
    """The transparency log, whose checkpoints the axis signs."""

    key: ConfiguredPath = Path("log.key")
    """The log's own key, one line of text as `axis-server log-key` writes it. It signs nothing but the log;
    its name is the log's origin, in every checkpoint for ever."""
    publish_seconds: float = Field(default=1.0, gt=0, le=3600)
    """How often a checkpoint is signed over what is new. A proof of something new waits so long."""
    listen: OptionalAddress = None
    """Address where the log is shown to everybody over plain HTTP (C2SP tlog-tiles: `/checkpoint` and
    `/tile/…`), `host:port`; empty shows it over gRPC alone. TLS and caching are a proxy's."""
    witnesses: list[WitnessSettings] = []
    """Who cosigns the log's checkpoints, each in a `[[transparency.witnesses]]` of its own."""

    @model_validator(mode="after")
    def _names_each_witness_once(self) -> Self:
        keys = [read_vkey(one.vkey) for one in self.witnesses]
        for what, values in (("key", [key.public for key in keys]), ("name", [key.name for key in keys])):
            if len(set(values)) != len(values):
                raise ValueError(f"two witnesses have one {what}; each is named once")
        return self


class TimestampSettings(_Section):
    """An authority that time-stamps the log's checkpoints (RFC 3161), in the background: nothing ever waits
    for it."""

    name: str = Field(pattern="^[0-9A-Za-z.-]{1,64}$")
    """Its name in the metrics and beside its time-stamps; never give it to another authority."""
    url: WebAddress
    """Where it answers."""
    anchors: list[ConfiguredPath] = Field(min_length=1)
    """PEM or DER files with the root certificates of its chain, and of nobody else who may not say when."""
    crls: list[ConfiguredPath] = []
    """PEM or DER files with revocation lists, read anew for each time-stamp. Without the list that its
    certificate names, none of its time-stamps is kept."""
    policy: str = Field(default="", pattern=r"^([0-2](\.[0-9]+)+)?$")
    """The policy asked for and accepted, as a dotted object identifier; empty takes any."""
    every_seconds: float = Field(default=600.0, gt=0, le=31_536_000)
    """How often it is asked while there is something new."""


class TrustSettings(_Section):
    """Whose seals on documents and statements are trusted."""

    anchors: list[ConfiguredPath] = Field(min_length=1)
    """PEM or DER files with trusted root certificates."""
    intermediates: list[ConfiguredPath] = []
    """PEM or DER files with intermediate certificates that help to build chains."""
    crls: list[ConfiguredPath] = []
    """PEM or DER files with certificate revocation lists."""
    revocation: Revocation = Revocation.DECLARED
    """`required`: a list that holds must cover every certificate, else the submission is to be tried later.
    `declared`: only certificates that name a revocation source, or whose issuer's list is given here."""


class ArchiveSettings(_Section):
    """Where originals are kept."""

    kind: Literal["files", "s3"] = "files"
    """`files`: a directory of this machine. `s3`: a bucket of an S3 store, for any number of nodes."""
    path: ConfiguredPath = Path("archive")
    """`files`: the directory. It and the ledger belong together: back them up together."""
    reserve_bytes: SizeOrZero = 256 * MIB
    """`files`: room on its disk that uploads leave free, so that packages, statements and the ledger go on
    when large files no longer fit. An upload that would go below it is answered STORE_FULL before its first
    byte."""
    endpoint: str = ""
    """`s3`: the store, `https://host` or `https://host:port`."""
    bucket: str = ""
    """`s3`: a bucket of the axis's own, versioned, with object lock and no default retention."""
    region: str = "us-east-1"
    """`s3`: the bucket's region. Many stores have one, under this name."""
    access_key: str = ""
    """`s3`: the name of the key. Its secret comes from `AXIS_ARCHIVE_SECRET_KEY` or `secret_key_file`."""
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


class LedgerSettings(_Section):
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

    @model_validator(mode="after")
    def _names_a_database(self) -> Self:
        if self.kind == "postgres" and not self.dsn:
            raise ValueError('kind "postgres" needs `dsn`')
        return self


class LimitSettings(_Section):
    """The largest things that the axis takes. Sizes are bytes, or such as `"16 MiB"`."""

    message_bytes: Size = 16 * MIB
    """Largest package in one Submit message; a larger one is uploaded first."""
    package_bytes: Size = 64 * MIB
    """Largest package at all, its inline attachments included."""
    attachment_bytes: Size = 10 * GIB
    """Largest detached attachment."""
    recipients: int = Field(default=5000, ge=1)
    """Most recipients of one dispatch."""
    uploads: int = Field(default=100, ge=1)
    """Unfinished uploads of one agency; with more, a new one is answered UPLOAD_QUOTA."""
    upload_bytes: Size = 100 * GIB
    """Bytes of one agency's unfinished uploads together, as far as they are announced or held."""
    upload_days: float = Field(default=7.0, gt=0, le=3650)
    """An upload that nobody went on with for so long is dropped."""
    refusals_per_minute: int = Field(default=60, ge=1)
    """Signed refusals kept for one agency; more are answered TOO_MANY_REFUSALS, without evidence."""


class DeadlineSettings(_Section):
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


class ScrubSettings(_Section):
    """Going through everything that is kept, again and again: lost or altered files are found, and mended
    where there is a replica."""

    bytes_per_second: SizeOrZero = 16 * MIB
    """How much each process reads in a second, beside all else; 0 turns it off (`axis-server scrub` works
    all the same)."""
    round_days: float = Field(default=30.0, gt=0, le=3650)
    """How long after the beginning of a round the next one begins. A round must fit in: the bytes of the
    archive by `bytes_per_second`."""


class MetricsSettings(_Section):
    """Prometheus metrics over plain HTTP."""

    listen: OptionalAddress = Address("127.0.0.1", 9464)
    """Address of `/metrics`, `host:port`; empty turns it off. It asks nobody who they are: keep it closed."""


class LogSettings(_Section):
    """The log, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least that is written."""
    format: Literal["json", "console"] = "json"
    """`json`: one object a line, for machines; `console`: for people."""


class Settings(_Section):
    """The whole file."""

    axis: AxisSettings
    server: ServerSettings
    tls: TlsSettings
    evidence: EvidenceSettings
    transparency: TransparencySettings
    timestamps: list[TimestampSettings] = []
    trust: TrustSettings
    archive: ArchiveSettings
    ledger: LedgerSettings
    limits: LimitSettings
    deadlines: DeadlineSettings
    scrub: ScrubSettings
    metrics: MetricsSettings
    log: LogSettings

    @model_validator(mode="after")
    def _names_each_authority_once(self) -> Self:
        names = [one.name for one in self.timestamps]
        if len(set(names)) != len(names):
            raise ValueError("two `timestamps` have one name; each authority has its own")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Readable:
    """What can be used of a file with mistakes: a section that has one is None."""

    problems: tuple[str, ...]
    axis: AxisSettings | None
    server: ServerSettings | None
    tls: TlsSettings | None
    evidence: EvidenceSettings | None
    transparency: TransparencySettings | None
    timestamps: list[TimestampSettings]
    trust: TrustSettings | None
    archive: ArchiveSettings | None
    ledger: LedgerSettings | None
    limits: LimitSettings | None
    deadlines: DeadlineSettings | None
    scrub: ScrubSettings | None
    metrics: MetricsSettings | None
    log: LogSettings | None


class Secrets(BaseSettings):
    """What comes from the environment: `AXIS_TLS_KEY_PASSWORD` and the like."""

    model_config = SettingsConfigDict(env_prefix="AXIS_", frozen=True)

    tls_key_password: SecretStr | None = None
    evidence_key_password: SecretStr | None = None
    archive_secret_key: SecretStr | None = None
    ledger_password: SecretStr | None = None


def load(path: Path) -> Settings:
    """Reads the file. Raises `SettingsError` with every problem that can be told from the file alone."""
    document = _document(path)
    try:
        return Settings.model_validate(document, context=_context(path))
    except ValidationError as exc:
        raise SettingsError(_problems(path, exc)) from exc


def readable(path: Path) -> Readable:
    """Reads what can be read of the file, with its problems. Raises `SettingsError` when it is no TOML."""
    document = _document(path)
    problems: tuple[str, ...] = ()
    try:
        Settings.model_validate(document, context=_context(path))
    except ValidationError as exc:
        problems = _problems(path, exc)
    parts = {name: _part(model, document.get(name), path) for name, model in sections()}
    return Readable(problems=problems, timestamps=_timestamps(path, document.get("timestamps")), **parts)


def _timestamps(path: Path, entries: object) -> list[TimestampSettings]:
    read = [_part(TimestampSettings, entry, path) for entry in entries] if isinstance(entries, list) else []
    return [one for one in read if one is not None]


def _part(model: type[BaseModel], section: object, path: Path) -> Any:
    try:
        return model.model_validate(section, context=_context(path))
    except ValidationError:
        return None


def _document(path: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as exc:
        raise SettingsError((f"{path}: no such file; `axis-server init DIR` makes one.",)) from exc
    except (OSError, UnicodeDecodeError) as exc:
        raise SettingsError((f"{path}: cannot be read: {exc}.",)) from exc
    except tomllib.TOMLDecodeError as exc:
        raise SettingsError((f"{path}: is not TOML: {exc}.",)) from exc
    for name, model in sections():
        if not any(field.is_required() for field in model.model_fields.values()):
            document.setdefault(name, {})
    return document


def _context(path: Path) -> dict[str, Path]:
    return {"base": path.absolute().parent}


def _problems(path: Path, exc: ValidationError) -> tuple[str, ...]:
    return tuple(f"{path}: {_sentence(error)}" for error in exc.errors())


def sections() -> Iterator[tuple[str, type[BaseModel]]]:
    """Yields each section's name in the file and its model, in the order of the file."""
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield name, field.annotation


def tables(model: type[BaseModel] = Settings) -> Iterator[tuple[str, type[BaseModel]]]:
    """Yields the name and the model of each list of tables directly in `model`, `[[name]]` in the file."""
    for name, field in model.model_fields.items():
        inner = get_args(field.annotation)
        if inner and isinstance(inner[0], type) and issubclass(inner[0], BaseModel):
            yield name, inner[0]


def _sentence(error: ErrorDetails) -> str:
    """Says what is wrong at which field, and what to do."""
    where = ".".join(str(step) for step in error["loc"])
    if error["type"] == "extra_forbidden":
        known = _known_names(error["loc"])
        near = difflib.get_close_matches(str(error["loc"][-1]), known, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"known names here are {', '.join(known)}."
        return f"`{where}` is not a setting; {hint}"
    if error["type"] == "missing":
        return f"`{where}` is missing; see docs/settings.md for what belongs there."
    if error["type"] == "tuple_type":
        return f"`{where}` is a list of one number for each priority, such as [72, 24, 8, 2, 2]."
    message = error["msg"].removeprefix("Value error, ")
    return f"`{where}`: {message[:1].lower()}{message[1:].rstrip('.')}."


def _known_names(loc: tuple[Any, ...]) -> list[str]:
    model: type[BaseModel] = Settings
    for step in loc[:-1]:
        inside = dict(tables(model)) | (dict(sections()) if model is Settings else {})
        model = inside.get(step, model)
    return list(model.model_fields)
