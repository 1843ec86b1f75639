"""The path rules of RFC 5280 section 6.1, judged by pyhanko-certvalidator.

Its entry points are coroutines because they may fetch. Nothing is fetched here, so the one coroutine runs
to its end at the first step and no event loop is needed.
"""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any

from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko_certvalidator import PKIXValidationParams, ValidationContext
from pyhanko_certvalidator.authority import CertTrustAnchor, TrustQualifiers
from pyhanko_certvalidator.errors import PathValidationError
from pyhanko_certvalidator.name_trees import (
    default_excluded_subtrees,
    default_permitted_subtrees,
    process_general_subtrees,
)
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.policy_decl import NO_REVOCATION, AcceptAllAlgorithms, CertRevTrustPolicy
from pyhanko_certvalidator.registry import CertificateRegistry, SimpleTrustManager
from pyhanko_certvalidator.validate import async_validate_path


def broken_rule(path: tuple[x509.Certificate, ...], *, at: datetime) -> str | None:
    """Returns a sentence for the first path rule that `path` (signer to anchor) breaks at `at`, or None.

    The anchor's own path length and name constraints bind too. Algorithms, key strength and revocation are
    the caller's. A certificate that cannot be decoded, or a name constraint that cannot be judged (on IP
    addresses, or with bounds), breaks a rule.
    """
    if len(path) == 1:
        return None
    try:
        _validate(path, at)
    except PathValidationError as exc:
        return exc.failure_msg.removeprefix("The path could not be validated because ")
    except (ValueError, TypeError, KeyError, NotImplementedError) as exc:
        return f"a certificate cannot be judged: {exc}"
    return None


def _validate(path: tuple[x509.Certificate, ...], at: datetime) -> None:
    certificates = [asn1.Certificate.load(c.public_bytes(Encoding.DER), strict=True) for c in reversed(path)]
    anchor = CertTrustAnchor(certificates[0], quals=_qualifiers(certificates[0]))
    context = ValidationContext(
        trust_manager=SimpleTrustManager.build(trust_roots=[anchor]),
        certificate_registry=CertificateRegistry(),
        moment=at,
        time_tolerance=timedelta(0),
        revinfo_policy=CertRevTrustPolicy(NO_REVOCATION),
        algorithm_usage_policy=AcceptAllAlgorithms(),
    )
    _run(async_validate_path(context, ValidationPath(anchor, certificates[1:-1], certificates[-1])))


def _qualifiers(anchor: asn1.Certificate) -> TrustQualifiers:
    permitted, excluded = default_permitted_subtrees(), default_excluded_subtrees()
    constraints = anchor.name_constraints_value
    if constraints is not None:
        if isinstance(constraints["permitted_subtrees"], asn1.GeneralSubtrees):
            permitted |= process_general_subtrees(constraints["permitted_subtrees"])
        if isinstance(constraints["excluded_subtrees"], asn1.GeneralSubtrees):
            excluded |= process_general_subtrees(constraints["excluded_subtrees"])
    return TrustQualifiers(
        standard_parameters=PKIXValidationParams(
            initial_permitted_subtrees=permitted, initial_excluded_subtrees=excluded
        ),
        max_path_length=anchor.max_path_length,
        max_aa_path_length=anchor.max_path_length,  # read whenever max_path_length is set
    )


def _run(coroutine: Coroutine[Any, Any, object]) -> None:
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError("path validation waited for something, though fetching is off")
