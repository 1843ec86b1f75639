"""An archive in a bucket of an S3 store, for many nodes.

archive = await S3Archive.open(
    Target(endpoint="https://s3.example.vn", bucket="axis", access_key="…", secret_key="…"),
    lock=Lock.COMPLIANCE,
)
await archive.put(digest, source)
await archive.retention.retain(digest, until)  # after the commit
"""

from storage.archive.s3.archive import S3Archive
from storage.archive.s3.assumptions import ASSUMPTIONS, Assumption, examined
from storage.archive.s3.bucket import MOST_BLOB_BYTES, Target
from storage.archive.s3.calls import Patience
from storage.archive.s3.locking import Lock, S3Retention, look_at

__all__ = [
    "ASSUMPTIONS",
    "MOST_BLOB_BYTES",
    "Assumption",
    "Lock",
    "Patience",
    "S3Archive",
    "S3Retention",
    "Target",
    "examined",
    "look_at",
]
