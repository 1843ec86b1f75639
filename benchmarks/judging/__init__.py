"""What judges a run of the axis from outside, shared by the soak and by the chaos run.

Modules: `account` (what clients saw), `wire` (calls until there is an answer), `served` (what is there in the
end, read through the wire), `table` (the life of a delivery, written a second time), `judge`. None of them
imports anything of the axis but the words of its wire.
"""
