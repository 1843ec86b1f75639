"""The axis: one composition root, one boundary, thin services, use cases in plain Python.

routing, lifecycle, attest, threads, fitness
                                pure: who receives, what may follow what, what is attested, what a package
                                does to earlier documents, what recipients take
intake, preflight, uploads, inbox, exchange, records, lookup, finding
                                the use cases; they know the stores' promises, never a protobuf message
directory, directory_watch, claims, search
                                who is there: one view in memory, kept up with the store, and its search
examination, earlier, cautions  what sending and checking share: everything that speaks against a package
judgement, contents, inline, blobs, cursors
                                what all share: documents judged and taken apart, bytes, places in lists
admission, trust                who gets in, and whom the axis trusts, as its files say now
turns, workers, tasks, allowance, quota, room, expiry
                                what bounds them: places, threads, unfinished work, rates, disk
boundary/                       gRPC: who calls, what it means in protobuf, which status an error becomes
fetching/                       asking the outside: time-stamps, OCSP answers, revocation lists, within bounds
operation/                      the operator's acts: set-up, upkeep of the directory, configuration check
settings, stores, probe, metrics, logs
                                what is configured, opened, tried, counted and told
cataloguing, scrub              what keeps searches current, and reads again everything that is kept
app, cli                        the composition root, and the command `axis-server`
"""
