"""Asking the outside: time-stamping authorities, OCSP responders, revocation lists, witnesses. The one room
with outgoing connections.

    token = http_tsa.token(url, asked)                       # signing.timestamps judges it
    answer = http_ocsp.answer(url, asked, policy=policy)     # of the responder; kept by whoever asked
    crl = http_crl.crl(url)                                  # signing.revocation judges it
    lines = http_witness.cosignatures(url, request)          # signing.log judges them

    FetchError
    ├── Forbidden      the address may not be asked: scheme, credentials, a private network
    ├── Unreachable    nobody there, cut off, too slow: the same later may succeed
    └── Unfit          an answer, but none that can be used: status, kind, size, a redirect elsewhere
        └── Declined   a no that the protocol knows, with its status

Everything blocks, within `Bounds`: call it from a worker thread. Addresses come from certificates, so from
strangers too: nothing but http and https is spoken, and only public addresses are asked unless settings say
otherwise. What comes back is bytes to be judged.
"""

from __future__ import annotations

from axis_server.fetching.bounded import Bounds, Declined, FetchError, Forbidden, Unfit, Unreachable

__all__ = ["Bounds", "Declined", "FetchError", "Forbidden", "Unfit", "Unreachable"]
