"""An axis that keeps its originals in an S3 store: configured, checked, served."""

from __future__ import annotations

from pathlib import Path

import grpc.aio
import pytest
from click.testing import CliRunner, Result

from axis.v1 import inbox_pb2, inbox_pb2_grpc, submission_pb2, submission_pb2_grpc
from axis_server.cli import main
from storage.archive.s3 import ASSUMPTIONS, Target
from tests.axis_server.served import Served, served, sha256_of, told
from tests.conftest import ON_CEPH
from tests.storage.ceph import Ceph
from tests.storage.troubled import Door, Trouble

pytestmark = ON_CEPH
FILES = 'kind = "files"\npath = "archive"'


def over(target: Target, **changes: str) -> str:
    """Returns the change to a configuration that keeps originals in `target`."""
    values = {
        "kind": "s3",
        "endpoint": target.endpoint,
        "bucket": target.bucket,
        "access_key": target.access_key,
    }
    lines = "\n".join(f'{name} = "{value}"' for name, value in (values | changes).items())
    return f"{FILES} => {lines}"


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(main, [str(one) for one in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


@pytest.fixture
def target(ceph: Ceph) -> Target:
    return ceph.bucket()


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch, target: Target) -> str:
    monkeypatch.setenv("AXIS_ARCHIVE_SECRET_KEY", target.secret_key)
    return target.secret_key


@pytest.fixture
def config(tmp_path: Path) -> Path:
    assert run("init", tmp_path / "axis", "--listen", "127.0.0.1:0", "--metrics", "").exit_code == 0
    return tmp_path / "axis" / "axis.toml"


def changed(config: Path, change: str) -> Path:
    old, new = change.split(" => ")
    text = config.read_text(encoding="utf-8")
    assert old in text
    config.write_text(text.replace(old, new), encoding="utf-8")
    return config


async def sent(axis: Served) -> tuple[str, bytes]:
    package = axis.ministry.letter("H90")
    async with axis.ministry.channel(axis.address) as channel:
        stub = submission_pb2_grpc.SubmissionServiceStub(channel)
        answer = await stub.Submit(submission_pb2.SubmitRequest(package=package))
    return answer.dispatch.dispatch_id, package


async def test_what_was_sent_is_fetched_byte_for_byte(
    tmp_path: Path, target: Target, secret: str, ceph: Ceph
) -> None:
    async with served(tmp_path, settings=[over(target)]) as axis:
        dispatch_id, package = await sent(axis)
        async with axis.province.channel(axis.address) as channel:
            request = inbox_pb2.FetchPartRequest(dispatch_id=dispatch_id, number=0)
            stream = inbox_pb2_grpc.InboxServiceStub(channel).FetchPart(request)
            fetched = b"".join([one.chunk async for one in stream])
    assert fetched == package
    kept = ceph.client.get_object(target.bucket, f"blobs/{sha256_of(package)}")
    assert kept.read() == package
    kept.close()


def test_check_store_names_every_assumption_and_says_that_the_bucket_is_fit(
    config: Path, target: Target, secret: str
) -> None:
    result = run("check-store", "--config", changed(config, over(target)))
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert [line.partition(":")[0] for line in lines[:-1]] == [f"ok      {one.name}" for one in ASSUMPTIONS]
    assert lines[-1].endswith(f"the bucket {target.bucket} is fit for originals.")


def test_check_store_names_what_fails_with_the_next_step(config: Path, secret: str, ceph: Ceph) -> None:
    result = run("check-store", "--config", changed(config, over(ceph.bucket(lock=False))))
    assert result.exit_code == 1
    assert "FAILED  object lock" in result.stdout
    assert "next:  create the bucket with object lock" in result.stdout
    assert "not fit for originals: 3 failed" in result.stderr


def test_check_store_is_for_s3_stores(config: Path) -> None:
    result = run("check-store", "--config", config)
    assert result.exit_code == 1
    assert '`archive.kind` is "files"' in result.stderr


@pytest.mark.parametrize("command", ["check-config", "run"])
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"access_key": "nobody"}, "does not know the access key: correct it"),
        ({"bucket": "no-such-bucket"}, "the bucket is not there: create it"),
        ({"endpoint": "http://127.0.0.1:1"}, "the S3 store does not serve"),
        ({"endpoint": "s3.example.vn"}, "is no endpoint"),
        ({"ca": "nowhere.pem"}, "nowhere.pem cannot be read: correct the path"),
    ],
)
def test_a_wrong_store_stops_the_start_with_what_to_do(
    config: Path, target: Target, secret: str, command: str, changes: dict[str, str], sentence: str
) -> None:
    result = run(command, "--config", changed(config, over(target, **changes)))
    assert result.exit_code == 1
    assert sentence in result.stderr
    assert secret not in result.output


def test_a_bucket_without_object_lock_stops_the_start(config: Path, secret: str, ceph: Ceph) -> None:
    changed(config, over(ceph.bucket(lock=False)))
    for command in ("check-config", "run"):
        result = run(command, "--config", config)
        assert result.exit_code == 1
        assert "no object lock: create another one" in result.stderr


def test_the_secret_comes_from_the_environment_or_a_file_alone(config: Path, target: Target) -> None:
    changed(config, over(target))
    assert "set AXIS_ARCHIVE_SECRET_KEY" in run("check-config", "--config", config).stderr
    file = config.parent / "s3.key"
    changed(config, 'kind = "s3" => kind = "s3"\nsecret_key_file = "s3.key"')
    assert "`secret_key_file`" in run("check-config", "--config", config).stderr
    file.write_text(f"{target.secret_key}\n", encoding="utf-8")
    file.chmod(0o644)
    result = run("check-config", "--config", config)
    assert result.exit_code == 0
    assert "`archive.secret_key_file`" in result.stderr and "can be read by others" in result.stderr
    assert "in the clear" in result.stderr
    changed(config, 'kind = "s3" => kind = "s3"\nsecret_key = "x"')
    assert "`archive.secret_key` is not a setting" in run("check-config", "--config", config).stderr


def test_s3_needs_its_names_and_takes_no_larger_blobs_than_it_can(
    config: Path, target: Target, secret: str
) -> None:
    changed(config, f'{FILES} => kind = "s3"')
    told = run("check-config", "--config", config).stderr
    assert "needs `endpoint` and `bucket` and `access_key`" in told
    changed(config, 'kind = "s3" => ' + over(target).split(" => ")[1])
    changed(config, '# [limits] => [limits]\nattachment_bytes = "1 TiB"')
    assert "takes at most 78 GiB in one piece" in run("check-config", "--config", config).stderr


async def test_while_the_store_is_away_senders_are_told_to_try_later_and_then_succeed(
    tmp_path: Path, target: Target, secret: str, ceph: Ceph
) -> None:
    with Door.before(ceph.endpoint) as door:
        async with served(tmp_path, settings=[over(target, endpoint=door.endpoint)]) as axis:
            door.trouble("HEAD", "blobs/", Trouble.REFUSED, times=1)
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await sent(axis)
            assert raised.value.code() is grpc.StatusCode.UNAVAILABLE
            assert told(raised.value).retry
            assert "access key" not in repr(raised.value)
            await sent(axis)
