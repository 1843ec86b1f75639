"""Hosts in network namespaces of their own, and the lines between them, which lose, delay and cut.

    network = Network(dice)
    network.add("db1", 2)                     # 10.77.0.2, in the namespace axis-chaos-db1
    network.begin()
    network.line("n1", "db1").loss = 0.05     # both ways

Each host has one TUN device, and this process carries the packets from one to the other: a switch of some
hundred lines. The kernel need not know `netem`, and a fault is a number in a table. A device is there for as
long as this process holds it.
"""

from __future__ import annotations

import ctypes
import fcntl
import heapq
import itertools
import os
import random
import selectors
import struct
import subprocess
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

PREFIX = "axis-chaos-"
"""Of every namespace's name."""
_NETWORK = "10.77.0."
_MTU = 9000
_SET_TUN, _TUN, _NO_INFO = 0x400454CA, 0x0001, 0x1000
_NET_NAMESPACE = 0x40000000
_BURST = 64
"""Packets taken from one host before another has its turn."""


@dataclass(slots=True)
class Line:
    """How a line is; both ways alike."""

    loss: float = 0.0
    """Share of packets that vanish."""
    delay: float = 0.0
    """Seconds, one way; a fifth of it more or less, so packets overtake each other."""
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Host:
    """A machine of its own, as far as the network goes."""

    name: str
    address: str
    device: int
    entering: ThreadPoolExecutor
    """One thread that lives inside: what it starts is inside too."""

    inside: tuple[str, ...]
    """Put before a command, it runs there."""


class Network:
    """All hosts of a run."""

    def __init__(self, dice: random.Random) -> None:
        self.hosts: dict[str, Host] = {}
        self.carried: Counter[str] = Counter()
        """Packets carried, lost by chance and dropped at a cut."""
        self._dice = dice
        self._lines: dict[frozenset[bytes], Line] = {}
        self._devices: dict[bytes, int] = {}
        self._waiting: list[tuple[float, int, int, bytes]] = []
        self._numbers = itertools.count()
        self._selector = selectors.DefaultSelector()

    def add(self, name: str, number: int) -> Host:
        """Adds a host."""
        namespace = f"/run/netns/{PREFIX}{name}"
        subprocess.run(["ip", "netns", "add", f"{PREFIX}{name}"], check=True)
        entering = ThreadPoolExecutor(1, initializer=_enter, initargs=(namespace,))
        return self._add(name, number, entering, ("nsenter", f"--net={namespace}"))

    def join(self, name: str, number: int) -> Host:
        """Puts this process on the network, as a host of its own."""
        return self._add(name, number, ThreadPoolExecutor(1), ())

    def _add(self, name: str, number: int, entering: ThreadPoolExecutor, inside: tuple[str, ...]) -> Host:
        address = f"{_NETWORK}{number}"
        device = entering.submit(_device).result()
        host = Host(name, address, device, entering, inside)
        for command in (
            "link set lo up",
            f"address add {address}/24 dev chaos",
            f"link set chaos mtu {_MTU} txqueuelen 4000 up",
        ):
            subprocess.run([*inside, "ip", *command.split()], check=True)
        self.hosts[name] = host
        self._devices[_packed(address)] = device
        self._selector.register(device, selectors.EVENT_READ)
        return host

    def begin(self) -> None:
        """Begins to carry packets, until this process ends."""
        threading.Thread(target=self._carry_all, daemon=True).start()

    def line(self, one: str, other: str) -> Line:
        """The line between two hosts."""
        ends = frozenset((_packed(self.hosts[one].address), _packed(self.hosts[other].address)))
        return self._lines.setdefault(ends, Line())

    def lines_of(self, name: str) -> list[Line]:
        """The lines between a host and all others."""
        return [self.line(name, other) for other in self.hosts if other != name]

    def _carry_all(self) -> None:
        while True:
            due = max(0.0, self._waiting[0][0] - time.monotonic()) if self._waiting else None
            for key, _ in self._selector.select(due):
                self._take(key.fd)
            now = time.monotonic()
            while self._waiting and self._waiting[0][0] <= now:
                *_, device, packet = heapq.heappop(self._waiting)
                _give(device, packet)

    def _take(self, device: int) -> None:
        for _ in range(_BURST):
            try:
                packet = os.read(device, 1 << 16)
            except BlockingIOError:
                return
            self._carry(packet)

    def _carry(self, packet: bytes) -> None:
        to = self._devices.get(packet[16:20]) if packet[0] >> 4 == 4 else None
        if to is None:
            return
        line = self._lines.get(frozenset((packet[12:16], packet[16:20])))
        if line is None:
            self.carried["carried"] += 1
            _give(to, packet)
        elif line.cut:
            self.carried["dropped at a cut"] += 1
        elif line.loss and self._dice.random() < line.loss:
            self.carried["lost"] += 1
        elif line.delay:
            self.carried["delayed"] += 1
            at = time.monotonic() + line.delay * self._dice.uniform(0.8, 1.2)
            heapq.heappush(self._waiting, (at, next(self._numbers), to, packet))
        else:
            self.carried["carried"] += 1
            _give(to, packet)


def _give(device: int, packet: bytes) -> None:
    with suppress(OSError):  # the host's queue is full: a network drops what it cannot hold
        os.write(device, packet)


def _packed(address: str) -> bytes:
    return bytes(map(int, address.split(".")))


def _enter(namespace: str) -> None:
    """Moves this thread into a network namespace."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open(namespace, "rb") as file:
        if libc.setns(file.fileno(), _NET_NAMESPACE) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter {namespace}")


def _device() -> int:
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(device, _SET_TUN, struct.pack("16sH22s", b"chaos", _TUN | _NO_INFO, b""))
    return device
