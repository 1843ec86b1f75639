"""What an agency does at the axis, by room; `AsyncClient` is all of them together.

`addressing` (who is there), `sending` (also before sending, and taking back), `receiving` (also answering),
`knowing` (where things stand, what proves it), `proving` (what the log proves), `exporting` (that in one
file), `following` (events, queue, attention, statistics).
"""
