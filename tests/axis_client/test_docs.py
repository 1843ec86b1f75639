"""What the handbooks show is run as it stands there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import click
import pytest

from axis_client import Client, Profile
from axis_client.cli import axis as command
from axis_client.errors import AxisError
from axis_client.sentences import SENTENCES
from tests.axis_client.harness import MINISTRY, PROVINCE, RunningAxis, letter

DOCS = Path(__file__).parent.parent.parent / "docs"
ROOM = Path(__file__).parent.parent.parent / "axis_client"


def programs(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)


def folder(base: Path, running: RunningAxis, agency_id: str, document: bytes) -> Path:
    """A folder with a profile, a letter and a map, as the programs expect it."""
    home = base / agency_id
    shutil.copytree(running.profile(agency_id).parent, home)
    (home / "letter.edxml").write_bytes(document)
    (home / "map.pdf").write_bytes(b"%PDF-1.4 a map")
    return home


def test_the_integrators_programs_run_as_they_stand(
    running: RunningAxis, document_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sending, storing, checking, receiving, answering, giving_back, *rest = programs("integrator.md")
    following, sharing, *_ = rest
    for number, program in enumerate((sending, storing)):
        document = letter(f"{document_id}-{number}", to=[PROVINCE])
        monkeypatch.chdir(folder(tmp_path / str(number), running, MINISTRY, document))
        names: dict[str, object] = {}
        exec(program, names)
        assert names["sent"].evidence[0].event == "SubmissionAcceptance"  # type: ignore[attr-defined]

    monkeypatch.chdir(
        folder(tmp_path / "checked", running, MINISTRY, letter(f"{document_id}-9", to=[PROVINCE]))
    )
    exec(checking, names)
    assert names["checked"].refusal is None  # type: ignore[attr-defined]
    exec(following, names)
    assert Path("place").read_text() == names["news"].cursor  # type: ignore[attr-defined]

    monkeypatch.chdir(folder(tmp_path / "in", running, PROVINCE, b""))
    names = {}
    exec(receiving, names)
    assert len(list(Path("in").iterdir())) >= 2
    with Client(Profile.load("profile.toml")) as axis:
        exec(sharing, {"axis": axis})
        assert not axis.take()
    for act in answering.strip().splitlines():
        assert re.match(r"axis\.(accept|refuse|report)\(dispatch_id", act)
    for act in giving_back.strip().splitlines():
        assert re.match(r"axis\.(agree|decline)\(dispatch_id", act)


def test_the_integrators_way_of_asking_back_runs_as_it_stands(
    running: RunningAxis, document_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recalling, asking = programs("integrator.md")[-2:]
    monkeypatch.chdir(folder(tmp_path, running, MINISTRY, letter(document_id, to=[PROVINCE])))
    with Client(Profile.load("profile.toml")) as axis:
        for number, program in enumerate((asking, recalling)):
            dispatch_id = axis.send("letter.edxml").dispatch.dispatch_id
            Path("letter.edxml").write_bytes(letter(f"{document_id}-{number}", to=[PROVINCE]))
            exec(program, {"axis": axis, "dispatch_id": dispatch_id})
            (delivery,) = [one for one in axis.deliveries(dispatch_id) if one.recipient_id == PROVINCE]
            assert delivery.question is not None


def test_every_option_that_a_handbook_shows_exists() -> None:
    for page in ("clerk.md", "integrator.md"):
        text = (DOCS / page).read_text(encoding="utf-8")
        for line in re.findall(r"^axis (.*)$", text, re.MULTILINE) + re.findall(r"`axis ([^`]*)`", text):
            words = line.split("#")[0].split("|")[0].split()
            found = command.commands.get(words[0])
            if isinstance(found, click.Group):
                found = found.commands.get(words[1])
            assert isinstance(found, click.Command), line
            known = {name for parameter in found.params for name in parameter.opts}
            assert {word for word in words if word.startswith("-")} <= known, line


def test_every_command_stands_in_the_clerks_handbook() -> None:
    text = (DOCS / "clerk.md").read_text(encoding="utf-8")
    assert not [name for name in command.commands if f"axis {name}" not in text]


def test_every_reason_of_this_package_has_a_sentence_in_both_languages() -> None:
    used = set()
    for path in ROOM.rglob("*.py"):
        used |= set(re.findall(r'explain\(\s*\w+,\s*"([A-Z_]+)"', path.read_text(encoding="utf-8")))
        used |= set(re.findall(r'_broken\(\s*"([A-Z_]+)"', path.read_text(encoding="utf-8")))
    assert used == set(SENTENCES)
    for sentence in SENTENCES.values():
        assert sentence.english and sentence.vietnamese
        assert bool(sentence.hint) == bool(sentence.hint_vietnamese)


def test_errors_fall_back_to_the_language_they_have() -> None:
    error = AxisError("X", "only English", hint="do this")
    assert (error.message_vi, error.hint_vi) == ("only English", "do this")
