"""nginx as deploy/nginx.conf has it, in front of nodes on this machine; for the tests and the demo.

with running(directory, port=7443, nodes=["127.0.0.1:7444", "127.0.0.1:7445"]):
    ...
"""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

CONFIGURATION = Path(__file__).parents[1] / "deploy" / "nginx.conf"
MODULES = Path("/etc/nginx/modules-enabled")


def has_streams() -> bool:
    """Whether nginx's stream module is installed, which Debian has in a package of its own."""
    return bool(list(MODULES.glob("*stream*")))


def configured(directory: Path, port: int, nodes: Sequence[str]) -> str:
    """The example with this machine's addresses and paths; everything else stays as it stands there."""
    text = CONFIGURATION.read_text(encoding="utf-8")
    servers = re.findall(r"server (10\.0\.0\.\d+:7443) ", text)
    assert len(servers) == len(nodes)
    for example, node in zip(servers, nodes, strict=True):
        text = text.replace(example, node)
    assert text.count("listen 7443") == 1
    text = text.replace("listen 7443", f"listen 127.0.0.1:{port}")
    text = text.replace("/run/nginx.pid", str(directory / "pid"))
    return text.replace("/var/log/nginx", str(directory))


@contextmanager
def running(directory: Path, *, port: int, nodes: Sequence[str]) -> Iterator[None]:
    """Runs nginx on a port of loopback, in `directory`, which it makes, until the block ends."""
    directory.mkdir()
    (directory / "nginx.conf").write_text(configured(directory, port, nodes))
    command = ["nginx", "-c", str(directory / "nginx.conf"), "-e", str(directory / "error.log")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True)
    if checked.returncode != 0:
        raise RuntimeError(checked.stderr)
    process = subprocess.Popen([*command, "-g", "daemon off;"])
    try:
        yield
    finally:
        process.send_signal(signal.SIGQUIT if process.poll() is None else signal.SIGCONT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.terminate()
            process.wait(10)
