"""`axis watch`, `attention`, `aside`: following along."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

import click

from axis_client import files
from axis_client.cli import labels, shapes
from axis_client.cli.connection import with_axis
from axis_client.cli.mistakes import mistake
from axis_client.cli.options import AFTER, PATH, RECIPIENT, common, profile
from axis_client.cli.terminal import EXIT_OK, Terminal
from axis_client.client import AsyncClient
from axis_client.errors import LocalError, explain
from axis_client.model.oversight import Aside, Concern, EventFilter, Side, StreamEvent

SAID_BYTES = 900
"""Of what a failing command said, in UTF-8, that go into the reason of an aside; the axis takes 1000."""
PAUSE = 2.0
"""Seconds between the tries of a failing command."""
_NO_COMMAND = frozenset({126, 127})
"""What a shell exits with when there is no such command, or it may not be run: that is no event's fault."""
CURSOR_BYTES = 4096


@click.command()
@AFTER
@click.option("--now", is_flag=True, help="Bỏ qua những việc đã qua. / Pass over what is past.")
@click.option("--once", is_flag=True, help="Dừng khi hết. / End where there is no more.")
@click.option(
    "--keep",
    type=PATH,
    metavar="FILE",
    help="Nhớ chỗ đã xử lý xong. / Keep the place in FILE, and go on from it the next time.",
)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(labels.FOLLOWED, case_sensitive=False),
    metavar="EVENT",
    help="Chỉ loại việc này; lặp lại được. / Only this event; may be repeated: "
    f"{', '.join(labels.FOLLOWED)}.",
)
@click.option("--dispatch", default="", metavar="ID", help="Chỉ mã gửi này. / Only this dispatch.")
@click.option(
    "--urgent",
    type=click.IntRange(0, 4),
    default=0,
    help="Từ độ khẩn này trở lên: 0 thường … 4 hỏa tốc hẹn giờ. / Only this priority or higher.",
)
@click.option(
    "--side",
    type=click.Choice([str(side) for side in Side]),
    default="any",
    show_default=True,
    help="Việc của văn bản đi, văn bản đến, hay cả hai. / Of what was sent, received, or both.",
)
@click.option(
    "--run",
    "command",
    metavar="COMMAND",
    help="Chạy lệnh này cho từng việc. / Run this for each event, as JSON on its standard input.",
)
@click.option(
    "--tries",
    type=click.IntRange(1, 100),
    default=3,
    show_default=True,
    help="Số lần thử lệnh --run trước khi gác việc lại. / How often --run is tried, before the event is set "
    "aside with what the command said.",
)
@profile
@common
@click.pass_obj
def watch(
    terminal: Terminal,
    after: str,
    now: bool,
    once: bool,
    keep: Path | None,
    kinds: tuple[str, ...],
    dispatch: str,
    urgent: int,
    side: str,
    command: str | None,
    tries: int,
    profile: Path,
) -> int:
    """Theo dõi mọi việc của cơ quan, theo thứ tự. / Shows everything that happens, in order, as it happens.

    With --keep an event counts as processed once it is shown, or its command succeeded or was set aside; what
    was cut is shown again.
    """
    wanted = EventFilter(kinds=kinds, dispatch_id=dispatch, min_priority=urgent, side=Side(side))
    start = after or _kept(keep)
    if now and (start or once):
        raise mistake(
            "--now goes without --once, --after and a place that was kept",
            "--now không đi cùng --once, --after hoặc tệp --keep đã có chỗ đánh dấu",
        )

    if keep is not None:
        files.write(keep, f"{start}\n".encode(), force=True)  # before anything is shown or run

    async def act(client: AsyncClient) -> int:
        shown = 0
        events = client.events(start, wanted, follow=not once, from_now=now)
        async with aclosing(events):
            async for event in events:
                shown += 1
                if command is None:
                    _show_event(terminal, event)
                else:
                    await _process(terminal, client, event, command, tries)
                if keep is not None:
                    files.write(keep, f"{event.cursor}\n".encode(), force=True)
        if not shown:
            terminal.note(terminal.text("Không có việc nào mới.", "Nothing is new."))
        return EXIT_OK

    return with_axis(terminal, profile, act)


@click.command()
@click.option(
    "--hours",
    type=click.IntRange(1, 720),
    default=24,
    show_default=True,
    help="Sắp đến hạn trong bấy nhiêu giờ. / Deadlines within so many hours.",
)
@click.option(
    "--days",
    type=click.IntRange(1, 3650),
    default=30,
    show_default=True,
    help="Kết quả trong bấy nhiêu ngày qua. / Endings of so many days.",
)
@click.option(
    "--most",
    type=click.IntRange(1, 1000),
    default=100,
    show_default=True,
    help="Hiện nhiều nhất bấy nhiêu việc. / How many are shown.",
)
@click.option(
    "--done",
    "done",
    nargs=2,
    metavar="ID RECIPIENT",
    help="Đã xem kết quả này. / This ending was seen: it is not shown any more.",
)
@profile
@common
@click.pass_obj
def attention(
    terminal: Terminal, hours: int, days: int, most: int, done: tuple[str, str] | None, profile: Path
) -> int:
    """Những việc cần xử lý, gấp nhất trước. / Shows what needs attention, the most urgent first."""

    async def act(client: AsyncClient) -> int:
        if done:
            await client.acknowledge(*done)
            terminal.note(terminal.text("Đã ghi nhận là đã xem.", "Noted as seen."))
            return EXIT_OK
        found = await client.attention(hours, days, most)
        if terminal.as_json:
            terminal.object(shapes.attention(found))
            return EXIT_OK
        if not found.concerns:
            terminal.say(terminal.text("Không có việc nào cần xử lý.", "Nothing needs attention."))
            return EXIT_OK
        columns = [("Mã gửi", "ID"), ("Việc", "Why"), ("Khẩn", "Priority"), ("Hạn", "Deadline")]
        columns += [
            ("Nơi gửi", "From"),
            ("Nơi nhận", "To"),
            ("Số, ký hiệu", "Number"),
            ("Trích yếu", "Subject"),
            ("Lý do", "Reason"),
        ]
        terminal.table(columns, [_concern_row(terminal, same) for same in _by_delivery(found.concerns)])
        for step in labels.steps(terminal, found.concerns):
            terminal.note(step)
        rest = sum(found.counts.values()) - len(found.concerns)
        if rest > 0:
            terminal.say(terminal.text(f"… và {rest} việc khác: --most", f"… and {rest} more: --most"))
        return EXIT_OK

    return with_axis(terminal, profile, act)


@click.command()
@click.argument("dispatch_id", metavar="[ID]", default="")
@click.option(
    "--sequence",
    type=click.IntRange(min=0),
    default=0,
    help="Số thứ tự của việc; 0 là cả văn bản. / The event; 0 is the delivery itself.",
)
@RECIPIENT
@click.option("--reason", default="", help="Lý do không xử lý được. / Why it cannot be processed.")
@click.option("--undo", is_flag=True, help="Xử lý lại. / Take it up again.")
@profile
@common
@click.pass_obj
def aside(
    terminal: Terminal,
    dispatch_id: str,
    sequence: int,
    recipient: str,
    reason: str,
    undo: bool,
    profile: Path,
) -> int:
    """Những việc hệ thống gác lại. / Lists what was set aside; with ID and --reason, sets something aside."""

    if not dispatch_id and (reason or undo or sequence or recipient):
        raise mistake("name what to set aside or take up: ID", "phải nêu mã gửi cần gác lại hoặc xử lý lại")

    async def act(client: AsyncClient) -> int:
        if not dispatch_id:
            await _show_asides(terminal, client)
        elif undo:
            await client.take_up(dispatch_id, sequence=sequence, recipient=recipient)
            terminal.note(terminal.text("Không còn gác lại nữa.", "It is not set aside any more."))
        else:
            await client.set_aside(dispatch_id, reason, sequence=sequence, recipient=recipient)
            again = f"axis aside {dispatch_id} --undo" + (f" --sequence {sequence}" if sequence else "")
            terminal.note(terminal.text(f"Đã gác lại; xử lý lại: {again}", f"Set aside; to undo it: {again}"))
        return EXIT_OK

    return with_axis(terminal, profile, act)


def _kept(keep: Path | None) -> str:
    """The place that an earlier run kept; empty when there is none. Raises `LocalError`."""
    if keep is None or not keep.exists():
        return ""
    return (files.read(keep, CURSOR_BYTES) or b"").decode("ascii", "replace").strip()


async def _process(
    terminal: Terminal, client: AsyncClient, event: StreamEvent, command: str, tries: int
) -> None:
    """Runs the command on an event until it succeeds; one that keeps failing is set aside. Raises
    `LocalError` (`COMMAND_NOT_RUN`) when there is no such command."""
    said = ""
    for attempt in range(tries):
        if attempt:
            await asyncio.sleep(PAUSE)
        process = await asyncio.create_subprocess_shell(
            command, stdin=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        _, errors = await process.communicate(json.dumps(shapes.stream_event(event)).encode())
        if process.returncode == 0:
            return
        exited = terminal.text("mã thoát", "exit code")
        said = f"{exited} {process.returncode}: {_end_of(errors)}"
        if process.returncode in _NO_COMMAND:
            raise explain(LocalError, "COMMAND_NOT_RUN", said)
    of, about = event.event.dispatch_id, event.event.recipient_id
    await client.set_aside(of, said, sequence=event.event.sequence, recipient=about)
    terminal.note(
        terminal.text(
            f"Gác lại {of}, việc {event.event.sequence}: {said}",
            f"Set aside {of}, event {event.event.sequence}: {said}",
        )
    )


def _end_of(errors: bytes) -> str:
    """The end of what a command said, as a reason takes it: it may repeat what others wrote, and that must
    not keep its event from being set aside."""
    said = errors.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}").strip()
    return said.encode()[-SAID_BYTES:].decode(errors="ignore")


def _show_event(terminal: Terminal, event: StreamEvent) -> None:
    if terminal.as_json:
        terminal.object(shapes.stream_event(event))
        return
    happened, about = event.event, event.about
    number = "/".join(part for part in (about.code_number, about.code_notation) if part)
    cells = (
        labels.time(happened.at),
        labels.event(terminal, happened.kind, happened.status_code),
        happened.recipient_id,
        number,
        about.subject,
        labels.reason(terminal, happened.reason),
        happened.dispatch_id,
    )
    terminal.say(" | ".join(cell for cell in cells if cell))


def _by_delivery(concerns: Sequence[Concern]) -> list[list[Concern]]:
    """Brings together what is to be said about one delivery, where the most urgent stands."""
    together: dict[tuple[str, str], list[Concern]] = {}
    for concern in concerns:
        key = concern.delivery.dispatch_id, concern.delivery.recipient_id
        together.setdefault(key, []).append(concern)
    return list(together.values())


def _concern_row(terminal: Terminal, same: Sequence[Concern]) -> tuple[str, ...]:
    about, delivery = same[0].about, same[0].delivery
    reasons = [concern.aside.reason for concern in same if concern.aside]
    if delivery.question is not None:
        reasons.append(labels.question(terminal, delivery.question))
    else:
        reasons.append(labels.reason(terminal, delivery.reason))
    return (
        delivery.dispatch_id,
        ", ".join(dict.fromkeys(labels.why(terminal, concern.why) for concern in same)),
        labels.priority(terminal, about.priority),
        labels.deadline(delivery),
        about.sender_name or about.sender_id,
        delivery.recipient_id,
        "/".join(part for part in (about.code_number, about.code_notation) if part),
        about.subject,
        "; ".join(filter(None, reasons)),
    )


async def _show_asides(terminal: Terminal, client: AsyncClient) -> None:
    shown = 0
    async for one in client.asides():
        _show_aside(terminal, one)
        shown += 1
    if not shown:
        terminal.note(terminal.text("Không có việc nào bị gác lại.", "Nothing is set aside."))


def _show_aside(terminal: Terminal, one: Aside) -> None:
    if terminal.as_json:
        terminal.object(shapes.aside(one))
    else:
        what = f"#{one.sequence}" if one.sequence else one.recipient_id
        terminal.say(f"{labels.time(one.at)} | {one.dispatch_id} | {what} | {one.reason}")
