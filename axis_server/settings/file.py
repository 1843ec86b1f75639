"""The whole file, and what comes from the environment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import UnionType
from typing import Self, get_args, get_origin

from pydantic import BaseModel, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from axis_server.settings.keeping import ArchiveSettings, DeadlineSettings, LedgerSettings, ScrubSettings
from axis_server.settings.proving import (
    EvidenceSettings,
    TimestampSettings,
    TransparencySettings,
    TrustSettings,
)
from axis_server.settings.renewal import RenewalSettings
from axis_server.settings.retention import RetentionSettings
from axis_server.settings.revoking import RevocationSettings
from axis_server.settings.section import Section
from axis_server.settings.serving import (
    AxisSettings,
    LimitSettings,
    LogSettings,
    MetricsSettings,
    ServerSettings,
    TelemetrySettings,
    TlsSettings,
)


class Settings(Section):
    """The whole file."""

    axis: AxisSettings
    server: ServerSettings
    tls: TlsSettings
    evidence: EvidenceSettings
    transparency: TransparencySettings
    timestamps: list[TimestampSettings] = Field(default=[])
    trust: TrustSettings
    revocation: RevocationSettings
    archive: ArchiveSettings
    ledger: LedgerSettings
    limits: LimitSettings
    deadlines: DeadlineSettings
    scrub: ScrubSettings
    renewal: RenewalSettings
    retention: RetentionSettings
    metrics: MetricsSettings
    telemetry: TelemetrySettings
    log: LogSettings

    @model_validator(mode="after")
    def _names_each_authority_once(self) -> Self:
        names = [one.name for one in self.timestamps]
        if len(set(names)) != len(names):
            raise ValueError("two `timestamps` have one name; each authority has its own")
        if unknown := set(self.renewal.authorities) - set(names):
            raise ValueError(f"`renewal.authorities`: {min(unknown)} is the name of no `timestamps`")
        if unknown := set(self.evidence.timestamps) - set(names):
            raise ValueError(f"`evidence.timestamps`: {min(unknown)} is the name of no `timestamps`")
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
    revocation: RevocationSettings | None
    archive: ArchiveSettings | None
    ledger: LedgerSettings | None
    limits: LimitSettings | None
    deadlines: DeadlineSettings | None
    scrub: ScrubSettings | None
    renewal: RenewalSettings | None
    retention: RetentionSettings | None
    metrics: MetricsSettings | None
    telemetry: TelemetrySettings | None
    log: LogSettings | None


class Secrets(BaseSettings):
    """What comes from the environment: `AXIS_TLS_KEY_PASSWORD` and the like."""

    model_config = SettingsConfigDict(env_prefix="AXIS_", frozen=True)

    tls_key_password: SecretStr | None = None
    evidence_key_password: SecretStr | None = None
    archive_secret_key: SecretStr | None = None
    archive_replica_secret_key: SecretStr | None = None
    ledger_password: SecretStr | None = None


def sections() -> Iterator[tuple[str, type[BaseModel]]]:
    """Yields each section's name in the file and its model, in the order of the file."""
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield name, field.annotation


def tables(model: type[BaseModel] = Settings) -> Iterator[tuple[str, type[BaseModel]]]:
    """Yields the name and the model of each list of tables directly in `model`, `[[name]]` in the file."""
    yield from _inner(model, list)


def subsections(model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    """Yields the name and the model of each table directly in `model` that may be left out."""
    yield from _inner(model, UnionType)


def _inner(model: type[BaseModel], origin: type) -> Iterator[tuple[str, type[BaseModel]]]:
    for name, field in model.model_fields.items():
        inner = get_args(field.annotation)
        if get_origin(field.annotation) is not origin or not isinstance(inner[0], type):
            continue
        if issubclass(inner[0], BaseModel):
            yield name, inner[0]
