"""Several processes on one port: a supervisor that serves nothing itself, and workers that do.

    await supervise(settings, command=command, count=4, sound=sound, ready=ready)

The supervisor starts each worker as a fresh interpreter (gRPC does not survive a fork) that binds the port
with SO_REUSEPORT, so the kernel deals the connections out; it starts another one where one died, replaces all
of them one after the other on SIGHUP, and serves their metrics together.
"""

from axis_server.supervision.place import WorkerFailed
from axis_server.supervision.supervisor import supervise

__all__ = ["WorkerFailed", "supervise"]
