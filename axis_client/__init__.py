"""The way to the axis for an agency's programs and people.

    from axis_client import Client, Profile, Refused, TryLater

    with Client(Profile.load("profile.toml")) as axis:
        sealed = axis.seal("letter.edxml", attachments=["map.pdf"])   # keep these bytes until it is sent
        try:
            sent = axis.send(sealed, attachments=["map.pdf"])
        except TryLater as later:
            ...                                        # send the same bytes again: the same dispatch
        except Refused as refused:
            print(refused.reason, refused.message_vi)  # correct it, seal again
        else:
            print(sent.dispatch.dispatch_id, [evidence.event for evidence in sent.evidence])

        for item in axis.inbox():                      # and what others sent to us
            fetched = axis.fetch(item.dispatch.dispatch_id, "in/" + item.dispatch.dispatch_id)
            axis.hand_over(fetched)                    # our seal says: every byte is here
            axis.accept(item.dispatch.dispatch_id)

        for news in axis.events(after=kept):           # everything, as it happens, from where we were
            process(news)
            kept = news.cursor

`AsyncClient` is the same for asyncio. Modules:

    client, sync, connection    the client, and what its `acts` share: one for each thing that an agency does
    profile, policy             who the caller is, whom it trusts
    packing, threads, sending   what goes out
    fetching, downloading, answering
                                what comes in, and the statements about it
    proof, logbook, witnessing  evidence is checked here, the log followed
    exporting, bagging          evidence packages, and bags for other archives
    patience, files, locking    retries; what lies on this disk
    model, errors, sentences    the nouns, what goes wrong, and what it is called in two languages
    wire                        the only place that speaks gRPC
    cli                         the `axis` command
"""

from axis_client.client import AsyncClient
from axis_client.connection import Surroundings
from axis_client.errors import (
    AxisError,
    EvidenceError,
    LocalError,
    LogAlarm,
    NotFound,
    NotTrusted,
    Refused,
    TryLater,
)
from axis_client.model import Proof, State, Statement
from axis_client.model.finding import Query
from axis_client.model.oversight import Dimension, EventFilter, Side
from axis_client.patience import Patience
from axis_client.profile import Profile
from axis_client.sync import Client

__all__ = [
    "AsyncClient",
    "AxisError",
    "Client",
    "Dimension",
    "EventFilter",
    "EvidenceError",
    "LocalError",
    "LogAlarm",
    "NotFound",
    "NotTrusted",
    "Patience",
    "Profile",
    "Proof",
    "Query",
    "Refused",
    "Side",
    "State",
    "Statement",
    "Surroundings",
    "TryLater",
]
