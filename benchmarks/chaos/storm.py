"""Faults, one after the other, until the time is over; each kind before any comes again."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence

from benchmarks.chaos.faults import Draw, World

Note = Callable[[dict[str, object]], None]


class Storm:
    """One that goes on beside others."""

    def __init__(
        self, world: World, draws: Sequence[Draw], dice: random.Random, pause: float, note: Note
    ) -> None:
        self._world = world
        self._draws = draws
        self._dice = dice
        self._pause = pause
        self._note = note
        self._over = threading.Event()

    def stop(self) -> None:
        """Begins no more faults; the one that goes on is ended."""
        self._over.set()

    def rage(self) -> None:
        """Goes on until `stop`. Raises what an engine fails with that does not come back."""
        bag: list[Draw] = []
        while not self._over.wait(self._pause * self._dice.uniform(0.5, 1.5)):
            if not bag:
                bag = list(self._draws)
                self._dice.shuffle(bag)
            fault = bag.pop()(self._world, self._dice)
            began = time.monotonic()
            fault.begin()
            self._over.wait(fault.seconds)
            lifted = time.monotonic()
            fault.end()
            whole = time.monotonic()
            self._note(
                {
                    "kind": fault.kind,
                    "where": fault.where,
                    "began": began,
                    "lifted": lifted,
                    "whole": whole,
                }
            )
