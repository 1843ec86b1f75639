"""README's examples are run as they stand there: the terminal session, then the program."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
PATIENCE_SECONDS = 60

pytestmark = pytest.mark.xdist_group("axis process")


def blocks(language: str) -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def session() -> list[str]:
    """The commands of "From a terminal", one a line, without what explains them."""
    (block,) = [block for block in blocks("sh") if "axis-server init" in block]
    return [line.split("#")[0].strip() for line in block.splitlines() if line.split("#")[0].strip()]


def shell(line: str, cwd: Path) -> str:
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=cwd,
        env={"PATH": f"{BIN}:/usr/bin:/bin", "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A new user's folder with a letter in it; the axis that the session starts ends with the test."""
    shutil.copy(ROOT / "tests" / "samples" / "package-new.edxml", tmp_path / "letter.edxml")
    (tmp_path / "map.pdf").write_bytes(b"%PDF-1.4 a map")
    running: list[subprocess.Popen[bytes]] = []
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{one.getsockname()[1]}"
    try:
        for line in session():
            if line.startswith("axis-server init"):
                shell(f'{line} --listen {address} --metrics ""', tmp_path)
            elif line.endswith("&"):
                with (tmp_path / "axis.out").open("wb") as out:
                    command = [BIN / "axis-server", *line.removesuffix("&").split()[1:]]
                    running.append(subprocess.Popen(command, cwd=tmp_path, stdout=out))
                await_listening(tmp_path / "axis.out")
            elif line.startswith("axis-server"):
                shell(line, tmp_path)
        yield tmp_path
    finally:
        for process in running:
            process.terminate()
            process.wait(PATIENCE_SECONDS)


def await_listening(out: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while b"listening on" not in out.read_bytes():
        assert time.monotonic() < deadline, "the axis did not start"
        time.sleep(0.05)


def test_the_session_and_the_program_of_the_readme_run_as_they_stand(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = ""
    for line in (line for line in session() if line.startswith("axis ")):
        if line.startswith("axis accept"):
            inbox = shell("axis inbox --json --profile province/profile.toml", home)
            found = json.loads(inbox.splitlines()[0])["dispatch"]["dispatch_id"]
        printed = shell(line.replace(" ID ", f" {found} "), home)
        assert printed
    assert "ConsignmentAcceptance" in " ".join(path.name for path in (home / "proof").iterdir())

    shutil.copytree(home / "ministry", home / "program")
    document = (home / "letter.edxml").read_text(encoding="utf-8").replace("7816", "7817")
    document = re.sub(r"<edXML:To>\s*<edXML:OrganId>H91.01.*?</edXML:To>", "", document, flags=re.DOTALL)
    (home / "program" / "letter.edxml").write_text(document, encoding="utf-8")
    (home / "program" / "map.pdf").write_bytes(b"%PDF-1.4 a map")
    monkeypatch.chdir(home / "program")
    (program,) = blocks("python")
    exec(compile(program, "README.md", "exec"), {})
    assert "SubmissionAcceptance" in capsys.readouterr().out


def test_every_page_that_the_readme_names_exists() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)\)", text)
    assert links
    assert not [link for link in links if not (ROOT / link).exists()]


def test_every_make_target_that_the_readme_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"make ([a-z]+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert named >= {"demo", "test"}
    assert not [target for target in named if not re.search(rf"^{target}:", makefile, re.MULTILINE)]
