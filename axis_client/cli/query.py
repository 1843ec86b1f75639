"""Options of the commands that look for documents, one for each field of a query."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeVar

import click

from axis_client.cli.mistakes import mistake
from axis_client.model import State
from axis_client.model.finding import Query

_Command = TypeVar("_Command", bound=Callable[..., Any])
_DAY = "yyyy-MM-dd"


def day(_: click.Context, __: click.Parameter, value: str | None) -> date | None:
    """Reads a day."""
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError as exc:
        raise mistake(
            f"{value!r} is not a day such as 2026-03-02",
            f"{value!r} không phải ngày dạng năm-tháng-ngày, ví dụ 2026-03-02",
        ) from exc


def _text(flag: str, help: str, metavar: str = "TEXT") -> Callable[[_Command], _Command]:
    return click.option(flag, default="", metavar=metavar, help=help)


def _date(flag: str, help: str) -> Callable[[_Command], _Command]:
    return click.option(flag, callback=day, metavar=_DAY, help=help)


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.argument("text", nargs=-1, metavar="[TEXT]..."),
    _text("--number", "Số. / The number, whole."),
    _text("--notation", "Ký hiệu bắt đầu bằng. / How the notation begins, as in QĐ-UBND."),
    _text("--document-id", "Mã định danh văn bản. / The DocumentId, whole.", "ID"),
    _text("--from", "Nơi gửi. / The agency that sent it.", "ID"),
    _text("--to", "Nơi nhận. / A recipient.", "ID"),
    _date("--promulgated-from", "Ban hành từ ngày. / First day of promulgation."),
    _date("--promulgated-to", "Ban hành đến hết ngày. / Last day of promulgation."),
    _date("--accepted-from", "Vào trục từ ngày. / First day of acceptance by the axis."),
    _date("--accepted-to", "Vào trục đến hết ngày. / Last day of acceptance by the axis."),
    click.option(
        "--kind",
        type=click.IntRange(0),
        multiple=True,
        help="0 mới, 1 thu hồi, 2 cập nhật, 3 thay thế. / 0 new, 1 revoke, 2 update, 3 replace.",
    ),
    click.option(
        "--priority",
        type=click.IntRange(0),
        multiple=True,
        help="0 thường … 4 hỏa tốc hẹn giờ. / 0 normal … 4 express timed; may be repeated.",
    ),
    click.option(
        "--state",
        type=click.Choice([str(state) for state in State if state is not State.UNKNOWN]),
        multiple=True,
        help="Trạng thái hiện nay. / Where it stands now; may be repeated.",
    ),
    _text("--file", "Tên tệp. / Words of a file's name."),
    _text("--sha256", "Mã băm của một tệp. / SHA-256 of a file, 64 hexadecimal digits.", "HEX"),
)


def search_options(command: _Command) -> _Command:
    """Adds what can be looked for: an argument TEXT and a flag for each field. The command takes them as
    keywords, for `query`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def query(asked: Mapping[str, Any]) -> Query:
    """Returns what `search_options` were given."""
    return Query(
        text=" ".join(map(_side_by_side, asked["text"])),
        file_name=asked["file"],
        number=asked["number"],
        notation=asked["notation"],
        document_id=asked["document_id"],
        sender=asked["from"],
        recipient=asked["to"],
        promulgated_from=asked["promulgated_from"],
        promulgated_to=asked["promulgated_to"],
        accepted_from=asked["accepted_from"],
        accepted_to=asked["accepted_to"],
        kinds=tuple(asked["kind"]),
        priorities=tuple(asked["priority"]),
        states=tuple(State(state) for state in asked["state"]),
        sha256=asked["sha256"].lower(),
    )


def _side_by_side(argument: str) -> str:
    """Words that a shell's quotation marks held together stand side by side in the document too."""
    return f'"{argument}"' if " " in argument.strip() and '"' not in argument else argument
