"""`axis check`: what would happen if this were sent."""

from __future__ import annotations

from pathlib import Path

import click

from axis_client.cli import labels, shapes
from axis_client.cli.connection import with_axis
from axis_client.cli.options import ATTACH, PATH, common, profile
from axis_client.cli.terminal import EXIT_OK, EXIT_REFUSED, Terminal
from axis_client.client import AsyncClient
from axis_client.model.oversight import Checked, Finding

SHOWN = 20
"""Recipients that a person is shown; `--json` writes up to 1000."""


@click.command()
@click.argument("documents", metavar="FILE...", type=PATH, nargs=-1, required=True)
@ATTACH
@click.option(
    "--to",
    "recipients",
    multiple=True,
    metavar="ID",
    help="Nơi nhận; dùng được nhiều lần. / Recipient, instead of those in the package; may be repeated.",
)
@profile
@common
@click.pass_obj
def check(
    terminal: Terminal,
    documents: tuple[Path, ...],
    attachments: tuple[Path, ...],
    recipients: tuple[str, ...],
    profile: Path,
) -> int:
    """Kiểm tra trước khi gửi; không gửi gì cả. / Says what `axis send` would be told; sends nothing.

    Whatever a real send would be refused is refused here, with the same code. Exit code 1 when any FILE would
    be refused. Attachments (`--attach`) belong to every FILE.
    """

    async def act(client: AsyncClient) -> int:
        worst = EXIT_OK
        for document in documents:
            checked = await client.check(document, attachments, recipients or None)
            if checked.refusal is not None:
                worst = EXIT_REFUSED
            if terminal.as_json:
                terminal.object({"file": str(document), **shapes.checked(checked)})
            else:
                _show(terminal, document, checked)
        return worst

    return with_axis(terminal, profile, act)


def _show(terminal: Terminal, document: Path, checked: Checked) -> None:
    if checked.refusal is not None:
        terminal.say(f"{document}: {terminal.text('sẽ bị từ chối', 'would be refused')}")
        _show_finding(terminal, checked.refusal)
    elif checked.already_accepted:
        already = terminal.text("đã được gửi trước đó", "was accepted already")
        terminal.say(f"{document}: {already}")
    else:
        terminal.say(f"{document}: {terminal.text('gửi được', 'would be accepted')}")
    if checked.recipient_count:
        shown = ", ".join(checked.recipient_ids[:SHOWN])
        rest = checked.recipient_count - min(SHOWN, len(checked.recipient_ids))
        tail = f", … (+{rest})" if rest > 0 else ""
        terminal.say(
            f"  {terminal.text('Nơi nhận', 'Recipients')} ({checked.recipient_count}): {shown}{tail}"
        )
    if checked.handover_by is not None and checked.answer_by is not None:
        taken = terminal.text("Hạn nhận", "To be taken by")
        answered = terminal.text("hạn trả lời", "to be answered by")
        terminal.say(
            f"  {taken}: {labels.time(checked.handover_by)}; {answered}: {labels.time(checked.answer_by)}"
        )
    for warning in checked.warnings:
        _show_finding(terminal, warning)


def _show_finding(terminal: Terminal, finding: Finding) -> None:
    told = terminal.text(finding.detail_vi, finding.detail)
    detail = f" ({told})" if told else ""
    terminal.say(f"  [{finding.code}] {terminal.text(finding.message_vi, finding.message)}{detail}")
    hint = terminal.text(finding.hint_vi, finding.hint)
    if hint:
        terminal.say(f"    {terminal.text('Việc cần làm', 'What to do')}: {hint}")
