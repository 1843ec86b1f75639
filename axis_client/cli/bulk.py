"""`axis export`: everything that a search finds, as bags for another archive."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import click

from axis_client import files
from axis_client.acts.archiving import Bagged
from axis_client.cli import shapes
from axis_client.cli.connection import with_axis
from axis_client.cli.options import PATH, common, profile
from axis_client.cli.query import query, search_options
from axis_client.cli.spreadsheet import spreadsheet
from axis_client.cli.terminal import EXIT_OK, EXIT_REFUSED, Terminal
from axis_client.client import AsyncClient
from axis_client.errors import AxisError, LocalError, TryLater
from axis_client.model import Dispatch, State
from axis_client.model.finding import Found

MANIFEST = "manifest.csv"
AT_ONCE = 4
"""Bags made side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a dispatch that was found."""

    dispatch: Dispatch
    what: str
    """`bagged`, `kept` (it was there, whole), `skipped` or `failed`."""
    reason: str = ""
    order: str = ""
    """By which it was disposed of."""
    bagged: Bagged | None = None


@click.command("export")
@search_options
@click.option(
    "-o", "--output", type=PATH, required=True, metavar="DIR", help="Thư mục. / Where the bags go, one each."
)
@click.option(
    "--no-package", is_flag=True, help="Không kèm gói chứng cứ .asice. / Leave the evidence packages out."
)
@profile
@common
@click.pass_obj
def bulk(terminal: Terminal, /, output: Path, no_package: bool, profile: Path, **asked: Any) -> int:
    """Xuất hàng loạt bản gốc và chứng cứ (BagIt). / Exports originals and evidence of all that is found.

    Each document becomes DIR/ID, a bag (BagIt, RFC 8493) with the original byte for byte, all evidence and
    the evidence package; manifest.csv lists them all. Run it again to go on: what is there is read through
    and kept when it is whole and up to date, made anew when it is not. What was sent to this agency and not
    fetched yet is left out, since taking it would be noted as its receipt. TEXT and flags are those of
    `axis search`. Exit 0: all are there; 1: some failed or were left out.
    """
    wanted = query(asked)

    async def act(client: AsyncClient) -> int:
        files.make_directory(output)
        outcomes: list[Outcome] = []
        try:
            found = [one async for one in client.search(wanted, oldest_first=True)]
            rest = iter(found)
            while batch := list(islice(rest, AT_ONCE)):
                bags = (_bag(client, one, output, package=not no_package) for one in batch)
                made = await asyncio.gather(*bags, return_exceptions=True)
                outcomes += [one for one in made if isinstance(one, Outcome)]
                for one in made:
                    if isinstance(one, BaseException):
                        raise one
                    _show(terminal, one, len(outcomes), len(found))
        finally:
            files.write(output / MANIFEST, _manifest(outcomes), force=True)
        terminal.note(_summary(terminal, outcomes))
        done = all(one.what in ("bagged", "kept") for one in outcomes)
        return EXIT_OK if done else EXIT_REFUSED

    return with_axis(terminal, profile, act)


async def _bag(client: AsyncClient, found: Found, output: Path, *, package: bool) -> Outcome:
    """Makes one bag. Raises `TryLater` and `LocalError`, which hinder the others too."""
    if found.disposal_id:
        return Outcome(dispatch=found.dispatch, what="skipped", reason="DISPOSED", order=found.disposal_id)
    if not found.sent and found.counts.get(State.CONSIGNED):
        return Outcome(dispatch=found.dispatch, what="skipped", reason="NOT_FETCHED")
    try:
        bagged = await client.bag(found.dispatch.dispatch_id, output, package=package)
    except (TryLater, LocalError):
        raise
    except AxisError as exc:
        return Outcome(dispatch=found.dispatch, what="failed", reason=exc.reason)
    return Outcome(dispatch=found.dispatch, what="kept" if bagged.kept else "bagged", bagged=bagged)


def _show(terminal: Terminal, one: Outcome, done: int, of: int) -> None:
    if terminal.as_json:
        terminal.object({**_row(one), "done": done, "of": of})
        return
    what = {
        "bagged": terminal.text("đã xuất", "exported"),
        "kept": terminal.text("đã có, nguyên vẹn", "is there, whole"),
        "skipped": _skipped(terminal, one),
        "failed": terminal.text("không xuất được", "failed"),
    }[one.what]
    reason = f" [{one.reason}]" if one.what == "failed" else ""
    terminal.say(f"{done}/{of}  {one.dispatch.dispatch_id}  {shapes.number(one.dispatch)}  {what}{reason}")


def _skipped(terminal: Terminal, one: Outcome) -> str:
    if one.reason == "DISPOSED":
        return terminal.text(
            f"đã hủy theo quyết định {one.order}, bỏ qua", f"disposed of by order {one.order}, left out"
        )
    return terminal.text("chưa nhận về, bỏ qua", "not fetched yet, left out")


def _summary(terminal: Terminal, outcomes: list[Outcome]) -> str:
    counts = {
        what: sum(one.what == what for one in outcomes) for what in ("bagged", "kept", "skipped", "failed")
    }
    bagged, kept, skipped, failed = counts.values()
    return terminal.text(
        f"{bagged} đã xuất, {kept} đã có, {skipped} bỏ qua, {failed} lỗi",
        f"{bagged} exported, {kept} kept, {skipped} left out, {failed} failed",
    )


def _row(one: Outcome) -> dict[str, object]:
    bag = one.bagged
    return {
        "dispatch_id": one.dispatch.dispatch_id,
        "outcome": one.what,
        "reason": one.reason,
        "disposal_id": one.order,
        "number": shapes.number(one.dispatch),
        "document_id": one.dispatch.document_id,
        "sender_id": one.dispatch.sender_id,
        "accepted_at": shapes.time(one.dispatch.accepted_at),
        "subject": one.dispatch.subject,
        "files": bag.files if bag else 0,
        "bytes": bag.bytes if bag else 0,
        "records": bag.records if bag else 0,
        "tagmanifest_sha256": _tagmanifest(bag) if bag else "",
    }


def _tagmanifest(bag: Bagged) -> str:
    """Names the whole content of a bag by one digest."""
    return files.measure(bag.folder / "tagmanifest-sha256.txt").sha256


def _manifest(outcomes: list[Outcome]) -> bytes:
    """One line for each dispatch, in the order in which the axis took them in."""
    return spreadsheet([_row(one) for one in outcomes]).encode("utf-8", "backslashreplace")
