"""What the axis counts, for Prometheus. Each is described in docs/metrics.md.

    metrics = Metrics.make()
    metrics.submissions_accepted.inc()
    metrics.registry          # what the HTTP exporter serves

Where several processes serve, counters and histograms are added up; of a gauge, `multiprocess_mode` says what
becomes of those of the living.

Names never hold a document, nor an agency but for one that is held back by its limits: who exchanges how much
with whom stays in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.process_collector import ProcessCollector

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)
"""Borders of the latency histogram: from one read in memory to a large dispatch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """Made once, in the composition root, each with its own registry."""

    registry: CollectorRegistry
    calls: Counter
    call_seconds: Histogram
    calls_open: Gauge
    received_bytes: Counter
    sent_bytes: Counter
    submissions_accepted: Counter
    submissions_refused: Counter
    turned_away: Counter
    held_back: Gauge
    held_back_calls: Counter
    watches_open: Gauge
    events_given: Counter
    watch_lag: Histogram
    probe_up: Gauge
    certificate_days_left: Gauge
    trust_current: Gauge
    keys_current: Gauge
    revocation_answered: Counter
    revocation_failed: Counter
    revocation_unknown: Gauge
    revocation_runs_out: Gauge
    certificate_expiry: Gauge
    log_size: Gauge
    log_sound: Gauge
    witness_lag_seconds: Gauge
    witness_sound: Gauge
    timestamp_gap_seconds: Gauge
    timestamps_kept: Counter
    timestamps_failed: Counter
    growth_gap_seconds: Gauge
    growths_kept: Counter
    growths_failed: Counter
    archive_corrupt: Counter
    catalogue_current: Gauge
    ledger_months_ahead: Gauge
    ledger_strays: Gauge
    ledger_replica_passed_over: Counter
    archive_sound: Gauge
    scrub_damaged: Counter
    scrub_round_seconds: Gauge
    disposals_open: Gauge
    renewal_due: Gauge
    renewal_ends: Gauge
    renewals_kept: Counter
    renewals_failed: Counter
    renewal_troubled: Counter
    deadlines_passed: Counter
    deadlines_failed: Counter
    deadlines_overdue_seconds: Gauge

    @classmethod
    def make(cls) -> Metrics:
        """Makes all metrics in a fresh registry."""
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        counter, gauge = partial(Counter, registry=registry), partial(Gauge, registry=registry)
        return cls(
            registry=registry,
            calls=counter("axis_calls", "Calls that ended, by gRPC code.", ("method", "code")),
            call_seconds=Histogram(
                "axis_call_seconds",
                "How long calls took, watches left out.",
                ("method",),
                buckets=SECONDS,
                registry=registry,
            ),
            calls_open=gauge(
                "axis_calls_open", "Calls in progress, watches included.", multiprocess_mode="livesum"
            ),
            received_bytes=counter("axis_received_bytes", "Bytes of messages received.", ("method",)),
            sent_bytes=counter("axis_sent_bytes", "Bytes of messages sent.", ("method",)),
            submissions_accepted=counter(
                "axis_submissions_accepted", "Submissions answered with evidence; a retry counts again."
            ),
            submissions_refused=counter("axis_submissions_refused", "Submissions not accepted.", ("reason",)),
            turned_away=counter(
                "axis_turned_away",
                "Calls turned away because their agency had its share: of calls at once, of a minute's"
                " documents or statements, of a day's bytes; the log names it.",
                ("limit",),
            ),
            held_back=gauge(
                "axis_held_back_seconds",
                "For how long an agency has been turned away from what it had its share of, a code of"
                " errors.md; 0 when it no longer is. A process names 100 agencies, the rest `(others)`.",
                ("agency", "reason"),
                multiprocess_mode="livemax",
            ),
            held_back_calls=counter(
                "axis_held_back_calls",
                "Calls of an agency that were turned away for that.",
                ("agency", "reason"),
            ),
            watches_open=gauge(
                "axis_watches_open",
                "Watches in progress: of inboxes, events and health.",
                multiprocess_mode="livesum",
            ),
            events_given=counter("axis_events_given", "Events given to agencies; repeated ones count again."),
            watch_lag=Histogram(
                "axis_watch_lag_seconds",
                "From when an event happened to when a watch sent it; events older than the watch left out.",
                buckets=SECONDS,
                registry=registry,
            ),
            probe_up=gauge(
                "axis_probe_up",
                "1 while the store serves, 0 while it does not.",
                ("store",),
                multiprocess_mode="livemin",
            ),
            certificate_days_left=gauge(
                "axis_certificate_days_left",
                "Days until a certificate of the axis itself ends; below 0 after it.",
                ("certificate",),
                multiprocess_mode="livemin",
            ),
            archive_corrupt=counter(
                "axis_archive_corrupt",
                "Times that an archived file was found damaged or gone: an alarm; the log names it.",
            ),
            catalogue_current=gauge(
                "axis_catalogue_current",
                "1 while searches find all that was accepted, 0 while the catalogue is behind or away.",
                multiprocess_mode="livemin",
            ),
            ledger_months_ahead=gauge(
                "axis_ledger_months_ahead",
                "Months that the ledger is ready for behind the present one (PostgreSQL); an alarm below 1.",
                multiprocess_mode="livemin",
            ),
            ledger_strays=gauge(
                "axis_ledger_strays",
                "Evidence and statements in no month of the ledger (PostgreSQL), 1000 at most: an alarm.",
                multiprocess_mode="livemax",
            ),
            ledger_replica_passed_over=counter(
                "axis_ledger_replica_passed_over",
                "Counts and searches that the primary answered because the replica was late or away.",
            ),
            archive_sound=gauge(
                "axis_archive_sound",
                "1 while going through everything finds it unchanged, 0 once it found damage: an alarm.",
                multiprocess_mode="livemin",
            ),
            scrub_damaged=counter(
                "axis_scrub_damaged",
                "Files, evidence, statements found changed or lost: an alarm; the log names them.",
            ),
            renewal_due=gauge(
                "axis_renewal_due",
                "Volumes of the log whose time-stamp or algorithm ends soon and that are not renewed yet.",
                multiprocess_mode="livemax",
            ),
            renewal_ends=gauge(
                "axis_renewal_ends_timestamp_seconds",
                "When the first volume's proof ends unless it is renewed, Unix time; 0 when there is none.",
                multiprocess_mode="livemin",
            ),
            renewals_kept=counter(
                "axis_renewals_kept", "Time-stamps over volumes and over time-stamps of them."
            ),
            renewals_failed=counter(
                "axis_renewals_failed",
                "Times that no authority gave a time-stamp for a volume; the log says why.",
            ),
            renewal_troubled=counter(
                "axis_renewal_troubled",
                "Evidence, statements and files that a volume lacks because they are lost.",
            ),
            scrub_round_seconds=gauge(
                "axis_scrub_round_seconds",
                "How long ago the last going-through of everything began.",
                multiprocess_mode="livemax",
            ),
            disposals_open=gauge(
                "axis_disposals_open",
                "Disposals whose files are not all gone: in their time of grace, or locked by the store.",
                multiprocess_mode="livemax",
            ),
            deadlines_passed=counter(
                "axis_deadlines_passed",
                "Deliveries (kinds `handover`, `answer`) and questions (`question`) that time ended.",
                ("kind",),
            ),
            deadlines_failed=counter(
                "axis_deadlines_failed",
                "Times that a delivery could not be ended at its deadline: an alarm; the log names it.",
            ),
            deadlines_overdue_seconds=gauge(
                "axis_deadlines_overdue_seconds",
                "How long ago the oldest deadline passed that was still to be dealt with at the last look.",
                multiprocess_mode="livemax",
            ),
            log_size=gauge(
                "axis_log_size",
                "Leaves under the newest checkpoint of the transparency log.",
                multiprocess_mode="livemax",
            ),
            log_sound=gauge(
                "axis_log_sound",
                "1 while the ledger holds the log that was signed, 0 when it was changed: an alarm.",
                multiprocess_mode="livemin",
            ),
            witness_lag_seconds=gauge(
                "axis_log_witness_lag_seconds",
                "For how long a witness has not cosigned the newest checkpoint; 0 when it has.",
                ("witness",),
                multiprocess_mode="livemax",
            ),
            witness_sound=gauge(
                "axis_log_witness_sound",
                "0 when a witness saw another history of the log than the ledger holds, else 1: an alarm.",
                ("witness",),
                multiprocess_mode="livemin",
            ),
            timestamp_gap_seconds=gauge(
                "axis_timestamp_gap_seconds",
                "Age of the oldest checkpoint that no time-stamp of the authority covers; 0 when all are.",
                ("authority",),
                multiprocess_mode="livemax",
            ),
            timestamps_kept=counter(
                "axis_timestamps_kept", "Time-stamps over checkpoints that were verified.", ("authority",)
            ),
            timestamps_failed=counter(
                "axis_timestamps_failed",
                "Times that an authority gave no time-stamp, or one that does not hold; the log says why.",
                ("authority",),
            ),
            growth_gap_seconds=gauge(
                "axis_evidence_timestamp_gap_seconds",
                "How old the oldest evidence is whose seal is to be time-stamped and is not yet.",
                multiprocess_mode="livemax",
            ),
            growths_kept=counter(
                "axis_evidence_timestamps_kept", "Time-stamps over the seals of evidence that were verified."
            ),
            growths_failed=counter(
                "axis_evidence_timestamps_failed",
                "Times that no authority gave a time-stamp for an evidence; the log says why.",
            ),
            keys_current=gauge(
                "axis_keys_current",
                "1 while the axis's own keys and certificates are what their files say, 0 after files"
                " that could not be taken over.",
                multiprocess_mode="livemin",
            ),
            revocation_answered=counter(
                "axis_revocation_answered", "Lists and OCSP answers that were fetched and kept.", ("kind",)
            ),
            revocation_failed=counter(
                "axis_revocation_failed",
                "Times that a place gave no list or OCSP answer that can be kept; the log says why.",
                ("kind",),
            ),
            revocation_unknown=gauge(
                "axis_revocation_unknown",
                "Places of certificates in use whose last list or OCSP answer does not count now.",
                ("kind",),
                multiprocess_mode="livemax",
            ),
            revocation_runs_out=gauge(
                "axis_revocation_runs_out_seconds",
                "Until the first list or OCSP answer in use stops counting; below 0 after it.",
                ("kind",),
                multiprocess_mode="livemin",
            ),
            certificate_expiry=gauge(
                "axis_certificate_expiry_seconds",
                "Until the first certificate of a use ends, of agencies the last of each; below 0 after it.",
                ("use",),
                multiprocess_mode="livemin",
            ),
            trust_current=gauge(
                "axis_trust_current",
                "1 while the trust in force is what its files say, 0 after files that could not be read.",
                multiprocess_mode="livemin",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Workforce:
    """What the supervisor of several workers counts itself (`axis-server run --workers`)."""

    registry: CollectorRegistry
    workers: Gauge
    died: Counter

    @classmethod
    def make(cls, registry: CollectorRegistry) -> Workforce:
        """Makes them in `registry`."""
        ProcessCollector(registry=registry)
        return cls(
            registry=registry,
            workers=Gauge("axis_workers", "Worker processes that serve.", registry=registry),
            died=Counter(
                "axis_workers_died",
                "Worker processes that ended without being asked to, and were started again.",
                registry=registry,
            ),
        )


Described = tuple[str, str, str, tuple[str, ...]]
"""Name as exported, kind, description and labels of a metric."""


def described(metrics: Metrics | Workforce) -> Iterator[Described]:
    """Yields what each metric is."""
    for metric in (getattr(metrics, name) for name in metrics.__dataclass_fields__ if name != "registry"):
        said = next(iter(metric.describe()))
        suffix = "_total" if said.type == "counter" else ""
        yield said.name + suffix, said.type, said.documentation, metric._labelnames
