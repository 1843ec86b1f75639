"""How long a document is kept, by what was decided about it. Pure: the same facts give the same day.

    classes = Classes.of(settings.retention)
    standing = stand(entry, decisions, records, classes)
    standing.term.first_day       # date(2037, 1, 1): the first day on which it need not be kept any more

The sender says how long the work needs a document; a recipient may need its copy longer, and then the axis
keeps it longer: the files are the same. A sender that said nothing is spoken for by the rule of the settings.
A record (hồ sơ) has the longest class of its documents, and its years begin when its last work ended.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from axis_server.settings import RetentionSettings
from signing.spelling import VIETNAM
from storage.ledger.keeping import TERM, Decision, in_force
from storage.ledger.records import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Class:
    """A retention class."""

    code: str
    name: str
    years: int | None
    """None keeps for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A class for what nobody has judged."""

    class_code: str
    sender_id: str
    kinds: frozenset[int]

    def fits(self, entry: Entry) -> bool:
        """Whether it speaks of a dispatch."""
        return self.sender_id in ("", entry.sender_id) and (not self.kinds or entry.kind in self.kinds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Classes:
    """The classes that there are, and which one is presumed."""

    by_code: Mapping[str, Class]
    rules: tuple[Rule, ...]
    default: Class

    @classmethod
    def of(cls, settings: RetentionSettings) -> Classes:
        """Reads the settings."""
        by_code = {
            one.code: Class(code=one.code, name=one.name, years=one.years or None) for one in settings.classes
        }
        rules = tuple(
            Rule(class_code=one.class_code, sender_id=one.sender, kinds=frozenset(one.kinds))
            for one in settings.rules
        )
        return cls(by_code=by_code, rules=rules, default=by_code[settings.default])

    def presumed(self, entry: Entry) -> Class:
        """Returns the class of a dispatch that its sender has not judged."""
        fitting = (self.by_code[rule.class_code] for rule in self.rules if rule.fits(entry))
        return next(fitting, self.default)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """How long something is kept, and because of whom."""

    class_code: str
    years: int | None
    ended: int
    """The year in which the work ended."""
    agency_id: str = ""
    """Who decided it; empty where the settings did."""
    record: str = ""

    @property
    def first_day(self) -> date | None:
        """The first day on which it need not be kept any more; None where there is none. The years begin at
        the end of the year in which the work ended."""
        return None if self.years is None else date(self.ended + self.years + 1, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a dispatch stands."""

    term: Term
    """The longest of all that count."""
    holds: tuple[Decision, ...]
    """Those in force."""

    def is_due(self, today: date) -> bool:
        """Whether it may be disposed of."""
        first_day = self.term.first_day
        return not self.holds and first_day is not None and first_day <= today


Records = Mapping[tuple[str, str], Sequence[Decision]]
"""By agency and name of a record: the last term of each dispatch in it."""


def stand(entry: Entry, decisions: Collection[Decision], records: Records, classes: Classes) -> Standing:
    """Says how a dispatch stands. `decisions` are those about it, in order."""
    spoken = latest(decisions)
    terms = decided_terms(spoken, records)
    if all(one.agency_id != entry.sender_id for one in spoken):
        presumed = classes.presumed(entry)
        year = accepted_year(entry)
        terms.append(Term(class_code=presumed.code, years=presumed.years, ended=year))
    return Standing(term=max(terms, key=_length), holds=in_force(decisions))


def decided_terms(spoken: Iterable[Decision], records: Records) -> list[Term]:
    """Returns the terms that agencies decided, each as long as its record's."""
    return [_of_record(one, records) for one in spoken]


def longest(terms: Collection[Term]) -> Term | None:
    """Returns the longest of some terms; None of none."""
    return max(terms, key=_length, default=None)


def latest(decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """Returns the last term that each agency decided for each dispatch."""
    last = {(one.agency_id, one.dispatch_id): one for one in decisions if one.kind == TERM}
    return tuple(last.values())


def accepted_year(entry: Entry) -> int:
    """The year in which the axis accepted a dispatch, in Viet Nam: no work with it ended before."""
    return entry.accepted_at.astimezone(VIETNAM).year


def _of_record(decision: Decision, records: Records) -> Term:
    """The term of a dispatch in its record: the longest class, from the last end of work."""
    filed = [decision, *records.get((decision.agency_id, decision.record), ())]
    if not decision.record:
        filed = [decision]
    longest = max(filed, key=lambda one: (one.years is None, one.years or 0))
    return Term(
        class_code=longest.class_code,
        years=longest.years,
        ended=max(one.ended for one in filed),
        agency_id=decision.agency_id,
        record=decision.record,
    )


def _length(term: Term) -> tuple[bool, date]:
    return term.years is None, term.first_day or date.max
