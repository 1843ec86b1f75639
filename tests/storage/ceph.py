"""A real S3 store for the tests: Ceph's Object Gateway over one monitor and one BlueStore OSD on a file.

    with Ceph.started(room) as ceph:
        ceph.endpoint, ceph.access_key, ceph.secret_key
        target = ceph.bucket(lock=True)

It runs as whoever runs the tests, root or not, listens on loopback only, keeps everything in `room`, and ends
with the process that started it, however that ends.
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import trustme
import urllib3
from minio import Minio
from minio.versioningconfig import ENABLED, VersioningConfig

from storage.archive.s3 import Target

COMMANDS = ("ceph-mon", "ceph-osd", "radosgw", "ceph", "monmaptool", "radosgw-admin")
_START_SECONDS = 60.0

_CONF = """\
[global]
fsid = {fsid}
mon host = [v2:127.0.0.1:{mon_port}/0]
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
# The gateway asks for encrypted talk with the monitor, which there is none of without keys.
ms mon client mode = crc
auth cluster required = none
auth service required = none
auth client required = none
keyring = {room}/keyring
run dir = {room}
admin socket =
crash dir = {room}
log file = {room}/$name.log
mon data = {room}/mon
mon allow pool size one = true
mon data avail crit = 1
paxos propose interval = 0.05
paxos min wait = 0.01
osd data = {room}/osd
osd objectstore = bluestore
osd memory target = 939524096
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
bluestore block size = 8589934592
# Small answers take 40 ms without tcp_nodelay.
rgw frontends = beast endpoint=127.0.0.1:{s3_port} ssl_endpoint=127.0.0.1:{tls_port} tcp_nodelay=1 \
ssl_certificate={room}/tls.pem
"""


@dataclass(kw_only=True)
class Ceph:
    """A running store."""

    room: Path
    s3_port: int
    tls_port: int
    access_key: str = field(default_factory=lambda: secrets.token_hex(8))
    secret_key: str = field(default_factory=lambda: secrets.token_hex(16))

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.s3_port}"

    @property
    def tls_endpoint(self) -> str:
        return f"https://127.0.0.1:{self.tls_port}"

    @property
    def ca(self) -> Path:
        """The authority of the TLS endpoint."""
        return self.room / "ca.pem"

    @property
    def client(self) -> Minio:
        """A plain client, for what tests do behind the archive's back."""
        return Minio(
            f"127.0.0.1:{self.s3_port}", self.access_key, self.secret_key, secure=False, region="us-east-1"
        )

    def target(self, bucket: str) -> Target:
        """Says how to reach a bucket."""
        return Target(
            endpoint=self.endpoint, bucket=bucket, access_key=self.access_key, secret_key=self.secret_key
        )

    def bucket(self, *, lock: bool = True) -> Target:
        """Makes a bucket of its own, versioned, with object lock or without."""
        name = f"axis-{secrets.token_hex(8)}"
        self.client.make_bucket(name, object_lock=lock)
        if not lock:
            self.client.set_bucket_versioning(name, VersioningConfig(ENABLED))
        return self.target(name)

    @classmethod
    @contextmanager
    def started(cls, room: Path) -> Iterator[Ceph]:
        """Starts a store in `room`, an empty folder with a short name, and stops it at the end."""
        mon_port, s3_port, tls_port = _free_ports(3)
        ceph = cls(room=room, s3_port=s3_port, tls_port=tls_port)
        fsid = str(uuid.uuid4())
        (room / "ceph.conf").write_text(
            _CONF.format(fsid=fsid, room=room, mon_port=mon_port, s3_port=s3_port, tls_port=tls_port)
        )
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(ceph.ca))
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(room / "tls.pem"))
        with ExitStack() as stack:
            try:
                ceph._start(stack, fsid, mon_port)
            except BaseException:
                print(ceph.log())
                raise
            yield ceph

    def _start(self, stack: ExitStack, fsid: str, mon_port: int) -> None:
        """1. monitor, 2. store, 3. user (which makes the gateway's pools), 4. gateway."""
        (self.room / "keyring").touch()
        for name in ("mon", "osd"):
            (self.room / name).mkdir()
        monmap, osd = str(self.room / "monmap"), str(uuid.uuid4())
        monitor = f"[v2:127.0.0.1:{mon_port}/0]"
        self._run("monmaptool", "--create", "--fsid", fsid, "--addv", "a", monitor, monmap, conf=False)
        self._run("ceph-mon", "--mkfs", "-i", "a", "--monmap", monmap)
        self._daemon(stack, "ceph-mon", "-i", "a")
        self._run("ceph", "osd", "new", osd)
        self._run("ceph-osd", "--mkfs", "-i", "0", "--osd-uuid", osd)
        self._daemon(stack, "ceph-osd", "-i", "0")
        keys = ("--access-key", self.access_key, "--secret-key", self.secret_key)
        self._run("radosgw-admin", "user", "create", "--uid", "axis", "--display-name", "axis", *keys)
        gateway = self._daemon(stack, "radosgw", "-n", "client.rgw")
        end = time.monotonic() + _START_SECONDS
        while gateway.poll() is None and time.monotonic() < end:
            with suppress(urllib3.exceptions.HTTPError):
                if urllib3.request("GET", self.endpoint, retries=False).status == 200:
                    return
            time.sleep(0.05)
        raise RuntimeError("Ceph's gateway did not start")

    def _run(self, *command: str, conf: bool = True) -> None:
        done = subprocess.run(
            [*command, *self._conf(conf)],
            capture_output=True,
            text=True,
            timeout=_START_SECONDS,
            check=False,
            env=_environment(),
        )
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command[:3])}: {done.stdout}{done.stderr}")

    def _daemon(self, stack: ExitStack, *command: str) -> subprocess.Popen[bytes]:
        out = stack.enter_context((self.room / f"{command[0]}.out").open("wb"))
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *command, "-f", *self._conf(True)],
            stdout=out,
            stderr=out,
            stdin=subprocess.DEVNULL,
            env=_environment(),
        )
        stack.callback(process.wait)
        stack.callback(process.kill)
        return process

    def _conf(self, wanted: bool) -> tuple[str, ...]:
        return ("-c", str(self.room / "ceph.conf")) if wanted else ()

    def log(self) -> str:
        """Returns the ends of what the parts said."""
        pages = sorted((*self.room.glob("*.out"), *self.room.glob("*.log")))
        return "\n".join(f"--- {page.name}\n{page.read_text(errors='replace')[-3000:]}" for page in pages)


def _environment() -> dict[str, str]:
    """Returns the environment without what would point Ceph's programs at another cluster."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CEPH_")}


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]
