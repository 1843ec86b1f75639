"""The axis: one composition root, one boundary, thin services, use cases in plain Python.

boundary/                       gRPC: who calls, what it means in protobuf, which status an error becomes
sending/, delivering/, knowing/, addressing/, archiving/
                                the use cases, a room for each thing that agencies do; they know the stores'
                                promises, never a protobuf message
transparency/                   the log: checkpoints, proofs, witnesses, time-stamps
documents/, admitting/, limits/ what they share: documents judged, callers admitted, what bounds them
lifecycle, attest, caller       pure: what may follow what, what the axis attests, who acts
reasons, sentences, errors      every code with its sentences, and how a use case declines
fetching/                       asking the outside: time-stamps, OCSP answers, revocation lists, within bounds
operation/                      the operator's acts: set-up, upkeep of the directory, checks, backup
supervision/                    several processes on one port
settings, stores, ledgers, probe, metrics, logs
                                what is configured, opened, tried, counted and told
app, composition, cli           the composition root, and the command `axis-server`
"""
