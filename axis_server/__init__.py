"""The axis: one composition root, one boundary, thin services, use cases in plain Python.

routing, lifecycle, attest      pure: who receives, what may follow what, what the axis attests
intake, uploads, inbox, exchange, records, directory
                                the use cases; they know the stores' promises, never a protobuf message
boundary/                       gRPC: who calls, what it means in protobuf, which status an error becomes
settings, checkconfig, provision, authority, registry
                                configuration and its check, first set-up, the upkeep of the directory
app, stores, material, probe, metrics, logs
                                the composition root, and what it opens, tries, counts and tells
cli, agency_cli, terminal       the operator's commands
"""
