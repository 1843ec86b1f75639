"""Options and arguments that commands share."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from axis_client.cli.mistakes import mistake
from axis_client.cli.terminal import Terminal

_Command = TypeVar("_Command", bound=Callable[..., Any])
PATH = click.Path(path_type=Path)
"""Any path: whether a file can be read is found when it is read, so that every command says so alike."""
PROFILE = Path("profile.toml")
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE)


def moment(_: click.Context, __: click.Parameter, value: str | None) -> datetime | None:
    """Reads a time with its offset, such as `2026-03-02T10:00:00+07:00` (RFC 3339)."""
    if value is None:
        return None
    try:
        if _RFC3339.fullmatch(value) is None:
            raise ValueError("another form")
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise mistake(
            f"{value!r} is not a time with its offset, such as 2026-03-02T10:00:00+07:00",
            f"{value!r} không phải thời điểm có múi giờ, ví dụ 2026-03-02T10:00:00+07:00",
        ) from exc


def ends(context: click.Context, option: click.Parameter, value: tuple[str, ...]) -> dict[str, datetime]:
    """Reads days on which hash algorithms are no longer trusted, such as `sha256=2040-01-01`."""
    found = {}
    for one in value:
        name, _, day = one.partition("=")
        try:
            if name not in ("sha256", "sha384", "sha512"):
                raise ValueError("another algorithm")
            found[name] = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError as exc:
            example = "sha256=2040-01-01"
            raise mistake(f"{one!r} is not such as {example}", f"{one!r} không phải dạng {example}") from exc
    return found


def common(command: _Command) -> _Command:
    """Adds `--json` and `--lang`."""
    return _added(
        command,
        click.option(
            "--json",
            is_flag=True,
            expose_value=False,
            is_eager=True,
            callback=_set_json,
            help="Mỗi kết quả một dòng JSON. / One JSON object a line.",
        ),
        click.option(
            "--lang",
            type=click.Choice(["vi", "en"]),
            envvar="AXIS_LANG",
            expose_value=False,
            is_eager=True,
            callback=_set_language,
            help="Ngôn ngữ. / Language. [default: from LANG]",
        ),
    )


def profile(command: _Command) -> _Command:
    """Adds `--profile` and `--for`."""
    return _added(
        command,
        click.option(
            "--profile",
            type=PATH,
            envvar="AXIS_PROFILE",
            default=PROFILE,
            show_default=True,
            show_envvar=True,
            metavar="FILE",
            help="Hồ sơ kết nối. / Who you are and whom you trust.",
        ),
        click.option(
            "--for",
            "acting_for",
            metavar="ID",
            expose_value=False,
            callback=_set_acting_for,
            help="Thay mặt cơ quan này, theo ủy quyền. / Act in this agency's name, by its delegation.",
        ),
    )


FORCE = click.option("--force", is_flag=True, help="Ghi đè tệp đã có. / Replace files that are there.")
ATTACH = click.option(
    "--attach",
    "attachments",
    type=PATH,
    multiple=True,
    metavar="PATH",
    help="Tệp đính kèm nằm ngoài gói tin; dùng được nhiều lần. / A file beside the package; may be repeated.",
)


AFTER = click.option(
    "--after",
    default="",
    metavar="CURSOR",
    help="Đi tiếp sau mục có vị trí (cursor) này. / Start after the item that bears this cursor (--json).",
)
RECIPIENT = click.option(
    "--recipient",
    default="",
    metavar="ID",
    help="Đơn vị, nếu nhận thay nhiều đơn vị. / The unit, if you receive for several.",
)


def _added(command: _Command, *options: Callable[[_Command], _Command]) -> _Command:
    for option in reversed(options):
        command = option(command)
    return command


def _set_json(context: click.Context, _: click.Parameter, value: bool) -> None:
    terminal = context.find_object(Terminal)
    if terminal is not None and value:
        terminal.as_json = True


def _set_acting_for(context: click.Context, _: click.Parameter, value: str | None) -> None:
    terminal = context.find_object(Terminal)
    if terminal is not None and value:
        terminal.acting_for = value.strip()


def _set_language(context: click.Context, _: click.Parameter, value: str | None) -> None:
    terminal = context.find_object(Terminal)
    if terminal is not None and value:
        terminal.language = value
