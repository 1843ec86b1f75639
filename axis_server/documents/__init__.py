"""Documents: judged before anything in them is believed (`judgement`), taken apart (`contents`, `inline`),
and their bytes (`blobs`)."""
