"""`axis seal`: a package becomes a sealed one. No axis is needed."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from axis_client import files
from axis_client.cli.mistakes import mistake
from axis_client.cli.options import ATTACH, FORCE, PATH, PROFILE, common
from axis_client.cli.terminal import EXIT_OK, Terminal
from axis_client.errors import LocalError, explain
from axis_client.packing import (
    is_edxml,
    is_package,
    is_sealed,
    open_xml,
    pack,
    read_document,
    seal_bytes,
)
from axis_client.profile import Profile, load_signer
from edxml.model import HEADER_PLACE
from signing.keys import Signer


@click.command()
@click.argument("file", type=PATH)
@click.option(
    "-o", "--output", type=PATH, required=True, metavar="OUT", help="Tệp kết quả. / The sealed file."
)
@click.option("--key", type=PATH, metavar="PEM", help="Khóa bí mật. / Private key.")
@click.option(
    "--cert", type=PATH, metavar="PEM", help="Chứng thư số. / Its certificate, the chain may follow."
)
@click.option(
    "--p12", type=PATH, metavar="FILE", help="Khóa và chứng thư trong tệp PKCS#12. / Both in one file."
)
@click.option(
    "--password-env",
    metavar="NAME",
    help="Tên biến môi trường chứa mật khẩu. / Variable that holds the password.",
)
@click.option(
    "--profile",
    type=PATH,
    envvar="AXIS_PROFILE",
    metavar="FILE",
    help="Hồ sơ có khóa ký. / Takes the key from here.",
)
@ATTACH
@FORCE
@common
@click.pass_obj
def seal(
    terminal: Terminal,
    file: Path,
    output: Path,
    key: Path | None,
    cert: Path | None,
    p12: Path | None,
    password_env: str | None,
    profile: Path | None,
    attachments: tuple[Path, ...],
    force: bool,
) -> int:
    """Ký số một gói tin edXML. / Seals a package.

    FILE is an edXML document or status; any other XML is sealed at its end, with a note. Files given by
    --attach stay beside the package: their digests go into the seal.
    """
    if p12 and (key or cert):
        raise mistake("--p12 stands beside --key or --cert", "--p12 không đi cùng --key hoặc --cert")
    document = read_document(file)
    if not force and output.exists():
        raise explain(LocalError, "OUTPUT_EXISTS", files.printable(output), file=str(output))
    if key or cert or p12:
        signer = load_signer(key, cert, p12, _password(password_env), terminal.ask_password)
    else:
        signer = _from_profile(terminal, profile)
    sealed = _sealed(terminal, document, attachments, signer)
    files.write(output, sealed, force=force)
    terminal.note(terminal.text(f"Đã ký số: {files.printable(output)}", f"Sealed: {files.printable(output)}"))
    if terminal.as_json:
        subject = signer.certificate.subject.rfc4514_string()
        terminal.object({"file": str(output), "bytes": len(sealed), "signer": subject})
    return EXIT_OK


def _password(variable: str | None) -> bytes | None:
    if variable is None:
        return None
    if variable not in os.environ:
        raise mistake(
            f"--password-env: the environment has no variable {variable}",
            f"--password-env: không có biến môi trường {variable}",
        )
    return os.environ[variable].encode()


def _from_profile(terminal: Terminal, profile: Path | None) -> Signer:
    """The key of the profile that is named, or of the one that lies here."""
    if profile is None and not PROFILE.exists():
        raise explain(LocalError, "NO_SEAL_KEY")
    return Profile.load(profile or PROFILE, ask=terminal.ask_password).signer


def _sealed(terminal: Terminal, document: bytes, attachments: tuple[Path, ...], signer: Signer) -> bytes:
    root, at = open_xml(document), datetime.now(UTC)
    if is_sealed(root):
        raise explain(LocalError, "SEAL_IMPOSSIBLE", "it is sealed already")
    if is_package(root):
        blobs = [files.measure(path) for path in attachments]
        outgoing = pack(document, blobs, None, signer=signer, at=at)
        terminal.warn([f"{warn.code}: {warn.detail}" for warn in outgoing.package.warnings])
        return outgoing.sealed
    if attachments:
        raise mistake("--attach goes with a document package only", "--attach chỉ đi cùng gói tin văn bản")
    if not is_edxml(root):
        terminal.warn(["NOT_EDXML: sealed as plain XML; the axis takes edXML only"])
    place = HEADER_PLACE if is_edxml(root) else ""
    return seal_bytes(document, signer=signer, at=at, place=place, detached={})
