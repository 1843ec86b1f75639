"""Writes the pages that are made from the code: `python -m docs.generate`. A test holds them to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry
from pydantic import BaseModel

import edxml.reader
from axis_client.sentences import SENTENCES as CLIENT_SENTENCES
from axis_server.metrics import Metrics, Workforce, described
from axis_server.reasons import ANSWERS, OF_THE_CALLER, Answer, Code
from axis_server.sending.cautions import of_the_axis
from axis_server.settings import Secrets, sections, subsections, tables
from axis_server.settings.values import GIB, MIB
from docs.reckoning.page import sizing_page
from signing.reasons.log import LOG
from signing.reasons.package import PACKAGE
from signing.verdict import Reason, Sentence

HERE = Path(__file__).parent

_SETTINGS = """\
# Settings

One TOML file, given with `--config` (default `./axis.toml`). `axis-server init DIR` writes one that works;
`axis-server check-config` names everything that is wrong with it. Relative paths are relative to the file. An
unknown name is refused. Sizes are bytes or such as `"16 MiB"`, addresses `"host:port"`.

Secrets never stand in the file. They come from the environment, and nothing else does:

"""
_ERRORS = """\
# Errors

Every refusal has a code that does not change. Programs read it in `google.rpc.ErrorInfo.reason` (domain
`national-axis`), people read the sentence beside it, in English or Vietnamese.

An error of the axis carries, as `google.rpc.Status` in the trailer `grpc-status-details-bin`:

| detail | what it holds |
|---|---|
| `ErrorInfo` | the code as `reason`; facts such as `dispatch_id`, `recipient`, `state` in `metadata` |
| `LocalizedMessage` (`en`, `vi`) | the sentence, with what the axis found in brackets |
| `Help` | the next step: the first link's description in English, the second's in Vietnamese |
| `RetryInfo` | present exactly when the same call can succeed later |
| `RequestInfo` | the id of this call in the axis's log |
| `axis.v1.Refusal` | the signed SubmissionRejection, when the axis judged a submission and refused it |

A detail or fact has at most 200 bytes. The trailers of a signed refusal have some 7 to 10 kB; evidence that
would make them longer is left out. C core, Python, Go and Node take them as they are; a Java client raises
`maxInboundMetadataSize` to 64 KiB. A message far beyond the limit is cut off by gRPC itself:
`RESOURCE_EXHAUSTED` without a code.
"""
_LOG_VERDICTS = """
## Verdicts about the log

Whoever checks a proof, a tile or a checkpoint of the transparency log finds these, offline too.
`LOG_ROLLBACK` and `LOG_SPLIT_VIEW` are alarms: they come with both checkpoints, each signed by the log.
"""
_PACKAGE_VERDICTS = """
## Verdicts about an evidence package

Whoever verifies a `.asice` file finds these; what is inside is judged by the verdicts above.
"""
_CLIENT = """
## Codes of the client

The SDK and `axis` find these themselves: nothing reached the axis, or what came back was not believed.
"""
_WARNINGS = """
## Warnings

What was odd but not refused, as `CODE: detail`.

| code | meaning |
|---|---|
"""
_EXIT_CODES = """\
## Exit codes

| program | 0 | 1 | 2 | 3 |
|---|---|---|---|---|
| `axis verify` | sound | refused | unreadable, or wrong usage | undecided: a fact is missing |
| `axis inspect` | read | | unreadable, or wrong usage | |
| `axis` otherwise | done | refused by the axis or by a check | a file, key, profile or the usage is wrong \
| not now: run the same again |
| `axis-server` | done | refused, a sentence says why | wrong usage | |

With several files `axis verify` ends with the worst, in the order 0, 3, 1, 2.
"""
_METRICS = """\
# Metrics

Prometheus text at `http://<metrics.listen>/metrics` (see [settings.md](settings.md)). Names hold neither
agencies nor documents. Beside these stand the usual `process_*` metrics.

| metric | kind | labels | what it says |
|---|---|---|---|
"""
_ALARMS = """\

Worth an alarm: `axis_probe_up` is 0 for a minute; `axis_certificate_days_left` is below 30;
`axis_trust_current`, `axis_log_sound` or `axis_log_witness_sound` is 0; `axis_archive_corrupt_total` or
`axis_deadlines_failed_total` grows; `axis_timestamp_gap_seconds` exceeds a day;
`axis_calls_total` grows with `code="INTERNAL"` or `code="DATA_LOSS"`; `axis_submissions_refused_total` with
`reason="STORE_FULL"`.
"""
_SIGNING_WARNINGS = {
    "REVOCATION_NOT_CHECKED": "no list covers the signer's certificate, and the policy does not demand one",
    "LEGACY_ALGORITHM": "an algorithm that is taken only for reading old packages",
    "DETACHED_NOT_CHECKED": "the seal names detached files that were not given",
    "SENDER_NOT_IN_CERTIFICATE": "`axis verify`: the signer's certificate does not bear the identifier "
    "of the agency that the package names as its sender",
    "LOG_NOT_CHECKED": "the log's key was not given: a proof was computed, and who signed its "
    "checkpoint is open",
    "TIME_NOT_CHECKED": "no time-stamping authority to be trusted was given: who made the time-stamp is open",
    "RENEWAL_ENDED": "an archive record in a package has run out; the axis has one that was renewed since",
    "SEAL_OUTLIVED": "SHA-256 has ended: a package's own seal, log proofs, page and VERIFY.txt rest on it "
    "alone; archive records prove the rest",
    "ZIP_LEFT_CLOSED": "`axis fetch`: an attachment in a ZIP of its own expands too far, and stays in it",
}


def settings_page() -> str:
    """Every setting with its default and meaning."""
    page = [_SETTINGS]
    page += [f"- `AXIS_{name.upper()}`\n" for name in Secrets.model_fields]
    for name, model in sections():
        page.append(_section(f"[{name}]", model))
        page += [_section(f"[{name}.{inner}]", table) for inner, table in subsections(model)]
        page += [_section(f"[[{name}.{inner}]]", table) for inner, table in tables(model)]
    page += [_section(f"[[{name}]]", table) for name, table in tables()]
    return "".join(page)


def _section(heading: str, model: type[BaseModel]) -> str:
    rows = [f"\n## `{heading}`\n\n{_line(model.__doc__ or '')}\n\n"]
    rows.append("| setting | default | meaning |\n|---|---|---|\n")
    for key, field in model.model_fields.items():
        default = "required" if field.is_required() else f"`{_toml(field.default)}`"
        rows.append(f"| `{key}` | {default} | {_line(field.description or '')} |\n")
    return "".join(rows)


def errors_page() -> str:
    """Every code with its sentences, next steps, status and whether a retry helps."""
    own = {code: answer for code, answer in ANSWERS.items() if code in Code.__members__}
    judged = {code: answer for code, answer in ANSWERS.items() if code not in {*own, *LOG, *PACKAGE}}
    page = [_ERRORS, "\n## Codes of the axis\n", *map(_entry, own.items())]
    page += ["\n## Verdicts about the certificate that connects\n"]
    page += [_entry((f"{code} (caller)", said)) for code, said in OF_THE_CALLER.items() if code in judged]
    page += ["\n## Verdicts about a seal or a time-stamp\n", *map(_entry, judged.items())]
    page += [_LOG_VERDICTS, *map(_verdict, LOG.items())]
    page += [_PACKAGE_VERDICTS, *map(_verdict, PACKAGE.items()), _CLIENT]
    for code, local in CLIENT_SENTENCES.items():
        name = f"{code} (client)" if code in ANSWERS else code
        english = _joined(local.english, local.hint)
        vietnamese = _joined(local.vietnamese, local.hint_vietnamese)
        page.append(f"\n### {name}\n\n{english}\n\n{vietnamese}\n")
    page.append(_WARNINGS)
    page += [f"| {code} | {meaning} |\n" for code, meaning in _reader_warnings().items()]
    page += [f"| {code} | {meaning} |\n" for code, meaning in _SIGNING_WARNINGS.items()]
    page += [f"| {code} | {meaning} |\n" for code, meaning in of_the_axis()]
    return "".join((*page, "\n", _EXIT_CODES))


def _entry(entry: tuple[str, Answer]) -> str:
    code, said = entry
    again = "yes" if said.retryable else "no"
    return (
        f"\n### {code}\n\n{said.english} {said.next_step}\n\n"
        f"{said.vietnamese} {said.next_step_vietnamese}\n\n"
        f"gRPC `{said.status}` · the same call can succeed later: {again}\n"
    )


def _verdict(entry: tuple[Reason, Sentence]) -> str:
    reason, said = entry
    return (
        f"\n### {reason}\n\n{said.english} {said.next_step}\n\n"
        f"{said.vietnamese} {said.next_step_vietnamese}\n"
    )


def metrics_page() -> str:
    """Every metric."""
    rows = [
        f"| `{name}` | {kind} | {', '.join(f'`{label}`' for label in labels)} | {text} |\n"
        for metrics in (Metrics.make(), Workforce.make(CollectorRegistry()))
        for name, kind, text, labels in described(metrics)
    ]
    return "".join((_METRICS, *rows, _ALARMS))


PAGES: Mapping[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "errors.md": errors_page,
    "metrics.md": metrics_page,
    "sizing.md": sizing_page,
}


def _reader_warnings() -> dict[str, str]:
    """Reads the table that stands in the reader's docstring."""
    rows = re.findall(r"^\s*([A-Z][A-Z0-9_, ]+?) {2,}(\S.*)$", edxml.reader.__doc__ or "", re.MULTILINE)
    return {code: meaning for names, meaning in rows for code in names.split(", ")}


def _toml(value: object) -> str:
    if value is None:
        return '""'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, BaseModel):
        return f"{{ {', '.join(f'{key} = {_toml(inner)}' for key, inner in value)} }}"
    match value:
        case (str(host), int(port)):
            return f'"{host}:{port}"'
    if isinstance(value, int) and value >= MIB:
        return f'"{value // GIB} GiB"' if value >= GIB else f'"{value // MIB} MiB"'
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_toml, value))}]"
    if value == {}:
        return "{}"
    return str(value) if isinstance(value, int | float) else f'"{value}"'


def _line(text: str) -> str:
    return " ".join(text.split())


def _joined(*sentences: str) -> str:
    """Joins sentences; the colon before a detail becomes a full stop."""
    return " ".join(sentence.removesuffix(":").removesuffix(".") + "." for sentence in sentences if sentence)


def main(pages: Iterable[str] = PAGES) -> None:
    for name in pages:
        (HERE / name).write_text(PAGES[name](), encoding="utf-8")


if __name__ == "__main__":
    main()
