"""Why a verdict is what it is, and what that means for people, in English and Vietnamese.

Each reason is stable: scripts and documents name it. `codes` has the reasons; `seals`, `timestamps`,
`renewal`, `log` and `package` have their sentences, together `SENTENCES`.
"""

from __future__ import annotations

from collections.abc import Mapping

from signing.reasons.codes import Reason, Sentence
from signing.reasons.log import LOG
from signing.reasons.package import PACKAGE
from signing.reasons.renewal import RENEWAL
from signing.reasons.seals import SEALS
from signing.reasons.timestamps import TIMESTAMPS

__all__ = ["SENTENCES", "Reason", "Sentence"]

SENTENCES: Mapping[Reason, Sentence] = {**SEALS, **TIMESTAMPS, **RENEWAL, **LOG, **PACKAGE}
"""One for every reason."""
