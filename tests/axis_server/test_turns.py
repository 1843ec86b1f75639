"""Places for costly work: bounded, fair, and never lost."""

from __future__ import annotations

import asyncio
import random

import pytest

from axis_server.limits.turns import Lanes, Turns


class Work:
    """Tasks that hold a place until they are let go, and who had one in which order."""

    def __init__(self, places: int) -> None:
        self.turns = Turns(places)
        self.begun: list[str] = []
        self.inside = 0
        self.most = 0
        self.go = asyncio.Semaphore(0)

    def start(self, agency_id: str) -> asyncio.Task[None]:
        return asyncio.create_task(self._held(agency_id))

    async def _held(self, agency_id: str) -> None:
        async with self.turns.of(agency_id):
            self.begun.append(agency_id)
            self.inside += 1
            self.most = max(self.most, self.inside)
            try:
                await self.go.acquire()
            finally:
                self.inside -= 1

    async def settle(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)


async def test_no_more_are_inside_than_there_are_places() -> None:
    work = Work(3)
    tasks = [work.start("A") for _ in range(20)]
    await work.settle()
    assert work.inside == 3
    for _ in tasks:
        work.go.release()
    await asyncio.gather(*tasks)
    assert (work.most, work.inside) == (3, 0)


async def test_an_agency_with_one_wish_comes_before_the_rest_of_an_agency_with_many() -> None:
    work = Work(1)
    tasks = [work.start("A") for _ in range(10)]
    await work.settle()
    tasks += [work.start("B"), work.start("C")]
    await work.settle()
    for _ in tasks:
        work.go.release()
    await asyncio.gather(*tasks)
    assert work.begun == ["A", "A", "B", "C", *["A"] * 8]


@pytest.mark.parametrize("seed", range(20))
async def test_callers_that_go_away_at_any_moment_lose_no_place(seed: int) -> None:
    chance, work = random.Random(seed), Work(2)
    tasks = []
    for _ in range(60):
        tasks.append(work.start(chance.choice("ABC")))
        if chance.random() < 0.5:
            await asyncio.sleep(0)
        if chance.random() < 0.5:
            work.go.release()
        if chance.random() < 0.5:
            chance.choice(tasks).cancel()
    for _ in tasks:
        work.go.release()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert (work.inside, work.most) == (0, 2)
    for _ in range(2):
        work.go.release()
    await asyncio.gather(work.start("A"), work.start("B"))


async def test_what_is_light_waits_for_nothing_heavy_and_of_that_one_goes_at_a_time() -> None:
    lanes, begun, go = Lanes(light=2, heaviest=10), list[str](), asyncio.Event()

    async def work(agency_id: str, weight: int) -> None:
        async with lanes.of(agency_id, weight):
            begun.append(f"{agency_id}{weight}")
            if weight > 10:
                await go.wait()

    heavy = [asyncio.create_task(work(agency_id, 11)) for agency_id in "AAAAB"]
    async with asyncio.timeout(60):
        await asyncio.gather(*(work("C", 10) for _ in range(5)))
        assert begun == ["A11", *5 * ["C10"]]
        go.set()
        await asyncio.gather(*heavy)
    assert begun[6:] == ["A11", "B11", "A11", "A11"]
