"""`axis log`: what the axis's log proves. And what the commands that leave evidence say of it by the way."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from pathlib import Path

import click

from axis_client import files
from axis_client.cli import labels, shapes
from axis_client.cli.connection import with_axis
from axis_client.cli.options import FORCE, PATH, common, profile
from axis_client.cli.terminal import EXIT_OK, Terminal
from axis_client.client import AsyncClient
from axis_client.errors import EvidenceError, LocalError, Refused, TryLater, by_reason, explain
from axis_client.logbook import Logbook, as_signed
from axis_client.model import LogState, Proof
from axis_client.profile import load_log
from signing.evidence.writer import EVIDENCE
from signing.log import Succession, VerifierKey, write_successions
from signing.parser import DEFAULT_LIMITS, Malformed, parse
from signing.reasons import Reason

SECONDS = 5.0
"""How long a command waits for the log; a checkpoint follows what was done within a second or two."""
SUFFIX = ".tlog-proof"


@click.group("log")
def log() -> None:
    """Nhật ký của trục. / The axis's log: that it holds your evidence, and only ever grew."""


@log.command()
@click.option(
    "-o",
    "--output",
    type=PATH,
    metavar="DIR",
    help="Lưu điểm kiểm tra và dấu thời gian. / Keep the checkpoint and its time-stamps here.",
)
@FORCE
@profile
@common
@click.pass_obj
def check(terminal: Terminal, output: Path | None, force: bool, profile: Path) -> int:
    """Nhật ký chỉ dài thêm? / Holds the newest checkpoint against what was kept, and keeps it.

    DIR gets `checkpoint` with its cosignatures, `checkpoint.signed` as the log signed it, AUTHORITY.tst, each
    a time-stamp over `checkpoint.signed`, and `successions` when the log's keys have changed. Exit code 1 is
    an alarm, 3 says that witnesses lack yet.
    """

    async def act(client: AsyncClient) -> int:
        state = await client.check_log()
        if output is not None:
            _keep(output, state, force=force)
        _show_state(terminal, state)
        present, quorum = len({one.witness for one in state.head.cosignatures}), state.policy.quorum
        if present < quorum:
            raise by_reason(TryLater, Reason.LOG_TOO_FEW_WITNESSES, f"{present} of {quorum}")
        return EXIT_OK

    return with_axis(terminal, profile, act)


@log.command()
@profile
@common
@click.pass_obj
def keys(terminal: Terminal, profile: Path) -> int:
    """Khóa nào được tin. / Shows which keys of the log are trusted, and since when. Asks nobody."""
    policy, path = load_log(profile)
    if policy is None:
        raise explain(LocalError, "NO_LOG")
    book = Logbook(policy=policy, path=path)
    kept, steps = book.kept(), book.successions()
    last = {(one.name, one.key_id) for one in kept.note.signatures} if kept else set()
    for key in book.trusted().keys:
        step = next((one for one in steps if one.new == key and key not in policy.keys), None)
        _show_key(terminal, key, step, signs=(key.name, key.key_id) in last)
    return EXIT_OK


@log.command()
@click.argument("file", type=PATH)
@click.option(
    "-o",
    "--output",
    type=PATH,
    metavar="FILE",
    help="Tệp chứng minh. / Where it goes.  [default: beside FILE]",
)
@FORCE
@profile
@common
@click.pass_obj
def prove(terminal: Terminal, file: Path, output: Path | None, force: bool, profile: Path) -> int:
    """Chứng minh có trong nhật ký. / Proves that an evidence or statement (FILE) stands in the log.

    The proof is for `axis verify FILE --proof ... --log ...`, offline, and for any other reader of C2SP
    tlog-proof.
    """
    content = files.read(file, DEFAULT_LIMITS.bytes)
    if content is None:
        raise explain(LocalError, "FILE_UNREADABLE", files.printable(file), file=files.printable(file))
    target = output or file.with_name(file.name + SUFFIX)

    async def act(client: AsyncClient) -> int:
        logged = await client.prove_content(content_id(content), content)
        files.write(target, logged.proof, force=force)
        if terminal.as_json:
            terminal.object({"file": str(target), **(shapes.logged(logged) or {})})
        else:
            terminal.say(f"{labels.logged(terminal, logged)}  {files.printable(target)}")
        return EXIT_OK

    return with_axis(terminal, profile, act)


def content_id(content: bytes) -> str:
    """Returns the id under which the log knows a file: evidence bears it, a statement is named by its
    digest."""
    try:
        named = parse(content).findtext(f"{{{EVIDENCE}}}EvidenceIdentifier")
    except Malformed as exc:
        raise explain(LocalError, "FILE_UNREADABLE", f"{exc.reason}: {exc.detail}") from exc
    return named.strip() if named else hashlib.sha256(content).hexdigest()


async def with_log(
    terminal: Terminal, client: AsyncClient, proofs: Sequence[Proof]
) -> tuple[tuple[Proof, ...], EvidenceError | None]:
    """Returns evidence with where it stands in the log, when the profile names one, and what is an alarm.

    What is done is done, whatever the log says: what it does not say within some seconds is a note.
    """
    if not client.has_log:
        return tuple(proofs), None
    try:
        async with asyncio.timeout(SECONDS):
            return tuple(await client.prove_all(proofs)), None
    except EvidenceError as alarm:
        return tuple(proofs), alarm
    except (TimeoutError, TryLater):
        late = "Nhật ký của trục chưa trả lời; kiểm tra sau bằng axis log check và axis evidence."
        terminal.note(
            terminal.text(late, "The axis's log has not answered; look later: axis log check, axis evidence.")
        )
    except (LocalError, Refused) as trouble:
        terminal.note(terminal.text(trouble.message_vi, trouble.message))
    return tuple(proofs), None


def _keep(directory: Path, state: LogState, *, force: bool) -> None:
    note = state.head.note.content()
    files.make_directory(directory)
    files.write(directory / "checkpoint", note, force=force)
    files.write(directory / "checkpoint.signed", as_signed(note, state.policy), force=force)
    if state.successions:
        files.write(directory / "successions", write_successions(state.successions), force=force)
    for stamp in state.stamps:
        name = "".join(char for char in stamp.authority if char.isalnum() or char in ".-") or "tsa"
        files.write(directory / f"{name}.tst", stamp.token, force=force)


def _show_state(terminal: Terminal, state: LogState) -> None:
    if terminal.as_json:
        terminal.object(shapes.log_state(state))
        return
    head = state.head.checkpoint
    before = state.before.checkpoint.size if state.before else None
    grown = "" if before is None else f" ({terminal.text('lần trước', 'before')}: {before})"
    terminal.say(f"{terminal.text('Nhật ký chỉ dài thêm', 'The log only grew')}: {head.origin}")
    terminal.say(f"  {terminal.text('Số mục', 'Entries')}: {head.size}{grown}")
    terminal.say(f"  {terminal.text('Mã băm gốc', 'Root')}: {head.root.hex()}")
    for step in state.successions:
        followed = terminal.text("Khóa kế nhiệm từ", "Key that followed on")
        terminal.say(f"  {followed} {labels.time(labels.posix(step.at))}: {step.new.vkey}")
    for one in state.head.cosignatures:
        at = labels.time(labels.posix(one.at))
        terminal.say(f"  {terminal.text('Bên làm chứng', 'Cosigned by')}: {one.witness.name}, {at}")
    for stamp in state.stamps:
        terminal.say(f"  {terminal.text('Dấu thời gian của', 'Time-stamped by')}: {stamp.authority}")


def _show_key(terminal: Terminal, key: VerifierKey, step: Succession | None, *, signs: bool) -> None:
    """`step` led to the key, None for one of the profile; `signs`: the last checkpoint that was seen."""
    if terminal.as_json:
        terminal.object(
            {
                "key": key.vkey,
                "follows": step.old.vkey if step else None,
                "since": step.at if step else None,
                "signs": signs,
            }
        )
        return
    terminal.say(key.vkey)
    if step is None:
        terminal.say(f"  {terminal.text('Nêu trong hồ sơ kết nối', 'Named in the profile')}")
    else:
        since = labels.time(labels.posix(step.at))
        terminal.say(f"  {terminal.text('Kế nhiệm từ', 'Follows, since')} {since}: {step.old.vkey}")
    if signs:
        terminal.say(f"  {terminal.text('Đã ký điểm kiểm tra gần nhất', 'Signed the last checkpoint seen')}")
