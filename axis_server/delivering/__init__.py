"""Delivering: each recipient's copy, from the inbox to its ending.

`inbox`, `queue` and `opening` hand out; `exchange` takes statements of both `sides`, `answers` says what they
mean, `moving` keeps what they leave; `expiring` ends what nobody answered, at the `deadlines`.
"""
