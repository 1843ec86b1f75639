"""`DirectoryService`: who is there, and how the axis sees the caller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from axis.v1 import directory_pb2, directory_pb2_grpc
from axis_server.boundary import translate
from axis_server.boundary.identity import Context, current_caller
from axis_server.directory import DirectoryView
from axis_server.errors import Declined
from axis_server.reasons import Code
from edxml.agency_id import LONGEST


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisFacts:
    """What an axis says of itself."""

    axis_id: str
    certificates: tuple[str, ...]
    """PEM, with which it signs evidence."""
    max_message_bytes: int
    max_attachment_bytes: int


class DirectoryServicer(directory_pb2_grpc.DirectoryServiceServicer):
    """Answers from the directory's newest view."""

    def __init__(self, *, directory: Callable[[], DirectoryView], facts: AxisFacts) -> None:
        self._directory = directory
        self._facts = facts

    async def WhoAmI(
        self, request: directory_pb2.WhoAmIRequest, context: Context
    ) -> directory_pb2.WhoAmIResponse:
        caller = current_caller()
        return directory_pb2.WhoAmIResponse(
            agency=translate.agency(caller.agency),
            role=translate.ROLES[caller.role],
            certificate_sha256=caller.certificate.sha256,
            axis_certificates=self._facts.certificates,
            axis_id=self._facts.axis_id,
            max_message_bytes=self._facts.max_message_bytes,
            max_attachment_bytes=self._facts.max_attachment_bytes,
        )

    async def GetAgency(
        self, request: directory_pb2.GetAgencyRequest, context: Context
    ) -> directory_pb2.GetAgencyResponse:
        if len(request.agency_id) > LONGEST:
            raise Declined(Code.INVALID_ARGUMENT, f"an identifier has at most {LONGEST} characters")
        agency = self._directory().resolve(request.agency_id)
        if agency is None:
            raise Declined(Code.NOT_FOUND, "no agency has this identifier")
        return directory_pb2.GetAgencyResponse(agency=translate.agency(agency))
