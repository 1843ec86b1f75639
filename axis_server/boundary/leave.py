"""What a delegate needs leave for. An agency's own certificates, within their roles, need none.

Calls about one dispatch look themselves at whether the agency is its sender or its recipient.
"""

from __future__ import annotations

from axis_server.caller import Caller
from axis_server.errors import Declined
from axis_server.reasons import Code

SENDING = frozenset(
    {
        "SubmissionService/Submit",
        "SubmissionService/Check",
        "SubmissionService/QueryUpload",
        "SubmissionService/Upload",
        "RecordService/ListOutbox",
    }
)
RECEIVING = frozenset(
    {
        "InboxService/ListInbox",
        "InboxService/WatchInbox",
        "InboxService/TakeInbox",
        "InboxService/SettleInbox",
    }
)
EITHER = frozenset(
    {
        "InboxService/FetchPart",
        "InboxService/Report",
        "RecordService/GetStatus",
        "RecordService/ListDeliveries",
        "RecordService/ListEvents",
        "RecordService/ListEvidence",
        "RecordService/ListAnswers",
        "DirectoryService/WhoAmI",
        "DirectoryService/GetAgency",
        "DirectoryService/SearchAgencies",
        "DirectoryService/ListGroups",
        "DirectoryService/ExpandGroup",
        "DirectoryService/SyncDirectory",
        "Health/Check",
        "Health/Watch",
        "ServerReflection/ServerReflectionInfo",
    }
)
"""Every other method shows or does both at once, and needs leave for both."""


def check_leave(caller: Caller, method: str) -> None:
    """Raises `Declined` (NOT_DELEGATED) unless the caller may call a method in its agency's name."""
    if method in EITHER:
        return
    if (caller.may_send or method in RECEIVING) and (caller.may_receive or method in SENDING):
        return
    raise Declined(Code.NOT_DELEGATED)
