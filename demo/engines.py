"""The engines of `make demo ENGINES=real`: PostgreSQL, Ceph's S3 and nginx, started as the tests start them.

    python3 demo/engines.py FRONT NODE NODE

Starts all of them on loopback, nginx on port FRONT in front of nodes on the other two. Writes in the working
directory `engines.toml`, sections for the axis's configuration, and `engines.env`, its secrets; says so, and
ends everything on SIGTERM.
"""

from __future__ import annotations

import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from shutil import which

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests import nginx  # noqa: E402 - found from here on
from tests.storage import ceph, postgres  # noqa: E402

PACKAGES = {
    **dict.fromkeys(postgres.COMMANDS, "postgresql"),
    "ceph-mon": "ceph-mon",
    "ceph-osd": "ceph-osd",
    "radosgw": "radosgw",
    "ceph": "ceph-common",
    "monmaptool": "ceph-common",
    "radosgw-admin": "radosgw",
    "nginx": "libnginx-mod-stream",
    "setpriv": "util-linux",
}
"""What Debian calls the packages of the commands."""


def lacking() -> list[str]:
    """Names the packages that are not installed."""
    missing = {package for name, package in PACKAGES.items() if not (which(name) or postgres.command(name))}
    if not nginx.has_streams():
        missing.add("libnginx-mod-stream")
    return sorted(missing)


def main() -> None:
    if missing := lacking():
        packages = " ".join(missing)
        sys.exit(
            f"Not all engines are installed. As root: apt-get install --no-install-recommends {packages}"
        )
    front, *nodes = sys.argv[1:]
    with ExitStack() as stack:
        rooms = [
            Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=name, ignore_cleanup_errors=True)))
            for name in ("pg-", "ceph-", "nginx-")
        ]
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        server = stack.enter_context(postgres.Postgres.started(rooms[0]))
        database = server.target("axis")
        print(f"PostgreSQL {server.execute('SHOW server_version')[0][0]}: {database.dsn}", flush=True)
        store = stack.enter_context(ceph.Ceph.started(rooms[1]))
        bucket = store.bucket()
        print(
            f"Ceph's S3: {bucket.endpoint}, bucket {bucket.bucket} with versions and object lock", flush=True
        )
        addresses = [f"127.0.0.1:{node}" for node in nodes]
        stack.enter_context(nginx.running(rooms[2] / "nginx", port=int(front), nodes=addresses))
        print(f"nginx: 127.0.0.1:{front} in front of {' and '.join(addresses)}", flush=True)
        Path("engines.toml").write_text(
            f'[ledger]\nkind = "postgres"\ndsn = "{database.dsn}"\n\n'
            f'[archive]\nkind = "s3"\nendpoint = "{bucket.endpoint}"\nbucket = "{bucket.bucket}"\n'
            f'access_key = "{bucket.access_key}"\n'
        )
        secrets = Path("engines.env")
        secrets.touch(mode=0o600)
        secrets.write_text(
            f"export AXIS_LEDGER_PASSWORD={database.password} AXIS_ARCHIVE_SECRET_KEY={bucket.secret_key}\n"
        )
        print("engines are ready", flush=True)
        signal.pause()


if __name__ == "__main__":
    main()
