"""How long documents are kept, and who may have them disposed of."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from axis_server.settings.section import Section

YEARS_MOST = 200
_CODE = "^[0-9A-Za-z._-]{1,32}$"


class ClassSettings(Section):
    """A retention class, in a `[[retention.classes]]` of its own. Without any, there are those that the law
    names: `permanent`, and `70`, `50`, `30`, `20`, `15`, `10`, `5` and `2` years."""

    code: str = Field(pattern=_CODE)
    """Its short name, in orders and evidence. Never give it another meaning."""
    name: str = Field(default="", max_length=200)
    """Its name for people."""
    years: int = Field(ge=0, le=YEARS_MOST)
    """Whole years after the year in which the work ended; 0 keeps for ever."""


class RuleSettings(Section):
    """Which class a document has that no archivist has judged, in a `[[retention.rules]]` of its own; the
    first rule that fits counts."""

    class_code: str = Field(pattern=_CODE)
    """The class."""
    sender: str = Field(default="", max_length=100)
    """Identifier of the agency that sent it; empty fits all."""
    kinds: list[int] = Field(default=[])
    """BussinessDocType; empty fits all."""


LAWFUL = tuple(
    ClassSettings(code=str(years) if years else "permanent", name=name, years=years)
    for years, name in (
        (0, "Vĩnh viễn"),
        *((years, f"{years} năm") for years in (70, 50, 30, 20, 15, 10, 5, 2)),
    )
)
"""Permanent, or from 2 to 70 years (Law on Archives 33/2024/QH15)."""


class RetentionSettings(Section):
    """How long documents are kept, and how they go."""

    authority: str = Field(default="", max_length=100)
    """Identifier of the agency whose archivists may order disposals and hold any document. Empty: nothing is
    ever disposed of."""
    default: str = Field(default="permanent", pattern=_CODE)
    """Class of a document that no rule fits and no archivist has judged."""
    classes: list[ClassSettings] = Field(default=list(LAWFUL), min_length=1)
    """The classes, each in a `[[retention.classes]]` of its own; those named here replace the law's."""
    rules: list[RuleSettings] = Field(default=[])
    """Which class is presumed, each in a `[[retention.rules]]` of its own; the first that fits counts."""
    grace_minutes: float = Field(default=60.0, ge=0, le=100_000)
    """How long a file lies hidden between an order and its destruction, in time that the axis ran, whatever
    its clock says; until it is over, who holds the document stops it. It must be longer than a submission
    takes from its first byte archived to its commit: who sends the same bytes meanwhile keeps them."""
    approvals: int = Field(default=1, ge=1, le=5)
    """How many persons must seal an order of disposal: 2 wants a second one's approval (`axis disposal
    approve`), by a certificate of the authority with another key and another name in it."""
    order_days: float = Field(default=30.0, gt=0, le=3650)
    """For how long after it was made an order can be submitted; an older one is answered ORDER_EXPIRED."""
    sweep_hours: float = Field(default=0.0, ge=0, le=10_000)
    """How often the server itself sweeps what nothing names; 0 leaves it to `axis-server sweep --delete`."""
    sweep_days: float = Field(default=30.0, ge=1, le=3650)
    """How old something must be to be swept: a file that no document names, an upload never submitted."""

    @model_validator(mode="after")
    def _names_its_classes(self) -> Self:
        codes = [one.code for one in self.classes]
        if len(set(codes)) != len(codes):
            raise ValueError("two classes have one code; each has its own")
        for code in (self.default, *(rule.class_code for rule in self.rules)):
            if code not in codes:
                raise ValueError(f"no class has the code `{code}`")
        return self
