"""What a check found, as messages of `axis.v1`, and what it is asked."""

from __future__ import annotations

from axis.v1 import submission_pb2
from axis_server.boundary import translate
from axis_server.errors import Declined
from axis_server.reasons import Code, answer
from axis_server.sending.cautions import Caution, said_of
from axis_server.sending.preflight import Checked

MOST_SIZE = (1 << 63) - 1


def coming(request: submission_pb2.CheckRequest) -> dict[str, int]:
    """Reads `to_upload`: SHA-256 to size. Raises `Declined`: INVALID_ARGUMENT for a blob of two sizes and for
    one of a size that there is not."""
    sizes: dict[str, int] = {}
    for blob in request.to_upload:
        if blob.size > MOST_SIZE or sizes.setdefault(blob.sha256, blob.size) != blob.size:
            raise Declined(Code.INVALID_ARGUMENT, "`to_upload` names a blob with a wrong size")
    return sizes


def response(checked: Checked) -> submission_pb2.CheckResponse:
    return submission_pb2.CheckResponse(
        refusal=refusal(checked.refusal) if checked.refusal is not None else None,
        warnings=[warning(one) for one in checked.cautions],
        dispatch=translate.dispatch(checked.entry) if checked.entry is not None else None,
        recipient_ids=checked.recipient_ids,
        recipient_count=checked.recipient_count,
        already_accepted=checked.already_accepted,
        handover_by=translate.time(checked.handover_by) if checked.handover_by is not None else None,
        answer_by=translate.time(checked.answer_by) if checked.answer_by is not None else None,
    )


def refusal(declined: Declined) -> submission_pb2.Finding:
    said = answer(declined.code)
    return submission_pb2.Finding(
        code=declined.code,
        english=said.english,
        vietnamese=said.vietnamese,
        next_step=said.next_step,
        next_step_vietnamese=said.next_step_vietnamese,
        detail=declined.detail,
        detail_vietnamese=declined.detail_vietnamese,
        facts=declined.facts,
        retryable=said.retryable,
    )


def warning(caution: Caution) -> submission_pb2.Finding:
    said = said_of(caution.code)
    return submission_pb2.Finding(
        code=caution.code,
        english=said.english,
        vietnamese=said.vietnamese,
        next_step=said.next_step,
        next_step_vietnamese=said.next_step_vietnamese,
        detail=caution.detail,
        facts=caution.facts,
    )
