"""`axis evidence -o FILE.asice`, and in bulk: evidence packages on disk."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from axis_client import files
from axis_client.acts.exporting import DestroyedBy
from axis_client.cli import labels
from axis_client.cli.connection import with_axis
from axis_client.cli.findings import SPOKEN
from axis_client.cli.mistakes import mistake
from axis_client.cli.terminal import EXIT_DESTROYED, EXIT_LATER, EXIT_OK, EXIT_REFUSED, Terminal
from axis_client.client import AsyncClient
from axis_client.exporting import SUFFIX, Packaged
from axis_client.model import Dispatch
from axis_client.model import State as Standing
from axis_client.profile import load_trust
from signing.package import State, Trust, verify
from signing.package.findings import worst
from signing.parser import DEFAULT_LIMITS

_LEFT_OUT = frozenset({Standing.CONSIGNED, Standing.TAKEN_BACK})
EXITS = {
    State.SOUND: EXIT_OK,
    State.DESTROYED: EXIT_DESTROYED,
    State.UNDECIDED: EXIT_LATER,
    State.REFUSED: EXIT_REFUSED,
}


def destroyed_by(
    order: Path | None, approvals: Sequence[Path], destruction: Path | None
) -> DestroyedBy | None:
    """Reads what the archive's authority handed over about a destruction. Raises `LocalError`."""
    if order is None or destruction is None:
        if order or approvals or destruction:
            raise mistake("--order and --destruction go together", "--order phải đi cùng --destruction")
        return None
    ordered, destroyed, *approved = (_sealed(path) for path in (order, destruction, *approvals))
    return DestroyedBy(order=ordered, approvals=tuple(approved), destruction=destroyed)


def _sealed(path: Path) -> bytes:
    content = files.read(path, DEFAULT_LIMITS.bytes)
    if content is None:
        most = DEFAULT_LIMITS.bytes
        raise mistake(f"it has more than {most} bytes", f"tệp có hơn {most} byte")
    return content


def export_one(
    terminal: Terminal,
    dispatch_id: str,
    path: Path,
    handed: DestroyedBy | None,
    force: bool,
    profile: Path,
) -> int:
    """Writes one package, and says what there is to say of it."""

    async def act(client: AsyncClient) -> int:
        with terminal.progress() as report:
            packaged = await client.package(dispatch_id, path, force=force, progress=report, disposal=handed)
        _show(terminal, packaged)
        return EXITS[packaged.state]

    return with_axis(terminal, profile, act)


def export_all(
    terminal: Terminal, directory: Path, since: datetime | None, force: bool, profile: Path
) -> int:
    """Writes a package of every dispatch that this agency sent or fetched; ends with the worst verdict.

    What was not fetched yet is left out: taking it would be noted as its receipt. So is what was taken back,
    which is handed out no more.
    """
    trust = Trust(seals=load_trust(profile, []))

    async def act(client: AsyncClient) -> int:
        files.make_directory(directory)
        states = [State.SOUND]
        async for dispatch in _dispatches(client, terminal, since):
            path = directory / f"{dispatch.dispatch_id}{SUFFIX}"
            if not force and _is_sound(path, trust):
                _show_kept(terminal, dispatch, path)
                continue
            packaged = await client.package(dispatch.dispatch_id, path, force=True)
            _show(terminal, packaged)
            states.append(packaged.state)
        return EXITS[max(states, key=list(State).index)]

    return with_axis(terminal, profile, act)


async def _dispatches(
    client: AsyncClient, terminal: Terminal, since: datetime | None
) -> AsyncIterator[Dispatch]:
    """Each once, also one that an agency sent to itself or that went to several of its units."""
    seen: set[str] = set()
    async for item in client.outbox():
        if since is None or item.dispatch.accepted_at >= since:
            seen.add(item.dispatch.dispatch_id)
            yield item.dispatch
    async for received in client.inbox():
        dispatch = received.dispatch
        if dispatch.dispatch_id in seen or (since is not None and dispatch.accepted_at < since):
            continue
        seen.add(dispatch.dispatch_id)
        if received.delivery.state in _LEFT_OUT:
            left_out = terminal.text("bỏ qua", "left out")
            state = labels.state(terminal, received.delivery.state)
            terminal.note(f"{dispatch.dispatch_id}: {left_out} ({state})")
        else:
            yield dispatch


def _is_sound(path: Path, trust: Trust) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return verify(file, trust, at=datetime.now(UTC)).state in (State.SOUND, State.DESTROYED)


def _show(terminal: Terminal, packaged: Packaged) -> None:
    deciding = worst(packaged.findings)
    if terminal.as_json:
        terminal.object(
            {
                "dispatch_id": packaged.dispatch.dispatch_id,
                "file": str(packaged.path),
                "sha256": packaged.sha256,
                "size": packaged.size,
                "verdict": str(packaged.state),
                "reason": str(deciding.reason),
            }
        )
        return
    terminal.say(f"{files.printable(packaged.path)}: {terminal.text(*SPOKEN[str(packaged.state)])}")
    for finding in packaged.findings:
        if finding.state is not State.SOUND:
            terminal.say(f"  {finding.name}: [{finding.reason}] {finding.detail}")


def _show_kept(terminal: Terminal, dispatch: Dispatch, path: Path) -> None:
    if terminal.as_json:
        terminal.object({"dispatch_id": dispatch.dispatch_id, "file": str(path), "kept": True})
    else:
        kept = terminal.text("đã có, hợp lệ, giữ nguyên", "is there and sound, kept")
        terminal.say(f"{files.printable(path)}: {kept}")
