"""Limits: what bounds callers and work: places in turn, threads, rates, unfinished uploads, disk."""
