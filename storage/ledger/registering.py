"""What must hold of an agency or a group before it is kept, and what follows from it, whatever keeps it."""

from __future__ import annotations

from datetime import datetime

from storage.ledger.registry import Agency, Delegation, Group, Registered
from storage.ledger.wellformed import SIZE_MOST, check_text, check_times

_FACTS = 256
"""About what the short fields of an agency take together."""


def own_id(registered: Registered) -> str:
    """Returns the identifier by which an agency or a group is known."""
    return registered.agency_id if isinstance(registered, Agency) else registered.group_id


def identifiers(registered: Registered) -> tuple[str, ...]:
    """Returns every identifier that an agency or a group has, its own first."""
    return (own_id(registered), *(registered.aliases if isinstance(registered, Agency) else ()))


def check_registered(registered: Registered, replacing: Registered | None) -> None:
    """Raises `ValueError` when an agency or a group could not be true as given."""
    names = identifiers(registered)
    _require(all(names), "an identifier is not empty")
    _require(len(set(names)) == len(names), "an identifier is named once")
    check_text([*names, registered.name])
    if replacing is not None:
        _require(own_id(replacing) == names[0], "what is registered keeps its own identifier")
        _require(type(replacing) is type(registered), "an agency stays an agency, a group a group")
    if isinstance(registered, Agency):
        _check_agency(registered)
    else:
        _check_group(registered, replacing)


def registered_bytes(registered: Registered) -> int:
    """About how many bytes an agency or a group takes."""
    names = sum(3 * len(name) for name in (*identifiers(registered), registered.name))
    if isinstance(registered, Group):
        return _FACTS + names + sum(3 * len(one) for one in (*registered.members, *registered.categories))
    return (
        _FACTS
        + names
        + sum(_FACTS + len(one.pem) for one in registered.certificates)
        + _FACTS * len(registered.delegations)
        + sum(3 * (len(key) + len(value)) for key, value in registered.attributes.items())
    )


def shown_to(registered: Registered, viewer: str | None) -> bool:
    """Tells whether a viewer sees an agency or a group: all but the groups of others; None sees all."""
    if viewer is None or isinstance(registered, Agency):
        return True
    return registered.owner_id in ("", viewer)


def _check_agency(agency: Agency) -> None:
    check_text([agency.parent_id, agency.category, *agency.attributes, *agency.attributes.values()])
    hashes = [certificate.sha256 for certificate in agency.certificates]
    _require(len(set(hashes)) == len(hashes), "a certificate is named once")
    _require(agency.parent_id != agency.agency_id, "an agency does not stand below itself")
    _require(0 <= agency.capabilities.attachment_bytes <= SIZE_MOST, "a bound is a number of bytes")
    _require(all(abs(kind) <= SIZE_MOST for kind in agency.capabilities.kinds), "a kind is a small number")
    _check_span(agency.since, agency.until)
    for delegation in agency.delegations:
        _check_delegation(delegation)


def _check_delegation(delegation: Delegation) -> None:
    check_text([delegation.agency_id])
    _require(delegation.agency_id != "", "a delegation names who may act")
    _check_span(delegation.since, delegation.until)


def _check_group(group: Group, replacing: Registered | None) -> None:
    check_text([group.owner_id, *group.members, *group.categories])
    _require(len(set(group.members)) == len(group.members), "a member is named once")
    if isinstance(replacing, Group):
        _require(replacing.owner_id == group.owner_id, "a group keeps its owner")


def _check_span(since: datetime | None, until: datetime | None) -> None:
    check_times(time for time in (since, until) if time is not None)
    _require(since is None or until is None or since < until, "a span ends after it began")


def _require(held: bool, rule: str) -> None:
    if not held:
        raise ValueError(rule)
