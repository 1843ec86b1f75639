"""Messages that many callers get are serialised once."""

from __future__ import annotations

from collections.abc import Callable

from google.protobuf.message import Message


class Serialised:
    """The bytes of a message, for a handler to yield in its place."""

    __slots__ = ("content",)

    def __init__(self, message: Message) -> None:
        self.content = message.SerializeToString()

    def ByteSize(self) -> int:
        """As a message says it."""
        return len(self.content)


def serialising(serialise: Callable[[Message], bytes]) -> Callable[[Message | Serialised], bytes]:
    """Makes a serialiser of messages that passes on what is serialised."""

    def content(message: Message | Serialised) -> bytes:
        return message.content if isinstance(message, Serialised) else serialise(message)

    return content
