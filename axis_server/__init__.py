"""The axis: one composition root, one boundary, thin services, use cases in plain Python.

routing, lifecycle, attest      pure: who receives, what may follow what, what the axis attests
intake, uploads, inbox, exchange, records, directory
                                the use cases; they know the stores' promises, never a protobuf message
boundary/                       gRPC: who calls, what it means in protobuf, which status an error becomes
settings, provision, app, cli   configuration, first set-up, the composition root, the operator's commands
"""
