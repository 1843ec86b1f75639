"""What is wrong with a command that was mistyped, in both languages, with what to type instead.

    raise mistake("--status needs --to", "--status phải đi cùng --to")

What `click` finds it says in English; `told` says the same as a Vietnamese clerk needs it.
"""

from __future__ import annotations

import re

import click

from axis_client.errors import LocalError, explain

_IN_BRACKETS = re.compile(r"\((.+)\)\s*$")


def mistake(english: str, vietnamese: str) -> LocalError:
    """A command that cannot be meant (`USAGE`): what is wrong with it, in both languages."""
    return explain(LocalError, "USAGE", english, vietnamese=vietnamese)


def told(found: click.ClickException) -> LocalError:
    """Says what `click` found, and whose `--help` describes it."""
    error = mistake(found.format_message(), _vietnamese(found))
    context = found.ctx if isinstance(found, click.UsageError) else None
    if context is not None:
        error.hint = f"See `{context.command_path} --help`."
        error.hint_vi = f"Xem `{context.command_path} --help`."
    return error


def _vietnamese(found: click.ClickException) -> str:
    """What is wrong, as far as this knows what `click` means; empty for what it does not."""
    likely = ", ".join(getattr(found, "possibilities", None) or ())
    perhaps = f"; có phải: {likely}?" if likely else ""
    if isinstance(found, click.MissingParameter):
        return f"còn thiếu {_name(found)}"
    if isinstance(found, click.BadParameter):
        return f"{_name(found)}: {_wanted(found)}"
    if isinstance(found, click.NoSuchOption):
        return f"không có tùy chọn {found.option_name}{perhaps}"
    if isinstance(found, click.BadOptionUsage):
        return f"{found.option_name}: thiếu hoặc thừa giá trị"
    if (command := getattr(found, "command_name", "")) != "":
        return f"không có lệnh {command}{perhaps}"
    extra = _IN_BRACKETS.search(found.message)
    if extra is not None and "extra argument" in found.message:
        return f"thừa: {extra[1]}; giá trị có dấu cách phải đặt trong dấu ngoặc kép"
    return ""


def _name(found: click.BadParameter) -> str:
    if isinstance(found.param_hint, str):
        return found.param_hint
    return found.param.get_error_hint(found.ctx).replace("'", "") if found.param is not None else "tham số"


def _wanted(found: click.BadParameter) -> str:
    """What may stand there."""
    kind = found.param.type if found.param is not None else None
    if isinstance(kind, click.Choice):
        return f"chọn một trong: {', '.join(map(str, kind.choices))}"
    if isinstance(kind, click.IntRange):
        most = f" đến {kind.max}" if kind.max is not None else " trở lên"
        return f"phải là số nguyên từ {kind.min}{most}"
    return "giá trị không dùng được"
