"""A process that acts on dispatches that others act on too, once a line on standard input lets it, and prints
how each attempt ended.

python -m tests.storage.racing_child LEDGER NAME COUNT
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable

from storage.errors import StorageError
from tests.storage.places import Shared, opened
from tests.storage.records import RECIPIENTS, accepted, asking, evidence, joining, move, recipients, statement


def attempts(ledger: Shared, name: str, number: int) -> dict[str, Awaitable[object]]:
    """What this process tries to do to dispatch `number`: move, ask, add a recipient that others add too."""
    package = 10_000 * (1 + sum(name.encode())) + number
    joined = recipients("SAME", f"OF-{name}")
    moved = move(
        number,
        state=f"moved by {name}",
        statement=statement(number, salt=name),
        evidence=(evidence(number, "move", recipient_id=RECIPIENTS[0], salt=name),),
    )
    other = move(number + 1, state=f"moved by {name}", statement=moved.statement, evidence=(), events=())
    return {
        "move": ledger.advance([moved, other] if number % 2 == 0 else [moved]),
        "ask": ledger.commit(accepted(package, asks=(asking(package, number, *RECIPIENTS[:2]),))),
        "join": ledger.commit(accepted(package + 5000, joins=(joining(package, number, *joined),))),
    }


async def main() -> None:
    name, count = sys.argv[2], int(sys.argv[3])
    ledger = await opened(sys.argv[1])
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(count):
        tries = attempts(ledger, name, number)
        for what, answer in zip(
            tries, await asyncio.gather(*tries.values(), return_exceptions=True), strict=True
        ):
            if isinstance(answer, BaseException) and not isinstance(answer, StorageError):
                raise answer
            print(number, what, type(answer).__name__, flush=True)
    await ledger.aclose()


asyncio.run(main())
