"""Measures the axis against a floor in the same run: `make bench`.

Figures are ratios of medians over alternating rounds, so that a noisy or small machine does not change what
they say.
Modules: `floor` (the least a Python axis must pay), `subjects` (both servers as processes), `rsa` (the
sender's RSA-2048
certificate), `load` (the one client), `__main__` (rounds, table, JSON, comparison with the committed
baseline).
"""
