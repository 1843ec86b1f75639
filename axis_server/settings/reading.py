"""Reading the file, and saying what is wrong in it."""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from axis_server.settings.file import Readable, Settings, sections, subsections, tables
from axis_server.settings.proving import TimestampSettings


class SettingsError(Exception):
    """The file cannot be used. `problems` holds one sentence for each thing that is wrong, all at once."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def load(path: Path) -> Settings:
    """Reads the file. Raises `SettingsError` with every problem that can be told from the file alone."""
    document = _document(path)
    try:
        return Settings.model_validate(document, context=_context(path))
    except ValidationError as exc:
        raise SettingsError(_problems(path, exc)) from exc


def readable(path: Path) -> Readable:
    """Reads what can be read of the file, with its problems. Raises `SettingsError` when it is no TOML."""
    document = _document(path)
    problems: tuple[str, ...] = ()
    try:
        Settings.model_validate(document, context=_context(path))
    except ValidationError as exc:
        problems = _problems(path, exc)
    parts = {name: _part(model, document.get(name), path) for name, model in sections()}
    return Readable(problems=problems, timestamps=_timestamps(path, document.get("timestamps")), **parts)


def _timestamps(path: Path, entries: object) -> list[TimestampSettings]:
    read = [_part(TimestampSettings, entry, path) for entry in entries] if isinstance(entries, list) else []
    return [one for one in read if one is not None]


def _part(model: type[BaseModel], section: object, path: Path) -> Any:
    try:
        return model.model_validate(section, context=_context(path))
    except ValidationError:
        return None


def _document(path: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as exc:
        raise SettingsError((f"{path}: no such file; `axis-server init DIR` makes one.",)) from exc
    except (OSError, UnicodeDecodeError) as exc:
        raise SettingsError((f"{path}: cannot be read: {exc}.",)) from exc
    except tomllib.TOMLDecodeError as exc:
        raise SettingsError((f"{path}: is not TOML: {exc}.",)) from exc
    for name, model in sections():
        if not any(field.is_required() for field in model.model_fields.values()):
            document.setdefault(name, {})
    return document


def _context(path: Path) -> dict[str, Path]:
    return {"base": path.absolute().parent}


def _problems(path: Path, exc: ValidationError) -> tuple[str, ...]:
    return tuple(f"{path}: {_sentence(error)}" for error in exc.errors())


def _sentence(error: ErrorDetails) -> str:
    """Says what is wrong at which field, and what to do."""
    where = ".".join(str(step) for step in error["loc"])
    if error["type"] == "extra_forbidden":
        known = _known_names(error["loc"])
        near = difflib.get_close_matches(str(error["loc"][-1]), known, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"known names here are {', '.join(known)}."
        return f"`{where}` is not a setting; {hint}"
    if error["type"] == "missing":
        return f"`{where}` is missing; see docs/settings.md for what belongs there."
    if error["type"] == "tuple_type":
        return f"`{where}` is a list of one number for each priority, such as [72, 24, 8, 2, 2]."
    message = error["msg"].removeprefix("Value error, ")
    return f"`{where}`: {message[:1].lower()}{message[1:].rstrip('.')}."


def _known_names(loc: tuple[Any, ...]) -> list[str]:
    model: type[BaseModel] = Settings
    for step in loc[:-1]:
        inside = (
            dict(tables(model)) | dict(subsections(model)) | (dict(sections()) if model is Settings else {})
        )
        model = inside.get(step, model)
    return list(model.model_fields)
