"""What an agency does at the axis, by room; `AsyncClient` is all of them together.

`addressing` (who is there), `sending` (also beforehand), `recalling` (also updating, replacing), `receiving`
(also answering), `knowing` (where things stand, what proves it), `proving` (what the log proves), `exporting`
(that in one file), `finding` and `archiving` (into another archive), `retaining` (how long), `following`
(events, queue, attention, statistics).
"""
