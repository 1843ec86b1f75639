"""Agency identifiers, old and new.

The old form has 13 characters with level 1 last: `000.00.00.G22` is a ministry, `000.00.12.H05` its unit
12. The new form (Decision 20/2020/QD-TTg) has up to 35 of `.0-9A-Z` with level 1 first: `G22.01.02`,
`H37.DN.001`. Neither tells whether an old and a new identifier name the same agency: the directory knows.
Irregular identifiers occur and are never rejected here.
"""

from __future__ import annotations

import re
import string
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

_OLD = re.compile(r"([0-9]{3})\.([0-9A-Z]{2})\.([0-9A-Z]{2})\.([A-Z][0-9]{2})")
_NEW = re.compile(r"[A-Z][0-9]{2}(?:\.[0-9A-Z]+)*")
_LONGEST_NEW = 35
LONGEST = 100
"""Characters; what is longer is no identifier of anyone. The law's longest has 35."""
_UPPER = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)


class Form(StrEnum):
    OLD = "old"
    NEW = "new"
    IRREGULAR = "irregular"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyId:
    """An identifier, taken apart as far as its form allows."""

    text: str
    """Normalised; see `normalise`."""
    form: Form
    levels: tuple[str, ...] = ()
    """Codes from level 1 downwards: `("G22", "01", "02")`; empty when irregular."""

    @property
    def level(self) -> int:
        """1 for a ministry or province; 0 when irregular."""
        return len(self.levels)

    @property
    def parent(self) -> AgencyId | None:
        """The agency one level up, in the same form; None at level 1 and when irregular."""
        if self.level < 2:
            return None
        levels = self.levels[:-1]
        return AgencyId(text=_written(self.form, levels), form=self.form, levels=levels)


def normalise(text: str) -> str:
    """Returns an identifier as it is compared, everywhere: without space around it, composed (NFC), ASCII
    letters in upper case.

    Other letters keep their case: none of them may turn into an ASCII one and so into another agency.
    Normalising again changes nothing. What is longer than `LONGEST` stays as it is and equals no identifier:
    composing takes time that grows with the square of the length.
    """
    if len(text) > LONGEST:
        return text
    upper = unicodedata.normalize("NFC", text.strip()).translate(_UPPER)
    return unicodedata.normalize(
        "NFC", upper
    )  # an upper-case letter may take an accent that its lower does not


def parse(text: str) -> AgencyId:
    """Takes any identifier apart; never fails."""
    normal = normalise(text)
    old = _OLD.fullmatch(normal)
    if old:
        levels = list(reversed(old.groups()))
        while len(levels) > 1 and not levels[-1].strip("0"):
            levels.pop()
        return AgencyId(text=normal, form=Form.OLD, levels=tuple(levels))
    if len(normal) <= _LONGEST_NEW and _NEW.fullmatch(normal):
        return AgencyId(text=normal, form=Form.NEW, levels=tuple(normal.split(".")))
    return AgencyId(text=normal, form=Form.IRREGULAR)


def _written(form: Form, levels: tuple[str, ...]) -> str:
    if form is Form.NEW:
        return ".".join(levels)
    filled = (*levels, *("00", "00", "000")[len(levels) - 1 :])
    return ".".join(reversed(filled))
