"""What the operator configures: one TOML file, every field described here and in docs/settings.md.

    settings = load(Path("axis.toml"))
    settings.server.listen        # Address(host="127.0.0.1", port=7443)
    settings.tls.certificate      # absolute: relative paths are relative to the file

Secrets never stand in the file: `Secrets` reads them from the environment, and nothing else comes from there.
"""

from __future__ import annotations

from axis_server.settings.file import Readable, Secrets, Settings, sections, subsections, tables
from axis_server.settings.keeping import (
    ArchiveSettings,
    DeadlineSettings,
    LedgerSettings,
    ReplicaSettings,
    ScrubSettings,
    StoreSettings,
)
from axis_server.settings.proving import (
    EvidenceSettings,
    TimestampSettings,
    TransparencySettings,
    TrustSettings,
    WitnessSettings,
)
from axis_server.settings.reading import SettingsError, load, readable
from axis_server.settings.renewal import RenewalSettings
from axis_server.settings.retention import ClassSettings, RetentionSettings, RuleSettings
from axis_server.settings.revoking import InsteadSettings, RevocationSettings
from axis_server.settings.serving import (
    AxisSettings,
    LimitSettings,
    LogSettings,
    MetricsSettings,
    ServerSettings,
    TelemetrySettings,
    TlsSettings,
)
from axis_server.settings.values import Address, parse_address

__all__ = [
    "Address",
    "ArchiveSettings",
    "AxisSettings",
    "ClassSettings",
    "DeadlineSettings",
    "EvidenceSettings",
    "InsteadSettings",
    "LedgerSettings",
    "LimitSettings",
    "LogSettings",
    "MetricsSettings",
    "Readable",
    "RenewalSettings",
    "ReplicaSettings",
    "RetentionSettings",
    "RevocationSettings",
    "RuleSettings",
    "ScrubSettings",
    "Secrets",
    "ServerSettings",
    "Settings",
    "SettingsError",
    "StoreSettings",
    "TelemetrySettings",
    "TimestampSettings",
    "TlsSettings",
    "TransparencySettings",
    "TrustSettings",
    "WitnessSettings",
    "load",
    "parse_address",
    "readable",
    "sections",
    "subsections",
    "tables",
]
