"""A soak: a real axis, many agencies, bad weather, and a judge (`make soak`).

    python -m benchmarks.soak --moves 5000

Agencies send, fetch, answer, ask back, say things twice and out of order, all at once and through the real
wire, while the axis is killed, wakes with another clock, and has its lines cut. Then the axis is left alone
until the last deadline has passed, everything that it serves is read back, and the judge compares.

Modules: `country` (who there is), `letters` (what they seal), `clerks` (what they do), `following` (what they
are shown), `weather` (what befalls the axis), `run`; `crowd` is a soak of its own: one document to five
thousand units. What clients saw and what is served in the end is noted and judged by `benchmarks.judging`.
"""
