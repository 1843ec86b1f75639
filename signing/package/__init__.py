"""Evidence packages: one file that proves what was sent, by whom, when, and that it arrived.

    contents = Contents(
        original=package,
        attachments=(Attachment.of_file(path, name="Phụ lục.pdf"),),
        records=(Evidence(content=acceptance), Evidence(content=handover)),
        trust=Trust(seals=TrustStore.of(roots)),
        crls=lists,
    )
    with open("letter.asice", "wb") as out:
        write(contents, out, signer=own_key, at=now)

    with open("letter.asice", "rb") as file:
        verified = verify(file, Trust(seals=TrustStore.of(roots)), at=now)
    verified.state                       # State.SOUND, DESTROYED, UNDECIDED or REFUSED
    verified.worst.reason                # and why
    [step.says for step in verified.steps]

A package is ASiC-E with CAdES (ETSI EN 319 162-1). Modules: `contents` (what goes in), `layout` (what stands
where), `container` and `opening` (the ZIP file, written and read in one form), `manifest` and `seal`,
`dossier`, `examination`, `destroyed` and `history` (verdicts on what is inside, the same for writing and
verifying),
`findings`, `story` with `html` and `pdf` (the page), `instructions` (VERIFY.txt), `writing`, `verification`.
See docs/decisions/0018-evidence-package.md.
"""

from __future__ import annotations

from signing.package.contents import (
    Attachment,
    Contents,
    Disposal,
    Evidence,
    Headline,
    Stamped,
    Statement,
    Trust,
)
from signing.package.examination import Step
from signing.package.findings import Finding, State
from signing.package.verification import Verified, verify
from signing.package.writing import NotPackable, Written, write

__all__ = [
    "Attachment",
    "Contents",
    "Disposal",
    "Evidence",
    "Finding",
    "Headline",
    "NotPackable",
    "Stamped",
    "State",
    "Statement",
    "Step",
    "Trust",
    "Verified",
    "Written",
    "verify",
    "write",
]
