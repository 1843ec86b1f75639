"""Taking dispatches over into another archive: a bag each (BagIt), that says by itself what must be in it."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from pathlib import Path

from axis_client import bagging, files
from axis_client.acts.exporting import Exporting
from axis_client.connection import unseen
from axis_client.errors import LocalError, NotTrusted, explain
from axis_client.exporting import SUFFIX, Collector, Exporter
from axis_client.model import Dispatch, Proof, Record, Retrieved
from axis_client.sending import Report
from edxml.attachments import distinct_names
from signing.spelling import VIETNAM

ORIGINAL, EVIDENCE, DESCRIPTION = "original", "evidence", "dispatch.json"
_IDENTIFIER = re.compile(r"[0-9A-Za-z]{1,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bagged:
    """A bag on disk."""

    dispatch_id: str
    folder: Path
    records: int
    """Evidence and statements in it."""
    files: int
    bytes: int
    kept: bool
    """It was there already, whole and up to date."""


class Archiving(Exporting):
    """Bags of what this agency sent and received."""

    async def bag(
        self,
        dispatch_id: str,
        directory: Path | str,
        *,
        package: bool = True,
        progress: Report = unseen,
        collect: Collector | None = None,
    ) -> Bagged:
        """Makes the bag `directory`/`dispatch_id`: the original and the files beside it, byte for byte; every
        evidence and statement, verified; an evidence package of all of it, unless `package` is false; and
        what the axis says of the dispatch.

        1. evidence    which also says whether a bag that is there is up to date
        2. verify      a bag that is there and up to date is read to its last byte, and stays
        3. originals   into a hidden folder; a cut leaves it there, and the next run goes on
        4. tag files   then the folder gets its name, in the place of what was damaged or out of date

        Raises `AxisError`; nothing has the bag's name then but what had it before.
        """
        if _IDENTIFIER.fullmatch(dispatch_id) is None:
            raise explain(
                LocalError,
                "USAGE",
                f"{dispatch_id!r} is no identifier of a dispatch",
                vietnamese=f"{dispatch_id!r} không phải mã gửi",
            )
        folder = Path(directory) / dispatch_id
        records = [record async for record in self.evidence(dispatch_id)]  # 1
        kept = await asyncio.to_thread(_kept, folder, records, package)  # 2
        if kept is not None:
            return kept
        draft = folder.with_name(f".{dispatch_id}.part")
        data = draft / bagging.PAYLOAD
        await asyncio.to_thread(_begin, data)
        retrieved = await self.retrieve(dispatch_id, data / ORIGINAL, progress=progress)  # 3
        if package:
            exporter = Exporter(profile=self._profile, now=self._around.clock())
            history = await (collect or self._collect)(dispatch_id, records)
            path = data / f"{dispatch_id}{SUFFIX}"
            await exporter.export(retrieved, records, history, path, force=True)
        now = self._around.clock().astimezone(VIETNAM).date().isoformat()
        me = await self.whoami()
        source = f"{me.agency.name} ({me.agency.agency_id})"
        return await asyncio.to_thread(  # 4
            _finish, draft, folder, retrieved, records, {"Source-Organization": source, "Bagging-Date": now}
        )


def _kept(folder: Path, records: list[Record], package: bool) -> Bagged | None:
    """Returns the bag that is there, if nothing of it is missing, changed or out of date."""
    if not folder.is_dir() or folder.is_symlink():
        return None
    there = {path.name: path for path in (folder / bagging.PAYLOAD / EVIDENCE).glob("*")}
    names = _names(records)
    if sorted(there) != sorted(names) or package != (_packages(folder) == 1) or bagging.problems(folder):
        return None
    for name, record in zip(names, records, strict=True):
        if files.read(there[name], len(record.content)) != record.content:
            return None
    lies = bagging.payload(folder)
    return Bagged(
        dispatch_id=folder.name,
        folder=folder,
        records=len(records),
        files=lies.files,
        bytes=lies.bytes,
        kept=True,
    )


def _packages(folder: Path) -> int:
    return len(list((folder / bagging.PAYLOAD).glob(f"*{SUFFIX}")))


def _begin(data: Path) -> None:
    """Keeps what an earlier run took of the original, and nothing else."""
    files.make_directory(data)
    for path in (*data.parent.iterdir(), *data.iterdir()):
        if path in (data, data / ORIGINAL):
            continue
        if path.is_dir() and not path.is_symlink():
            files.remove_directory(path)
        else:
            path.unlink()


def _finish(
    draft: Path, folder: Path, retrieved: Retrieved, records: list[Record], info: dict[str, str]
) -> Bagged:
    data = draft / bagging.PAYLOAD
    _check_alone(data / ORIGINAL, retrieved)
    files.make_directory(data / EVIDENCE)
    for name, record in zip(_names(records), records, strict=True):
        files.write(data / EVIDENCE / name, record.content, force=True)
    files.write(data / DESCRIPTION, _description(retrieved), force=True)
    dispatch = retrieved.dispatch
    number = "/".join(filter(None, (dispatch.code_number, dispatch.code_notation)))
    payload = bagging.write_bag(
        draft,
        {
            **info,
            "External-Identifier": dispatch.dispatch_id,
            "External-Description": f"{number}: {dispatch.subject}",
            "Internal-Sender-Identifier": dispatch.document_id,
        },
    )
    _place(draft, folder)
    return Bagged(
        dispatch_id=dispatch.dispatch_id,
        folder=folder,
        records=len(records),
        files=payload.files,
        bytes=payload.bytes,
        kept=False,
    )


def _check_alone(original: Path, retrieved: Retrieved) -> None:
    """What an earlier run left beside the files of this one is not of this dispatch."""
    ours = {file.path for file in retrieved.files}
    if strangers := [path for path in original.iterdir() if path not in ours]:
        raise explain(NotTrusted, "CONTENT_MISMATCH", files.printable(strangers[0]))


def _place(draft: Path, folder: Path) -> None:
    """Gives a bag its name. An old one makes way first; a crash in between costs it, and the draft is taken
    up again."""
    try:
        if folder.exists():
            files.remove_directory(folder)
        draft.rename(folder)
    except OSError as exc:
        raise files.unwritable(folder, exc) from exc


def _names(records: list[Record]) -> tuple[str, ...]:
    """Files of evidence and statements, sorted as they were committed; the same record always gets the same
    name."""
    return distinct_names(_name(place, record) for place, record in enumerate(records, start=1))


def _name(place: int, record: Record) -> str:
    if isinstance(record, Proof):
        named, suffix = (record.event, record.evidence.recipient_id), "xml"
    else:
        named, suffix = (record.status_code, record.agency_id), "edxml"
    return f"{'-'.join(filter(None, (f'{place:05d}', *named)))}.{suffix}"


def _description(retrieved: Retrieved) -> bytes:
    """What the axis says of the dispatch, for machines; how files are named here, and how they were sent."""
    dispatch: Dispatch = retrieved.dispatch
    paths = {file.part: f"{bagging.PAYLOAD}/{ORIGINAL}/{file.path.name}" for file in retrieved.files}
    described = {
        "dispatch_id": dispatch.dispatch_id,
        "document_id": dispatch.document_id,
        "sender_id": dispatch.sender_id,
        "sender_name": dispatch.sender_name,
        "kind": dispatch.kind,
        "code_number": dispatch.code_number,
        "code_notation": dispatch.code_notation,
        "subject": dispatch.subject,
        "priority": dispatch.priority,
        "promulgation_date": dispatch.promulgation_date,
        "due_date": dispatch.due_date,
        "accepted_at": dispatch.accepted_at.astimezone(VIETNAM).isoformat(),
        "parts": [
            {
                "number": part.number,
                "identifier": part.identifier,
                "name": part.name,
                "content_type": part.content_type,
                "sha256": part.sha256,
                "size": part.size,
                "inline": part.inline,
                "file": paths.get(part.number, ""),
            }
            for part in dispatch.parts
        ],
    }
    return (json.dumps(described, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "backslashreplace")
