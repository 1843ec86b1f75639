"""`axis recall`, `update`, `agree`, `decline`: taking back and changing, asked and answered."""

from __future__ import annotations

from pathlib import Path

import click

from axis_client.cli import labels, shapes
from axis_client.cli.connection import with_axis
from axis_client.cli.mistakes import mistake
from axis_client.cli.options import RECIPIENT, common, profile
from axis_client.cli.receiver import DISPATCH, answer, folder
from axis_client.cli.sender import send_kept, show_proven
from axis_client.cli.terminal import EXIT_OK, Terminal
from axis_client.client import AsyncClient
from axis_client.errors import Refused
from axis_client.model import Answered

REASON = click.option(
    "--reason", required=True, help="Lý do, bên nhận sẽ được báo. / Why; the other side is told."
)


@click.command()
@DISPATCH
@REASON
@click.option(
    "--to",
    "recipients",
    multiple=True,
    metavar="ID",
    help="Chỉ thu hồi ở nơi này; dùng được nhiều lần. / Only from this recipient; may be repeated.",
)
@click.option(
    "--status",
    "by_status",
    is_flag=True,
    help="Bằng trạng thái 13 thay vì gói thu hồi; cần --to. / By status 13, not by a package; needs --to.",
)
@profile
@common
@click.pass_obj
def recall(
    terminal: Terminal,
    dispatch_id: str,
    reason: str,
    recipients: tuple[str, ...],
    by_status: bool,
    profile: Path,
) -> int:
    """Thu hồi văn bản đã gửi. / Asks the recipients to give a document back; each answers 15 or 16.

    Sends a revoke package (kind 1). What nobody fetched yet is withheld from then on. After a failure, run
    the same command again.
    """
    if by_status and not recipients:
        raise mistake("--status needs --to", "--status phải đi cùng --to")

    async def act(client: AsyncClient) -> int:
        if by_status:
            for recipient in recipients:
                _show_asked(terminal, await client.recall(dispatch_id, recipient, reason))
            return EXIT_OK
        package = await client.revoke(dispatch_id, reason, recipients or None)
        try:
            waiting = Path(f"{folder(dispatch_id)}.recall.sending.edxml")
            sent = await send_kept(terminal, client, package, waiting)
        except Refused as refused:
            _point_to_the_other_road(refused, dispatch_id)
            raise
        await show_proven(terminal, client, sent)
        return EXIT_OK

    return with_axis(terminal, profile, act)


@click.command()
@DISPATCH
@REASON
@click.option("--add", "added", multiple=True, metavar="ID", help="Thêm nơi nhận. / Adds a recipient.")
@click.option(
    "--remove", "removed", multiple=True, metavar="ID", help="Bớt nơi nhận. / Asks one to give it back."
)
@profile
@common
@click.pass_obj
def update(
    terminal: Terminal,
    dispatch_id: str,
    reason: str,
    added: tuple[str, ...],
    removed: tuple[str, ...],
    profile: Path,
) -> int:
    """Thêm, bớt nơi nhận của văn bản đã gửi. / Changes the recipients of a document (package of kind 2)."""

    async def act(client: AsyncClient) -> int:
        package = await client.update(dispatch_id, reason, add=added, remove=removed)
        sent = await send_kept(terminal, client, package, Path(f"{folder(dispatch_id)}.update.sending.edxml"))
        await show_proven(terminal, client, sent)
        return EXIT_OK

    return with_axis(terminal, profile, act)


@click.command()
@DISPATCH
@RECIPIENT
@profile
@common
@click.pass_obj
def agree(terminal: Terminal, dispatch_id: str, recipient: str, profile: Path) -> int:
    """Đồng ý thu hồi, cập nhật hoặc thay thế (15). / Agrees to what the sender asks (15).

    It states that this agency destroyed its copy: do that first. ID is the document, or the package that
    asks.
    """

    async def act(client: AsyncClient) -> Answered:
        return await client.agree(dispatch_id, recipient=recipient)

    return answer(terminal, profile, act)


@click.command()
@DISPATCH
@click.option("--reason", required=True, help="Lý do, bên gửi sẽ được báo. / Why; the sender is told.")
@RECIPIENT
@profile
@common
@click.pass_obj
def decline(terminal: Terminal, dispatch_id: str, reason: str, recipient: str, profile: Path) -> int:
    """Từ chối thu hồi, cập nhật hoặc thay thế (16). / Refuses what is asked (16); the document stays."""

    async def act(client: AsyncClient) -> Answered:
        return await client.decline(dispatch_id, reason, recipient=recipient)

    return answer(terminal, profile, act)


def _point_to_the_other_road(refused: Refused, dispatch_id: str) -> None:
    """Whose systems take no revoke package is asked by status 13, and the others by naming them."""
    if refused.reason == "RECIPIENT_UNFIT":
        there = f"axis recall {dispatch_id} --to {refused.facts.get('recipient', 'ID')} --status --reason …"
        refused.hint = f"Ask there by status 13: {there}; ask the others by naming each with --to."
        refused.hint_vi = (
            f"Thu hồi ở đó bằng trạng thái 13: {there}; các nơi khác thì nêu từng nơi bằng --to."
        )


def _show_asked(terminal: Terminal, asked: Answered) -> None:
    if terminal.as_json:
        terminal.object(shapes.answered(asked))
        return
    question = asked.delivery.question
    until = f" {terminal.text('trước', 'by')} {labels.time(question.until)}" if question else ""
    to_answer = terminal.text("Chờ trả lời", "To be answered")
    terminal.say(f"{asked.delivery.recipient_id}: {to_answer}{until}")
    for proof in asked.evidence:
        terminal.say(f"  {labels.proof(terminal, proof)}: {labels.time(proof.record.at)}")
