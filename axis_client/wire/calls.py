"""One method for each RPC."""

from __future__ import annotations

from axis_client.wire.following import EventCalls, OverviewCalls
from axis_client.wire.knowing import DirectoryCalls, RecordCalls
from axis_client.wire.logging import LogCalls
from axis_client.wire.receiving import InboxCalls
from axis_client.wire.retaining import RetentionCalls
from axis_client.wire.sending import SubmissionCalls


class Wire(
    DirectoryCalls,
    SubmissionCalls,
    InboxCalls,
    RecordCalls,
    EventCalls,
    OverviewCalls,
    RetentionCalls,
    LogCalls,
):
    """An open connection. Every method raises `AxisError`, and none tries again."""
