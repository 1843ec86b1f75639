"""`axis verify FILE.asice`: an evidence package, offline, as one finding with what each file in it says."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from axis_client import files
from axis_client.cli import shapes
from axis_client.cli.findings import Finding, signer_shape
from signing import package
from signing.package import Trust, Verified
from signing.reading import open_regular

_ZIP = b"PK\x03\x04"


def is_package(path: Path) -> bool:
    """Whether a file is to be judged as a package: no XML document begins as a ZIP file does. Raises
    `LocalError`."""
    try:
        with open_regular(path) as file:
            return file.read(len(_ZIP)) == _ZIP
    except OSError as exc:
        raise files.unreadable(path, exc) from exc


def examined(path: Path, trust: Trust, at: datetime) -> Finding:
    """Judges a package. Raises `LocalError` when the file cannot be read."""
    try:
        with open_regular(path) as file:
            return _finding(path, package.verify(file, trust, at=at))
    except OSError as exc:
        raise files.unreadable(path, exc) from exc


def _finding(path: Path, verified: Verified) -> Finding:
    deciding, own = verified.worst, verified.findings[0]
    destroyed = deciding.state is package.State.DESTROYED
    detail = ": ".join(filter(None, ("" if destroyed else deciding.name, deciding.detail)))
    warnings = dict.fromkeys(code for finding in verified.findings for code in finding.warnings)
    return Finding(
        file=path,
        verdict=str(verified.state),
        reason=deciding.reason,
        detail=detail if deciding.state is not package.State.SOUND else "",
        signer=signer_shape(own.certificate),
        signed_at=own.signed_at,
        warnings=tuple(warnings),
        inside=tuple(map(_inside, verified.findings[1:])),
    )


def _inside(finding: package.Finding) -> dict[str, object]:
    signer = finding.certificate
    return {
        "file": finding.name,
        "verdict": str(finding.state),
        "reason": str(finding.reason),
        "detail": finding.detail,
        "signer": signer.subject.rfc4514_string() if signer else None,
        "signed_at": shapes.time(finding.signed_at) if finding.signed_at else None,
        "warnings": list(finding.warnings),
    }
