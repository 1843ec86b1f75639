"""The boundary: gRPC on one side, use cases on the other, nothing of either leaks through.

identity      the TLS peer's certificate -> the `Caller`
interceptor   around every call: who, how long, how it ended; every error becomes a status
watches       the places of calls that last for weeks
leave         what a delegate needs leave for
errors        the one table from what was raised to `google.rpc.Status`
submission, inbox, events, records, overview, archive with retention, directory, log
              the services of `axis.v1`: they translate and call, no more
translate, checks
              records to messages; `serialised`: once for many callers
plain_log     the log over plain HTTP
server        the gRPC server with its limits, health and reflection
"""
