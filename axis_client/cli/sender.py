"""`axis send`."""

from __future__ import annotations

from pathlib import Path

import click

from axis_client import files
from axis_client.cli import labels, shapes
from axis_client.cli.connection import with_axis
from axis_client.cli.options import ATTACH, FORCE, PATH, common, profile
from axis_client.cli.terminal import EXIT_OK, Terminal
from axis_client.client import AsyncClient
from axis_client.errors import LocalError, explain
from axis_client.model import Sent


@click.command()
@click.argument("file", type=PATH)
@ATTACH
@click.option(
    "--to",
    "recipients",
    multiple=True,
    metavar="ID",
    help="Nơi nhận; dùng được nhiều lần. / Recipient, instead of those in the package; may be repeated.",
)
@click.option(
    "--keep",
    type=PATH,
    metavar="OUT",
    help="Lưu gói tin đã ký trước khi gửi. / Keep the sealed package here before it is sent.",
)
@FORCE
@profile
@common
@click.pass_obj
def send(
    terminal: Terminal,
    file: Path,
    attachments: tuple[Path, ...],
    recipients: tuple[str, ...],
    keep: Path | None,
    force: bool,
    profile: Path,
) -> int:
    """Gửi văn bản. / Sends a document.

    FILE is sealed first if it is not; a sealed one is sent as it is, byte for byte. After a failure, send the
    same sealed file again: it is the same dispatch, and nothing is sent twice.
    """

    if not all(recipient.strip() for recipient in recipients):
        raise explain(LocalError, "USAGE", "--to needs an identifier")

    async def act(client: AsyncClient) -> int:
        package: Path | bytes = file
        if keep is not None:
            package = await client.seal(file, attachments, recipients or None)
            files.write(keep, package, force=force)
        with terminal.progress() as report:
            sent = await client.send(package, attachments, recipients or None, progress=report)
        _show(terminal, sent)
        return EXIT_OK

    return with_axis(terminal, profile, act)


def _show(terminal: Terminal, sent: Sent) -> None:
    if terminal.as_json:
        terminal.object(shapes.sent(sent))
        return
    terminal.say(terminal.text("Đã gửi, chứng cứ hợp lệ.", "Sent; the evidence holds."))
    terminal.say(f"  {terminal.text('Mã gửi', 'Dispatch')}: {sent.dispatch.dispatch_id}")
    terminal.say(f"  {terminal.text('Nơi nhận', 'Recipients')}: {', '.join(sent.recipients)}")
    for proof in sent.evidence:
        terminal.say(f"  {labels.proof(terminal, proof)}: {labels.time(proof.record.at)}")
    terminal.warn(sent.warnings)
