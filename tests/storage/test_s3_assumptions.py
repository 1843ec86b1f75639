"""Each assumption about S3 holds for Ceph, and the check sees where one does not."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from minio.commonconfig import ENABLED, GOVERNANCE, Filter
from minio.lifecycleconfig import Expiration, LifecycleConfig, Rule
from minio.objectlockconfig import DAYS, ObjectLockConfig
from minio.versioningconfig import SUSPENDED, VersioningConfig

from storage.archive.s3 import Lock, Patience, Target
from storage.archive.s3.assumptions import ASSUMPTIONS, examined
from tests.conftest import ON_CEPH
from tests.storage.ceph import Ceph
from tests.storage.troubled import Door, Trouble

pytestmark = ON_CEPH
AT_ONCE = Patience(tries=2, sleep=lambda seconds: None)


def failures(
    target: Target, lock: Lock = Lock.GOVERNANCE, *, ahead: timedelta = timedelta()
) -> dict[str, str]:
    results = examined(target, lock, clock=lambda: datetime.now(UTC) + ahead, patience=AT_ONCE)
    return {one.assumption.name: one.failure for one in results if one.failure}


@pytest.fixture(scope="module")
def findings(ceph: Ceph) -> dict[Lock, dict[str, str]]:
    found = {}
    for lock in (Lock.GOVERNANCE, Lock.COMPLIANCE):
        target = ceph.bucket()
        found[lock] = {
            one.assumption.name: one.failure
            for one in examined(target, lock, clock=lambda: datetime.now(UTC))
        }
        left = ceph.client.list_objects(target.bucket, recursive=True, include_version=True)
        found[lock]["nothing is left"] = ", ".join(one.object_name for one in left)
    return found


@pytest.mark.parametrize("name", [*(one.name for one in ASSUMPTIONS), "nothing is left"])
@pytest.mark.parametrize("lock", [Lock.GOVERNANCE, Lock.COMPLIANCE])
def test_ceph_does_as_assumed(findings: dict[Lock, dict[str, str]], lock: Lock, name: str) -> None:
    assert findings[lock][name] == ""


def test_where_nothing_is_to_be_locked_locking_is_not_asked_for(ceph: Ceph) -> None:
    assert failures(ceph.bucket(lock=False), Lock.OFF) == {}


def test_a_bucket_without_lock_fails_where_locks_are_wanted(ceph: Ceph) -> None:
    found = failures(ceph.bucket(lock=False))
    assert set(found) == {"object lock", "legal hold", "retention"}
    assert "create another one with object lock" in found["object lock"]


def test_versioning_switched_off_and_locking_by_default_are_seen(ceph: Ceph) -> None:
    target = ceph.bucket(lock=False)
    ceph.client.set_bucket_versioning(target.bucket, VersioningConfig(SUSPENDED))
    assert "versioning" in failures(target, Lock.OFF)
    locking = ceph.bucket()
    ceph.client.set_object_lock_config(locking.bucket, ObjectLockConfig(GOVERNANCE, 1, DAYS))
    assert "by default" in failures(locking)["object lock"]


def test_a_clock_that_is_off_is_seen(ceph: Ceph) -> None:
    found = failures(ceph.bucket(lock=False), Lock.OFF, ahead=timedelta(hours=7))
    assert re.search(r"are 25[12]\d\d s apart", found["reach"])


def test_a_right_that_lacks_fails_its_check_alone(ceph: Ceph) -> None:
    with Door.before(ceph.endpoint) as door:
        door.trouble("PUT", "lifecycle", Trouble.REFUSED, times=-1)
        found = failures(replace(ceph.bucket(lock=False), endpoint=door.endpoint), Lock.OFF)
    assert set(found) == {"lifecycle"}
    assert "access key may not" in found["lifecycle"]


def test_the_buckets_own_lifecycle_rules_stay(ceph: Ceph) -> None:
    target = ceph.bucket(lock=False)
    rule = Rule(ENABLED, Filter(prefix="other/"), rule_id="mine", expiration=Expiration(days=9))
    ceph.client.set_bucket_lifecycle(target.bucket, LifecycleConfig([rule]))
    assert failures(target, Lock.OFF) == {}
    kept = ceph.client.get_bucket_lifecycle(target.bucket)
    assert kept is not None and [one.rule_id for one in kept.rules] == ["mine"]


def test_a_wrong_key_fails_every_check_and_is_not_told(ceph: Ceph) -> None:
    found = failures(replace(ceph.bucket(), secret_key="not-the-key"))
    assert set(found) == {one.name for one in ASSUMPTIONS}
    assert "not-the-key" not in str(found)
