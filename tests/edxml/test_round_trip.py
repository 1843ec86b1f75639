"""10,000 random documents: what is written is read back, and nothing is lost."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings

import edxml
from edxml.model import Package, Status
from signing.parser import parse
from tests.edxml.strategies import packages, statuses, whole_packages

settings.register_profile(
    "edxml-ten-thousand",
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
PROFILE = settings.get_profile("edxml-ten-thousand")


def _assert_nothing_is_lost(document: Package | Status) -> None:
    assert replace(edxml.read(parse(edxml.write(document))), warnings=()) == document


@settings(PROFILE, max_examples=1_500)
@given(packages)
def test_fifteen_hundred_headers_come_back_as_they_went(package: Package) -> None:
    _assert_nothing_is_lost(package)


@settings(PROFILE, max_examples=4_500)
@given(whole_packages)
def test_four_and_a_half_thousand_packages_with_attachments_and_extensions_come_back(
    package: Package,
) -> None:
    _assert_nothing_is_lost(package)


@settings(PROFILE, max_examples=4_000)
@given(statuses)
def test_four_thousand_statuses_come_back_as_they_went(status: Status) -> None:
    _assert_nothing_is_lost(status)
