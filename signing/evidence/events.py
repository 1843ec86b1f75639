"""The 22 events of registered delivery (ETSI EN 319 522-1), and what people call them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

EVENT_URI = "http://uri.etsi.org/19522/Event/"


class EventId(StrEnum):
    """The 22 events; the URI is `http://uri.etsi.org/19522/Event/<name>`."""

    SUBMISSION_ACCEPTANCE = "SubmissionAcceptance"
    SUBMISSION_REJECTION = "SubmissionRejection"
    RELAY_ACCEPTANCE = "RelayAcceptance"
    RELAY_REJECTION = "RelayRejection"
    RELAY_FAILURE = "RelayFailure"
    NOTIFICATION_FOR_ACCEPTANCE = "NotificationForAcceptance"
    NOTIFICATION_FOR_ACCEPTANCE_FAILURE = "NotificationForAcceptanceFailure"
    CONSIGNMENT_ACCEPTANCE = "ConsignmentAcceptance"
    CONSIGNMENT_REJECTION = "ConsignmentRejection"
    ACCEPTANCE_REJECTION_EXPIRY = "AcceptanceRejectionExpiry"
    NOTIFICATION_DELIVERED = "NotificationDelivered"
    CONTENT_CONSIGNMENT = "ContentConsignment"
    CONTENT_CONSIGNMENT_FAILURE = "ContentConsignmentFailure"
    CONSIGNMENT_NOTIFICATION = "ConsignmentNotification"
    CONSIGNMENT_NOTIFICATION_FAILURE = "ConsignmentNotificationFailure"
    NOTIFICATION_ACCESS_TRACKING = "NotificationAccessTracking"
    CONTENT_ACCESS_TRACKING = "ContentAccessTracking"
    CONTENT_HANDOVER = "ContentHandover"
    CONTENT_HANDOVER_FAILURE = "ContentHandoverFailure"
    RELAY_TO_NON_ERDS = "RelayToNonERDS"
    RELAY_TO_NON_ERDS_FAILURE = "RelayToNonERDSFailure"
    RECEIVED_FROM_NON_ERDS = "ReceivedFromNonERDS"


NEGATIVE_EVENTS = frozenset(
    {
        EventId.SUBMISSION_REJECTION,
        EventId.RELAY_REJECTION,
        EventId.RELAY_FAILURE,
        EventId.NOTIFICATION_FOR_ACCEPTANCE_FAILURE,
        EventId.CONSIGNMENT_REJECTION,
        EventId.ACCEPTANCE_REJECTION_EXPIRY,
        EventId.CONTENT_CONSIGNMENT_FAILURE,
        EventId.CONSIGNMENT_NOTIFICATION_FAILURE,
        EventId.CONTENT_HANDOVER_FAILURE,
        EventId.RELAY_TO_NON_ERDS_FAILURE,
    }
)
"""Events that need a reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLabel:
    """An event in a clerk's words."""

    vietnamese: str
    english: str


def _label(vietnamese: str, english: str) -> EventLabel:
    return EventLabel(vietnamese=vietnamese, english=english)


EVENT_LABELS: Mapping[EventId, EventLabel] = {
    EventId.SUBMISSION_ACCEPTANCE: _label("Trục đã tiếp nhận văn bản gửi đi", "Accepted by the axis"),
    EventId.SUBMISSION_REJECTION: _label("Trục từ chối văn bản gửi đi", "Refused by the axis"),
    EventId.RELAY_ACCEPTANCE: _label("Trục khác đã tiếp nhận để chuyển tiếp", "Accepted by another axis"),
    EventId.RELAY_REJECTION: _label("Trục khác từ chối chuyển tiếp", "Refused by another axis"),
    EventId.RELAY_FAILURE: _label("Không chuyển tiếp được sang trục khác", "Not relayed to another axis"),
    EventId.NOTIFICATION_FOR_ACCEPTANCE: _label(
        "Đã báo bên nhận để chấp nhận hoặc từ chối", "Recipient asked to accept or refuse"
    ),
    EventId.NOTIFICATION_FOR_ACCEPTANCE_FAILURE: _label(
        "Không báo được bên nhận để chấp nhận hoặc từ chối",
        "Recipient could not be asked to accept or refuse",
    ),
    EventId.CONSIGNMENT_ACCEPTANCE: _label("Bên nhận đã tiếp nhận", "Accepted by the recipient"),
    EventId.CONSIGNMENT_REJECTION: _label("Bên nhận từ chối tiếp nhận", "Refused by the recipient"),
    EventId.ACCEPTANCE_REJECTION_EXPIRY: _label(
        "Quá hạn mà bên nhận chưa trả lời", "No answer from the recipient by the deadline"
    ),
    EventId.NOTIFICATION_DELIVERED: _label("Thông báo đã đến bên nhận", "Notice delivered to the recipient"),
    EventId.CONTENT_CONSIGNMENT: _label("Văn bản đã sẵn sàng cho bên nhận", "Ready for the recipient"),
    EventId.CONTENT_CONSIGNMENT_FAILURE: _label(
        "Không đặt được văn bản cho bên nhận", "Could not be made ready for the recipient"
    ),
    EventId.CONSIGNMENT_NOTIFICATION: _label(
        "Đã báo bên nhận rằng văn bản sẵn sàng", "Recipient told that the document is ready"
    ),
    EventId.CONSIGNMENT_NOTIFICATION_FAILURE: _label(
        "Không báo được bên nhận rằng văn bản sẵn sàng",
        "Recipient could not be told that the document is ready",
    ),
    EventId.NOTIFICATION_ACCESS_TRACKING: _label(
        "Bên nhận đã mở thông báo", "Notice opened by the recipient"
    ),
    EventId.CONTENT_ACCESS_TRACKING: _label("Bên nhận đã mở văn bản", "Document opened by the recipient"),
    EventId.CONTENT_HANDOVER: _label("Văn bản đã đến hệ thống của bên nhận", "Handed over to the recipient"),
    EventId.CONTENT_HANDOVER_FAILURE: _label(
        "Không giao được văn bản cho bên nhận", "Not handed over to the recipient"
    ),
    EventId.RELAY_TO_NON_ERDS: _label(
        "Đã chuyển ra hệ thống ngoài trục", "Relayed to a system outside the axis"
    ),
    EventId.RELAY_TO_NON_ERDS_FAILURE: _label(
        "Không chuyển được ra hệ thống ngoài trục", "Not relayed to a system outside the axis"
    ),
    EventId.RECEIVED_FROM_NON_ERDS: _label(
        "Nhận từ hệ thống ngoài trục", "Received from a system outside the axis"
    ),
}
"""One for every event."""
