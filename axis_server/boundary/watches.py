"""The watches in progress: they last for weeks, so their places are counted apart from other calls."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from axis_server.errors import Declined, Detail
from axis_server.reasons import Code


class Watches:
    """Gives each watch a place, as long as there are some in all and for the one who watches."""

    def __init__(self, *, most: int, most_each: int) -> None:
        """`most` in all; `most_each` for one agency."""
        self._most = most
        self._most_each = most_each
        self._tasks: set[asyncio.Task[Any]] = set()
        self._held: Counter[str] = Counter()
        self.ended = False
        """The axis is stopping: watches were cancelled, and none begins any more."""

    @contextmanager
    def place(self, who: str) -> Iterator[None]:
        """Holds a place for the current task, which watches on behalf of `who`.

        Raises `Declined`: TOO_MANY_WATCHES, SHUTTING_DOWN.
        """
        if self.ended:
            raise Declined(Code.SHUTTING_DOWN)
        for held, most in ((self._held[who], self._most_each), (len(self._tasks), self._most)):
            if held >= most:
                raise Declined(
                    Code.TOO_MANY_WATCHES,
                    Detail(f"{most} are open", f"đang theo dõi {most} lượt"),
                    facts={"limit": str(most)},
                )
        task = asyncio.current_task()
        assert task is not None, "every call is served in a task"
        self._tasks.add(task)
        self._held[who] += 1
        try:
            yield
        finally:
            self._tasks.discard(task)
            self._held[who] -= 1
            if not self._held[who]:
                del self._held[who]

    def end(self) -> None:
        """Cancels all watches, and lets none begin any more: they would outlast every grace."""
        self.ended = True
        for task in self._tasks:
            task.cancel()
