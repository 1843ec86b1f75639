"""What proves what happened: whose seals are trusted, and what the axis signs itself."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from axis_server.settings.section import Section
from axis_server.settings.values import ConfiguredPath, OptionalAddress, WebAddress, WitnessKey
from signing.evidence import EventId
from signing.log import read_vkey
from signing.policy import Revocation


class TrustSettings(Section):
    """Whose seals on documents and statements are trusted."""

    anchors: list[ConfiguredPath] = Field(min_length=1)
    """PEM or DER files with trusted root certificates."""
    intermediates: list[ConfiguredPath] = Field(default=[])
    """PEM or DER files with intermediate certificates that help to build chains."""
    crls: list[ConfiguredPath] = Field(default=[])
    """PEM or DER files with certificate revocation lists."""
    revocation: Revocation = Revocation.DECLARED
    """`required`: a list that holds must cover every certificate, else the submission is to be tried later.
    `declared`: only certificates that name a revocation source, or whose issuer's list is given here.
    `warned`: what is not known is accepted with the warning REVOCATION_UNKNOWN."""


class EvidenceSettings(Section):
    """The key with which the axis signs evidence."""

    certificate: ConfiguredPath
    """The evidence certificate, PEM; its chain may follow in the same file."""
    key: ConfiguredPath
    """Its private key, PEM. An encrypted one is opened by `AXIS_EVIDENCE_KEY_PASSWORD` in the environment."""
    timestamps: list[str] = Field(default=[])
    """Names of the `[[timestamps]]` by which evidence grows to XAdES-B-T, in the background: asked in this
    order until one answers. Empty: evidence does not grow."""
    timestamped: list[EventId] = Field(default=[])
    """Kinds of evidence that grow, such as `SubmissionAcceptance`; empty for all. What was passed over does
    not grow later."""
    timestamps_per_second: float = Field(default=10.0, gt=0, le=1000)
    """How many are asked for in a second at most, by all nodes together."""


class WitnessSettings(Section):
    """A witness that is asked to cosign each checkpoint of the log (C2SP tlog-witness). Its key goes into the
    policies of those who verify, by another road than the axis."""

    vkey: WitnessKey
    """Its public key, as `axis witness key` prints it."""
    url: WebAddress
    """Where it answers; `add-checkpoint` is asked for below it."""


class TransparencySettings(Section):
    """The transparency log, whose checkpoints the axis signs."""

    key: ConfiguredPath = Path("log.key")
    """The log's own key, one line of text as `axis-server log-key` writes it. It signs nothing but the log;
    its name is the log's origin, in every checkpoint for ever."""
    publish_seconds: float = Field(default=1.0, gt=0, le=3600)
    """How often a checkpoint is signed over what is new. A proof of something new waits so long."""
    listen: OptionalAddress = None
    """Address where the log is shown to everybody over plain HTTP (C2SP tlog-tiles: `/checkpoint` and
    `/tile/…`), `host:port`; empty shows it over gRPC alone. TLS and caching are a proxy's."""
    witnesses: list[WitnessSettings] = Field(default=[])
    """Who cosigns the log's checkpoints, each in a `[[transparency.witnesses]]` of its own."""

    @model_validator(mode="after")
    def _names_each_witness_once(self) -> Self:
        keys = [read_vkey(one.vkey) for one in self.witnesses]
        for what, values in (("key", [key.public for key in keys]), ("name", [key.name for key in keys])):
            if len(set(values)) != len(values):
                raise ValueError(f"two witnesses have one {what}; each is named once")
        return self


class TimestampSettings(Section):
    """An authority that time-stamps the log's checkpoints (RFC 3161), in the background: nothing ever waits
    for it."""

    name: str = Field(pattern="^[0-9A-Za-z.-]{1,64}$")
    """Its name in the metrics and beside its time-stamps; never give it to another authority."""
    url: WebAddress
    """Where it answers."""
    anchors: list[ConfiguredPath] = Field(min_length=1)
    """PEM or DER files with the root certificates of its chain, and of nobody else who may not say when."""
    crls: list[ConfiguredPath] = Field(default=[])
    """PEM or DER files with revocation lists, read anew for each time-stamp. Without the list that its
    certificate names, none of its time-stamps is kept."""
    policy: str = Field(default="", pattern=r"^([0-2](\.[0-9]+)+)?$")
    """The policy asked for and accepted, as a dotted object identifier; empty takes any."""
    every_seconds: float = Field(default=600.0, gt=0, le=31_536_000)
    """How often it is asked while there is something new."""
