"""What a machine must have for so many documents: `python -m benchmarks.sizing` measures it, on real axis
processes, in both modes of the deployment: `embedded` (SQLite and files) and `shared` (PostgreSQL and S3).

`plan` says how much is done, `engines` starts the stores and weighs them, `processes` reads what the kernel
counts, `offices` are the agencies that drive the axis over its wire; `passing` measures documents on their
way, `holding` memory, `growing` what a large ledger costs, `upkeep` starting, backing up and proving. `run`
has them one after the other; `docs/sizing.md` is made from what they leave in `results/sizing.json`.
"""
