"""`axis witness`: watching over a log with others, for agencies and archives."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from axis_client import files
from axis_client.cli.mistakes import mistake
from axis_client.cli.options import PATH, common
from axis_client.cli.terminal import EXIT_OK, Terminal
from axis_client.errors import LocalError, explain
from axis_client.policy import log_policies
from signing.keys import UnusableKey
from signing.log import KeyKind, LogPolicy, MemoryNoteSigner, NoteSigner, read_skey

_SMALL = 1 << 12


@click.group()
def witness() -> None:
    """Làm chứng cho nhật ký của trục. / Vouches that a log only ever grew (C2SP tlog-witness)."""


@witness.command()
@click.argument("file", type=PATH)
@click.option(
    "--name", metavar="NAME", help="Tên của khóa mới. / Name of a new key, witness.example.vn; for ever."
)
@common
@click.pass_obj
def key(terminal: Terminal, file: Path, name: str | None) -> int:
    """Khóa của bên làm chứng. / Shows the public half of a witness's key; with --name, makes it first.

    Logs and those who verify are given what this prints. A key that is there is never overwritten.
    """
    if name is not None:
        try:
            made = MemoryNoteSigner(name, Ed25519PrivateKey.generate(), KeyKind.COSIGNATURE)
        except UnusableKey as exc:
            raise explain(LocalError, "KEY_UNUSABLE", str(exc)) from exc
        _write_secret(file, f"{made.skey()}\n".encode())
    vkey = _signer(file).key.vkey
    if terminal.as_json:
        terminal.object({"vkey": vkey})
    else:
        terminal.say(vkey)
    return EXIT_OK


@witness.command()
@click.option(
    "--state", type=PATH, required=True, metavar="DIR", help="Thư mục trạng thái. / What it remembers."
)
@click.option("--key", "key_file", type=PATH, required=True, metavar="FILE", help="Khóa. / Its key.")
@click.option(
    "--log",
    "logs",
    multiple=True,
    required=True,
    metavar="VKEY",
    help="Khóa của nhật ký. / A log's key; may be repeated.",
)
@click.option("--listen", required=True, metavar="HOST:PORT", help="Địa chỉ phục vụ. / Where it answers.")
@common
@click.pass_obj
def run(terminal: Terminal, state: Path, key_file: Path, logs: tuple[str, ...], listen: str) -> int:
    """Chạy bên làm chứng. / Cosigns checkpoints until SIGTERM or Ctrl-C.

    Keep the folder: it is what makes this witness worth believing. Prints `listening on HOST:PORT` when it
    serves; over plain HTTP, so a proxy in front brings TLS.
    """
    host, port = _address(listen)
    try:
        policies = log_policies(logs)
    except ValueError as exc:
        raise mistake(f"--log: {exc}", "--log: khóa của nhật ký không đúng") from exc
    asyncio.run(_serve(terminal, state, _signer(key_file), policies, host, port))
    return EXIT_OK


async def _serve(
    terminal: Terminal, state: Path, signer: NoteSigner, logs: Sequence[LogPolicy], host: str, port: int
) -> None:
    # Here and not above: no other command serves anything.
    from axis_client.witnessing import BOUNDS, Witness, opened
    from plainhttp import serving

    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    with opened(state) as kept:
        served = Witness(signer=signer, logs=logs, kept=kept, clock=_now, tell=terminal.note)
        try:
            async with serving(host, port, served.answer, bounds=BOUNDS) as bound:
                shown = f"[{host}]:{bound}" if ":" in host else f"{host}:{bound}"
                terminal.say(f"listening on {shown}")
                await stop.wait()
        except OSError as exc:
            raise explain(LocalError, "LISTEN_FAILED", f"{host}:{port}: {exc.strerror}") from exc


def _now() -> datetime:
    return datetime.now(UTC)


def _signer(path: Path) -> NoteSigner:
    content = files.read(path, _SMALL)
    try:
        signer = read_skey((content or b"").decode("ascii", "replace").strip())
        if signer.key.kind is not KeyKind.COSIGNATURE:
            raise UnusableKey("It is a log's key; a witness has one of another kind.")
    except UnusableKey as exc:
        name = files.printable(path)
        raise explain(LocalError, "KEY_UNUSABLE", f"{name}: {exc}", file=name) from exc
    return signer


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise mistake(f'--listen {text}: write "host:port"', f'--listen {text}: phải viết dạng "máy:cổng"')
    return host, int(port)


def _write_secret(path: Path, content: bytes) -> None:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError as exc:
        raise explain(LocalError, "OUTPUT_EXISTS", files.printable(path), file=files.printable(path)) from exc
    except OSError as exc:
        raise files.unwritable(path, exc) from exc
