"""Addressing: who is there. `directory` is one view in memory, kept up by `directory_watch`; `routing` says
who receives, `lookup` and `search` answer those who ask, `claims` what two must never share."""
