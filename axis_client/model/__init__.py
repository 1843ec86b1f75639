"""The nouns that the SDK returns. What is here was said by the axis; what it proved is a `Proof`.

Digests are SHA-256 in 64 lower-case hexadecimal digits, times are aware datetimes in UTC, agencies are named
by their canonical identifier.
"""

from axis_client.model.deliveries import (
    Delivery,
    Dispatch,
    Event,
    InboxItem,
    Link,
    OutboxItem,
    Part,
    Question,
    QuestionKind,
    State,
    Status,
)
from axis_client.model.directory import Agency, Capabilities, DirectoryEntry, Group, GroupGone, Me
from axis_client.model.outcomes import (
    Answered,
    Fetched,
    FetchedFile,
    Progress,
    Reported,
    Retrieved,
    Sent,
    Submitted,
    UploadState,
)
from axis_client.model.proofs import (
    CheckpointStamp,
    Evidence,
    Logged,
    LogState,
    Proof,
    Record,
    ShownCheckpoint,
    Statement,
)

__all__ = [
    "Agency",
    "Answered",
    "Capabilities",
    "CheckpointStamp",
    "Delivery",
    "DirectoryEntry",
    "Dispatch",
    "Event",
    "Evidence",
    "Fetched",
    "FetchedFile",
    "Group",
    "GroupGone",
    "InboxItem",
    "Link",
    "LogState",
    "Logged",
    "Me",
    "OutboxItem",
    "Part",
    "Progress",
    "Proof",
    "Question",
    "QuestionKind",
    "Record",
    "Reported",
    "Retrieved",
    "Sent",
    "ShownCheckpoint",
    "State",
    "Statement",
    "Status",
    "Submitted",
    "UploadState",
]
