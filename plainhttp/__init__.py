"""HTTP/1.1 in the clear, for what anybody may ask: small answers, bounded in every direction. Knows
nothing of the axis.

    async def answer(request: Request) -> Reply:
        return Reply(body=b"hello\\n") if request.path == "/" else Reply(status=404)

    async with serving("127.0.0.1", 0, answer) as port:
        ...

h11 reads and writes the protocol; here are connections, time limits and sizes. TLS and caching belong to a
proxy in front.
"""

from __future__ import annotations

from plainhttp.serving import Answer, Bounds, Reply, Request, serving

__all__ = ["Answer", "Bounds", "Reply", "Request", "serving"]
