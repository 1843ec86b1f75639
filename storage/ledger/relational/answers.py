"""What authorities answered about revocation, over SQL."""

from __future__ import annotations

from collections.abc import Collection

from storage.errors import NotFound
from storage.ledger.answers import SUPERSEDED, Answer, Answered, check_answered
from storage.ledger.relational.engine import Transaction
from storage.ledger.relational.facet import Facet
from storage.ledger.relational.rows import microseconds, moment


class RelationalAnswers(Facet):
    """`Answers` over SQL."""

    async def keep_answer(self, answered: Answered) -> None:
        check_answered(answered)
        await self._writer.write(lambda t: keep_answer(t, answered))

    async def answered(self, *, after: int) -> tuple[Answered, ...]:
        return tuple(
            Answered(
                place=place,
                asked_at=moment(asked_at),
                answer=Answer(kind=kind, content=bytes(content)),
                version=version,
            )
            for place, asked_at, version, kind, content in await self._readers.all("answered", (after,))
        )

    async def judged_by(self, dispatch_id: str) -> tuple[Answer, ...]:
        rows = await self._readers.all("judged_by", (dispatch_id,))
        return tuple(Answer(kind=kind, content=bytes(content)) for kind, content in rows)

    async def note_judged(self, dispatch_id: str, digests: Collection[str]) -> None:
        await self._writer.write(lambda t: note_judged(t, dispatch_id, digests))


def keep_answer(transaction: Transaction, answered: Answered) -> None:
    """`Answers.keep_answer`."""
    at = microseconds(answered.asked_at)
    answer = answered.answer
    row = transaction.one("answer_of_place", answered.place)
    if row is None or row[0] != answer.sha256:
        transaction.run("add_answer", answer.sha256, answer.kind, answer.content)
        if row is not None:
            transaction.run("supersede_answer", at, row[0])
    transaction.run("keep_answered", answered.place, answer.sha256, at)
    transaction.run("drop_answers", at - round(SUPERSEDED.total_seconds() * 1_000_000))


def note_judged(transaction: Transaction, dispatch_id: str, digests: Collection[str]) -> None:
    """`Answers.note_judged`."""
    row = transaction.one("find_dispatch", dispatch_id)
    if row is None:
        raise NotFound(dispatch_id)
    transaction.run_many("add_judged_by", [(row[0], digest) for digest in digests])
