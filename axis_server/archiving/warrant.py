"""By whose word documents may go: the seal on an order, and the seals of those who approve it.

    order = warrants.judged(content, approvals, agency_id, at)     # when it is submitted
    warrants.uphold(content, approvals, agency_id, since, now)     # before anything is destroyed, and again

An order is worth nothing by itself: each seal on it is an archivist's of the archive's authority, who stands
in the directory now, by a certificate that held when the axis took the order. Every further seal is another
person's. Synchronous and slow: for a worker thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from axis_server.addressing.directory import DirectoryView, in_force
from axis_server.caller import Role
from axis_server.documents.contents import bounded
from axis_server.documents.judgement import Rules, digest
from axis_server.errors import Declined, Detail
from axis_server.reasons import Code
from axis_server.wording import at_most, made_on, not_registered, seals_wanted
from signing.parser import Malformed
from signing.statements.retention import Approval, Order, read_approval, read_order
from signing.verdict import Sound, Undecided, Verdict
from signing.verify import verify
from storage.ledger.keeping import ITEMS_MOST

ORDER_BYTES = 2 << 20
APPROVAL_BYTES = 64 << 10
APPROVALS_MOST = 8
TEXT_BYTES = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Warrants:
    """Judges orders to this axis."""

    axis_id: str
    directory: Callable[[], DirectoryView]
    rules: Rules
    seals: int = 1
    """How many persons seal an order: who orders, and who approves."""
    valid: timedelta = timedelta(days=30)
    """For how long after it was made an order can be submitted."""

    def judged(self, content: bytes, approvals: Sequence[bytes], agency_id: str, at: datetime) -> Order:
        """Reads an order that `agency_id` submits. Raises `Declined`: the reason of the verdict on a seal,
        SIGNER_MISMATCH, ORDER_UNFIT, ORDER_EXPIRED, APPROVAL_MISSING."""
        if len(content) > ORDER_BYTES or len(approvals) > APPROVALS_MOST:
            raise Declined(
                Code.ORDER_UNFIT,
                Detail(
                    f"an order has at most {ORDER_BYTES} bytes, and {APPROVALS_MOST} approvals",
                    f"quyết định có tối đa {ORDER_BYTES} byte và {APPROVALS_MOST} bản phê duyệt",
                ),
            )
        sound, order = self._order(content, agency_id, at, at)
        self._check(order, agency_id, at)
        made = min(order.ordered_at, sound.signed_at or order.ordered_at)
        if made + self.valid < at:
            raise Declined(Code.ORDER_EXPIRED, made_on(made, self.valid.days))
        self._check_approvals(content, approvals, sound, agency_id, at, at)
        return order

    def uphold(
        self, content: bytes, approvals: Sequence[bytes], agency_id: str, since: datetime, now: datetime
    ) -> None:
        """Judges an order anew that was accepted at `since`, by what is known `now`: a compromise that was
        found meanwhile reaches back. Raises `Declined`, as `judged`."""
        sound, _ = self._order(content, agency_id, since, now)
        self._check_approvals(content, approvals, sound, agency_id, since, now)

    def _order(self, content: bytes, agency_id: str, since: datetime, now: datetime) -> tuple[Sound, Order]:
        sound = self._sealed(content, agency_id, since, now)
        try:
            return sound, read_order(sound)
        except ValueError as unfit:
            raise Declined(Code.ORDER_UNFIT, str(unfit)) from unfit

    def _check_approvals(
        self,
        content: bytes,
        approvals: Sequence[bytes],
        ordered: Sound,
        agency_id: str,
        since: datetime,
        now: datetime,
    ) -> None:
        persons = [ordered.certificate]
        for one in approvals:
            if len(one) > APPROVAL_BYTES:
                raise Declined(Code.ORDER_UNFIT, at_most(APPROVAL_BYTES, "an approval", "bản phê duyệt"))
            sound = self._sealed(one, agency_id, since, now)
            try:
                self._check_approval(read_approval(sound), digest(content), agency_id)
            except ValueError as unfit:
                raise Declined(Code.ORDER_UNFIT, str(unfit)) from unfit
            if not any(_same_person(sound.certificate, other) for other in persons):
                persons.append(sound.certificate)
        if len(persons) < self.seals:
            raise Declined(Code.APPROVAL_MISSING, seals_wanted(self.seals, len(persons)))

    def _check_approval(self, approval: Approval, order_id: str, agency_id: str) -> None:
        named = self.directory().resolve(approval.agency_id)
        for unfit, why in (
            (approval.axis_id != self.axis_id, f"it is an approval for {approval.axis_id}"),
            (named is None or named.agency_id != agency_id, "it is another agency's approval"),
            (approval.order != order_id, f"it approves another order: {approval.order}"),
        ):
            if unfit:
                raise Declined(Code.ORDER_UNFIT, why)

    def _sealed(self, content: bytes, agency_id: str, since: datetime, now: datetime) -> Sound:
        """Judges a seal as of `since`. Where it is not known whether the certificate was revoked by then,
        what is known now says it as well: what was not revoked later was not before."""
        rules = self.rules

        def judged(at: datetime) -> Verdict:
            return verify(content, trust=rules.trust(), at=at, policy=rules.policy, limits=rules.limits)

        try:
            verdict = judged(since)
            if isinstance(verdict, Undecided) and isinstance(again := judged(now), Sound):
                verdict = again
        except Malformed as malformed:
            raise Declined(malformed.reason, malformed.detail) from malformed
        if not isinstance(verdict, Sound):
            raise Declined(verdict.reason, verdict.detail)
        sealer = self.directory().sealer(verdict.certificate.fingerprint(hashes.SHA256()).hex())
        if sealer is None or sealer[0].agency_id != agency_id or not in_force(sealer[0], now):
            raise Declined(Code.SIGNER_MISMATCH, not_registered(agency_id))
        if sealer[1].role != Role.ARCHIVIST:
            raise Declined(
                Code.SIGNER_MISMATCH,
                Detail("the certificate is not an archivist's", "chứng thư số này không có vai trò lưu trữ"),
            )
        return verdict

    def _check(self, order: Order, agency_id: str, at: datetime) -> None:
        """Whether it is an order to this axis that could be carried out at all."""
        names = [item.dispatch_id for item in order.items]
        named = self.directory().resolve(order.agency_id)
        for unfit, why in (
            (order.axis_id != self.axis_id, f"it is an order to {order.axis_id}"),
            (named is None or named.agency_id != agency_id, "it is another agency's"),
            (not 0 < len(names) <= ITEMS_MOST, f"an order names 1 to {ITEMS_MOST} documents"),
            (len(set(names)) != len(names), "it names a document twice"),
            (not order.legal_basis.strip(), "it names no legal basis"),
            (order.ordered_at > at + self.rules.policy.clock_skew, "it was made in the future"),
        ):
            if unfit:
                raise Declined(Code.ORDER_UNFIT, why)
        bounded(order.number, "Number", TEXT_BYTES)
        bounded(order.legal_basis, "LegalBasis", TEXT_BYTES)


def _same_person(one: x509.Certificate, other: x509.Certificate) -> bool:
    """Whether two certificates are, or may be, one person's: of one name, or of one key."""
    return one.subject == other.subject or one.public_key() == other.public_key()
