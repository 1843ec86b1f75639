"""The machine on which it was measured."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

import grpc


def facts() -> dict[str, object]:
    memory = re.search(r"^MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text(), re.MULTILINE)
    model = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return {
        "cores": os.cpu_count(),
        "processor": model[1] if model else platform.machine(),
        "memory_gib": round(int(memory[1]) / (1 << 20), 1) if memory else 0,
        "python": platform.python_version(),
        "grpcio": grpc.__version__,
    }


def load() -> float:
    """How many wanted a core over the last minute."""
    return round(os.getloadavg()[0], 2)
