"""The bucket: every request that the archive makes of an S3 store. Blocking: for the archive's threads.

blobs/<digest>                                      blobs
uploads/<hash of the owner>/<digest>/<segment>      uploads in progress (`staging`)
probe/<random>                                      what a probe writes and removes

Minio's underlined methods are S3's requests one to one; the public ones around them hold a thread for as long
as a sender takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.datatypes import Object, Part, parse_list_objects
from minio.deleteobjects import DeleteObject
from minio.error import S3Error

from storage.archive.s3.calls import ABSENT, CutShort, Patience, attempt
from storage.errors import Misconfigured, Unavailable

T = TypeVar("T")

PART_BYTES = 8 << 20
"""Size of the parts in which a large blob is sent and read: what one stream keeps in memory, a few times."""
LEAST_PART_BYTES = 5 << 20
"""S3's rule: every part but the last has at least so many bytes."""
MOST_PARTS = 10_000
"""S3's rule too."""
MOST_BLOB_BYTES = PART_BYTES * MOST_PARTS

_CONNECT_SECONDS = 4.0
"""A store in reach answers a connection at once."""
_ANSWER_SECONDS = 30.0
"""Longest silence within one request; the largest carries one part."""
_PAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a bucket is, and who comes to it."""

    endpoint: str
    """`https://host[:port]`, or `http://` where the network itself is trusted."""
    bucket: str
    region: str = "us-east-1"
    access_key: str
    secret_key: str = field(repr=False)
    ca: Path | None = None
    """PEM file with the authorities that may vouch for the store; None for those of the system."""
    connections: int = 32
    """Most requests at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of an object, or a delete marker, which hides the versions before it."""

    key: str
    id: str | None
    size: int
    modified: datetime
    latest: bool
    marker: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of an object."""

    content: bytes
    total: int
    """Size of the whole object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """A multipart upload that was neither completed nor aborted."""

    key: str
    id: str
    begun: datetime


class Bucket:
    """One bucket of one store.

    Every method raises `Unavailable`, or its children `StoreFull` and `Misconfigured`; several threads may
    share it.
    """

    def __init__(self, target: Target, *, patience: Patience | None = None) -> None:
        self.name = target.bucket
        self._patience = patience or Patience()
        self.client = _client(target)

    def size(self, key: str) -> int | None:
        """Returns the size of an object, or None when absent."""
        try:
            return self.request(lambda: self.client.stat_object(self.name, key)).size
        except S3Error:
            return None

    def put(self, key: str, content: bytes) -> None:
        """Writes an object; durable when it returns."""
        self.request(lambda: self.client._put_object(self.name, key, content))

    def read(self, key: str, start: int, length: int = PART_BYTES) -> Piece | None:
        """Reads `length` bytes from `start` on, or fewer where the object ends; None when it is absent, and a
        piece of an empty object where there is nothing at `start`."""
        try:
            return self.request(lambda: self._read(key, start, length))
        except S3Error as exc:
            return None if exc.code in ABSENT else Piece(b"", 0)

    def _read(self, key: str, start: int, length: int) -> Piece:
        answer = self.client.get_object(self.name, key, offset=start, length=length)
        try:
            total = int(answer.headers.get("content-range", "/-1").rpartition("/")[2])
            if answer.status != 206 or total < 0:
                raise Misconfigured("the store does not read ranges: it cannot serve as an archive")
            content = bytes(answer.read(length + 1))
        finally:
            answer.close()
        if len(content) != min(length, total - start):
            raise CutShort
        return Piece(content, total)

    def versions(self, prefix: str, *, page: int = _PAGE) -> Iterator[Version]:
        """Yields every version of every object under `prefix`, in pages, all of one key together."""
        query: dict[str, Any] = {"versions": "", "delimiter": "", "max-keys": str(page), "prefix": prefix}
        more = True
        while more:
            found, more, key, version = self._page(query)
            yield from sorted(found, key=lambda one: one.key)
            query |= {"key-marker": key, "version-id-marker": version} if version else {"key-marker": key}

    def _page(self, query: dict[str, Any]) -> tuple[list[Version], bool, str | None, str | None]:
        found, more, key, version = self.request(
            lambda: parse_list_objects(self.client._execute("GET", self.name, query_params=dict(query)))
        )
        listed = [_version(one) for one in found]
        return listed, more and bool(key), key, version

    def remove(self, versions: Sequence[Version]) -> None:
        """Removes versions for good, a thousand with one request; those that are gone already are well."""
        for start in range(0, len(versions), _PAGE):
            named = [DeleteObject(one.key, one.id) for one in versions[start : start + _PAGE]]
            for error in self.request(lambda named=named: list(self.client.remove_objects(self.name, named))):  # type: ignore[misc]
                if error.code not in ABSENT:
                    raise Unavailable(f"the S3 store does not remove what an upload left: {error.code}")

    def remove_one(self, version: Version) -> bool:
        """Removes one version for good; tells whether the store let it: False when it is locked."""
        try:
            self.request(lambda: self.client.remove_object(self.name, version.key, version_id=version.id))
        except S3Error:
            return True
        except Misconfigured as exc:
            if isinstance(exc.__cause__, S3Error) and exc.__cause__.code == "AccessDenied":
                return False
            raise
        return True

    def hide(self, key: str) -> None:
        """Puts a delete marker before the versions of an object."""
        self.request(lambda: self.client.remove_object(self.name, key))

    # Multipart uploads: invisible until completed.

    def begin(self, key: str) -> str:
        """Begins a multipart upload and returns its id."""
        return str(self.request(lambda: self.client._create_multipart_upload(self.name, key, {})))

    def part(self, key: str, upload: str, number: int, content: bytes) -> str:
        """Sends part `number`, from 1, and returns its tag."""
        return str(
            self.request(lambda: self.client._upload_part(self.name, key, content, None, upload, number))
        )

    def copied_part(self, key: str, upload: str, number: int, source: Version) -> str:
        """Has the store copy an object as part `number`, and returns its tag."""
        named = f"/{self.name}/{source.key}" + (f"?versionId={source.id}" if source.id else "")
        headers = {"x-amz-copy-source": named}
        return str(
            self.request(
                lambda: self.client._upload_part_copy(self.name, key, upload, number, dict(headers))
            )[0]
        )

    def complete(self, key: str, upload: str, tags: Sequence[str], size: int) -> None:
        """Turns the parts into the object of `size` bytes; durable when it returns. A repetition after a lost
        answer finds the object there."""
        parts = [Part(number, tag) for number, tag in enumerate(tags, start=1)]
        with suppress(S3Error):
            self.request(lambda: self.client._complete_multipart_upload(self.name, key, upload, parts))
        if self.size(key) != size:
            raise Unavailable("the S3 store did not put the parts of a blob together")

    def abort(self, key: str, upload: str) -> None:
        """Drops a multipart upload; a success when there is none."""
        with suppress(S3Error):
            self.request(lambda: self.client._abort_multipart_upload(self.name, key, upload))

    def unfinished(self, prefix: str) -> Iterator[Unfinished]:
        """Yields the multipart uploads under `prefix`, in pages."""
        marker: str | None = None
        while True:
            page = self.request(
                lambda marker=marker: self.client._list_multipart_uploads(  # type: ignore[misc]
                    self.name, prefix=prefix, key_marker=marker, max_uploads=_PAGE
                )
            )
            for one in page.uploads:
                if one.upload_id and one.initiated_time:
                    yield Unfinished(key=one.object_name, id=one.upload_id, begun=one.initiated_time)
            marker = page.next_key_marker
            if not page.is_truncated or not marker:
                return

    def request(self, work: Callable[[], T]) -> T:
        """Makes a request, patiently. Raises `S3Error` only to say that something is absent."""
        return attempt(work, self._patience)

    def close(self) -> None:
        """Closes the connections."""
        self.client._http.clear()


def _version(one: Object) -> Version:
    if one.object_name is None or one.last_modified is None:
        raise Misconfigured("the store lists objects without name or time: it cannot serve as an archive")
    return Version(
        key=one.object_name,
        id=one.version_id,
        size=one.size or 0,
        modified=one.last_modified,
        latest=one.is_latest == "true",
        marker=one.is_delete_marker,
    )


def _client(target: Target) -> Minio:
    parts = urlsplit(target.endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise Misconfigured(
            f'"{target.endpoint}" is no endpoint: write "https://host" or "https://host:port"'
        )
    connections = urllib3.PoolManager(
        num_pools=1,
        maxsize=target.connections,
        block=True,
        retries=False,
        timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_ANSWER_SECONDS),
        cert_reqs="CERT_REQUIRED",
        ca_certs=str(target.ca) if target.ca else None,
    )
    try:
        return Minio(
            parts.netloc,
            access_key=target.access_key,
            secret_key=target.secret_key,
            secure=parts.scheme == "https",
            region=target.region,
            http_client=connections,
        )
    except ValueError as exc:
        raise Misconfigured(f"{exc}: correct the S3 settings") from exc
