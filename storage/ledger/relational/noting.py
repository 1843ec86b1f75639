"""Writing about a kept dispatch, inside a transaction: evidence, statements, events, each to its readers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from storage.ledger.overview import QUESTION_REFUSED
from storage.ledger.records import Evidence, NewEvent, Statement
from storage.ledger.relational.engine import Counted, Transaction
from storage.ledger.relational.rows import microseconds, to_json
from storage.ledger.tree import leaf_hash


class Noting:
    """Notes what happens to one dispatch, in one transaction.

    What is about a recipient goes to its mailbox; `ValueError` when it is no recipient of the dispatch.
    """

    def __init__(
        self,
        transaction: Transaction,
        position: int,
        sender_id: str,
        *,
        mailboxes: Mapping[str, str],
        new: bool = False,
    ) -> None:
        """`mailboxes` are those of recipients that are known here; all of them when the dispatch is `new`."""
        self._transaction = transaction
        self.position = position
        self._sender_id = sender_id
        self._mailboxes = {"": "", **mailboxes}
        self._new = new
        transaction.touched.add(position)

    def evidence(
        self, evidence: Sequence[Evidence], *, moved: str | None = None, version: int | None = None
    ) -> None:
        """Adds evidence. `moved` and `version` name the delivery and the move that it was issued with; both
        are None for that of the dispatch's own commit."""
        self._learn(one.recipient_id for one in evidence)
        rows = [
            (
                self._transaction.add_leaf("evidence", leaf_hash(one.content)),
                one.evidence_id,
                self.position,
                one.recipient_id,
                self._mailboxes[one.recipient_id],
                one.event,
                microseconds(one.issued_at),
                moved,
                version,
                one.content,
            )
            for one in evidence
        ]
        self._transaction.run_many("add_evidence", rows)

    def statement(self, statement: Statement) -> int:
        """Adds a statement and returns its leaf."""
        self._learn([statement.recipient_id])
        leaf = self._transaction.add_leaf("statement", leaf_hash(statement.content))
        row = (
            leaf,
            statement.statement_id,
            self.position,
            statement.agency_id,
            statement.recipient_id,
            self._mailboxes[statement.recipient_id],
            statement.status_code,
            microseconds(statement.received_at),
            statement.content,
        )
        self._transaction.run_many("add_statement", [row])
        self._transaction.touched.add(statement.statement_id)
        return leaf

    def events(self, events: Sequence[NewEvent]) -> None:
        """Adds events, and to the stream of each agency those that it sees."""
        if not events:
            return
        self._learn(event.recipient_id for event in events)
        counted = self._counted({self._mailboxes[event.recipient_id] for event in events})
        everyone = self._everyone() if any(not event.recipient_id for event in events) else set()
        rows, streamed = [], []
        for event in events:
            mailbox = self._mailboxes[event.recipient_id]
            cursor = self._transaction.event = self._transaction.event + 1
            counted.sequence += 1
            rank = counted.ranks[mailbox] = counted.ranks.get(mailbox, 0) + 1
            rows.append(
                (
                    cursor,
                    self.position,
                    counted.sequence,
                    mailbox,
                    rank,
                    event.kind,
                    microseconds(event.at),
                    event.recipient_id,
                    event.actor_id,
                    event.delegate_id,
                    event.status_code,
                    event.reason,
                    event.evidence_id,
                    event.statement_id,
                    event.related_id,
                )
            )
            seen_by = {mailbox} if mailbox else everyone
            streamed += [(agency_id, cursor) for agency_id in sorted({self._sender_id, *seen_by})]
        self._transaction.run_many("add_event", rows)
        self._transaction.run_many("add_stream", streamed)
        self._transaction.tell(agency_id for agency_id, _ in streamed)
        for event in events:
            if event.kind == QUESTION_REFUSED:
                of = (self.position, event.recipient_id)
                self._transaction.run("note_refused_question", *of, microseconds(event.at))

    def _learn(self, recipients: Iterable[str]) -> None:
        """Looks mailboxes up that are not known here."""
        unknown = {one for one in recipients if one not in self._mailboxes}
        if unknown and not self._new:
            self._mailboxes |= dict(
                self._transaction.all("mailboxes", self.position, to_json(sorted(unknown)))
            )
            unknown -= set(self._mailboxes)
        if unknown:
            raise ValueError(f"{min(unknown)} is no recipient of the dispatch")

    def _counted(self, mailboxes: set[str]) -> Counted:
        """Returns how many events there are already. What this transaction has not written about is not among
        the rows that wait either."""
        transaction, position = self._transaction, self.position
        counted = transaction.counted.get(position)
        if counted is None:
            row = None if self._new else transaction.one_ahead("last_sequence", position)
            counted = transaction.counted[position] = Counted(row[0] if row else 0)
        unknown = set() if self._new else mailboxes - set(counted.ranks)
        if unknown:
            found = transaction.all_ahead("last_ranks", position, to_json(sorted(unknown)))
            counted.ranks |= dict.fromkeys(unknown, 0) | {mailbox: rank for mailbox, rank, _ in found}
        return counted

    def _everyone(self) -> set[str]:
        if self._new:
            return set(self._mailboxes.values()) - {""}
        return {mailbox for (mailbox,) in self._transaction.all("audience", self.position)}
