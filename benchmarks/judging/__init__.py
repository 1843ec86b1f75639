"""What judges a run of the axis from outside, shared by the soak and by the chaos run.

Modules: `account` (what clients saw), `wire` (calls until there is an answer), `served` (what is there in the
end), `reading` (reads that through the wire), `table` (the life of a delivery, written a second time), and
`judge`, which with all that it needs imports nothing of the axis.
"""
