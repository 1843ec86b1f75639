"""Chaos: real engines, many nodes, real faults, and a judge (`make chaos`).

    python -m benchmarks.chaos --minutes 8 --seed 1

Several axis nodes, PostgreSQL with a synchronous standby, Ceph's Object Gateway and nginx, each a host of
its own in a network namespace; agencies that use the SDK in processes of their own; and faults, drawn by a
seed: nodes killed at any moment and at named steps, clocks that jump, databases that crash, fail over or are
full, a store that is away, slow or breaks off, lines that lose and delay packets, hosts that are cut off.
Clients write down what they ask and are told. In the end everything is read back, and the checker compares.

Modules: `sealing_off` (nothing outlives a run), `network` (hosts, and the lines between them), `database`,
`store`, `nodes` (with `mortal`, an axis that dies at a named step), `agencies` and `agency` (who uses the
axis), `history` (what they write down), `faults` and `storm` (what happens, and when), `reading` (the final
dump), `recorded`, `checking` and `tree` (the checker, which imports nothing of the axis), `run`, `report`.
"""
