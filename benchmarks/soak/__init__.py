"""A soak: a real axis, many agencies, bad weather, and a judge (`make soak`).

    python -m benchmarks.soak --moves 5000

Agencies send, fetch, answer, ask back, say things twice and out of order, all at once and through the real
wire, while the axis is killed, wakes with another clock, and has its lines cut. Then the axis is left alone
until the last deadline has passed, everything that it serves is read back, and the judge compares.

Modules: `country` (who there is), `letters` (what they seal), `wire` (calls until there is an answer),
`clerks` (what they do), `following` (what they are shown), `weather` (what befalls the axis), `account` (what
clients saw), `served` (what is there in the end), `table` (the life of a delivery, written a second time),
`judge`, `run`; `crowd` is a soak of its own: one document to five thousand units.
"""
