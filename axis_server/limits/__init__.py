"""Limits: what bounds callers and work.

shares, allowance, quota   what one agency may take: calls, documents a minute, unfinished uploads
held_back                  who is being turned away, since when
turns                      work that costs much, a few at once, agency after agency
tasks, workers             work that must end once begun; the threads that read what comes from outside
room, expiry               the archive's disk: promised before it is used, freed of what was abandoned
"""
