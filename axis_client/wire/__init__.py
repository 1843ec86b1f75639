"""The edge: the only place of this package that speaks `axis.v1` and gRPC. In go plain values, out come the
nouns of `axis_client.model` and the errors of `axis_client.errors`; nothing here tries again.

Modules: `channel` (mutual TLS), `link` (how a call is made), `calls` (all of `sending`, `receiving`,
`knowing`, `following`, `finding`, `retaining`, `logging`: one method for each RPC), `convert` and `overview`
(messages to nouns), `failures` (statuses to errors).
"""

from axis_client.wire.calls import Wire

__all__ = ["Wire"]
