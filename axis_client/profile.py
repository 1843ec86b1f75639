"""Who the caller is and whom it trusts, read from one TOML file.

    axis = "axis.example.vn:7443"     # host:port
    agency = "000.00.00.G90"          # the caller's identifier, as the directory has it
    ca = "ca.pem"                     # who vouches for the axis's TLS certificate
    certificate = "system.pem"        # the caller's TLS certificate, its chain may follow
    key = "system.key"
    trust = ["root.pem"]              # who vouches for seals: the axis's evidence, other agencies' documents

    key_password_env = "AXIS_KEY_PASSWORD"   # names the variable, never the password
    seal_certificate = "seal.pem"     # what seals documents; without it, `certificate` and `key` do
    seal_key = "seal.key"
    seal_p12 = "seal.p12"             # instead of the two
    seal_password_env = "AXIS_SEAL_PASSWORD"
    crls = ["root.crl"]
    tls_name = "axis"                 # when the axis's certificate bears another name than the host
    acting_for = "G90.01"             # act in the name of this agency, by a delegation in the directory

    log = "axis.example.vn/log+1a2b…+AX…"   # the axis's log, by its key; or a list of keys
    log_follow_keys = true            # believe the key, too, that this one names as its successor
    witnesses = ["w.example.vn+…"]    # who cosigns the log
    quorum = 1                        # how many of them must have; all, unless given
    log_state = "log.checkpoint"      # what the log showed last; `<profile>.checkpoint`, unless given

Paths are relative to the file.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization

from axis_client import files
from axis_client.errors import LocalError, explain
from axis_client.policy import log_policy
from signing.keys import Signer, UnusableKey, load_pem, load_pkcs12
from signing.log import LogPolicy
from signing.trust import TrustError, TrustStore

AskPassword = Callable[[str], bytes | None]
"""Asks a person for the password of the file named; None when nobody can be asked."""

_TEXTS = frozenset(
    {
        "axis",
        "agency",
        "ca",
        "certificate",
        "key",
        "key_password_env",
        "seal_certificate",
        "seal_key",
        "seal_p12",
    }
    | {"seal_password_env", "tls_name", "acting_for", "log_state"}
)
_LISTS = frozenset({"trust", "crls", "witnesses"})
_KEYS = "log"
_NUMBERS = frozenset({"quorum"})
_SWITCHES = frozenset({"log_follow_keys"})
_REQUIRED = ("axis", "agency", "ca", "certificate", "key", "trust")
_SMALL = 1 << 20
"""No profile, key or certificate file is larger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Everything that a client needs to know, loaded. Shows no key when printed."""

    axis: str
    """`host:port`."""
    agency: str
    ca_pem: bytes = field(repr=False)
    certificate_pem: bytes = field(repr=False)
    key_pem: bytes = field(repr=False)
    """Not encrypted."""
    signer: Signer = field(repr=False)
    """Seals documents and statements."""
    trust: TrustStore = field(repr=False)
    tls_name: str = ""
    acting_for: str = ""
    """The agency in whose name everything is done; empty for `agency` itself."""
    log: LogPolicy | None = None
    """Whom to believe about the axis's log; None leaves it unchecked."""
    log_state: Path | None = None
    """The file that keeps what the log showed last."""

    @classmethod
    def load(
        cls, path: Path | str, *, environ: Mapping[str, str] | None = None, ask: AskPassword = lambda _: None
    ) -> Profile:
        """Reads the file and all that it names. `environ` is the process's own unless given. Raises
        `LocalError` that names the field."""
        environ = os.environ if environ is None else environ
        fields = _Fields.read(Path(path))
        key_password = fields.password("key_password_env", environ)
        key_pem, key_password = _open_key(fields, key_password, ask)
        certificate_pem, ca_pem = fields.content("certificate"), fields.content("ca")
        _check_certificates(fields, "ca", ca_pem)
        _check_pair(key_pem, _check_certificates(fields, "certificate", certificate_pem), fields)
        return cls(
            axis=fields.address(),
            agency=fields.text("agency"),
            ca_pem=ca_pem,
            certificate_pem=certificate_pem,
            key_pem=key_pem,
            signer=_signer(fields, key_password, environ, ask),
            trust=fields.trust(),
            tls_name=fields.text("tls_name"),
            acting_for=fields.text("acting_for"),
            log=fields.log(),
            log_state=fields.log_state(),
        )

    def check_time(self, now: datetime) -> None:
        """Raises `LocalError` when the certificate that connects does not hold at `now`: the axis would only
        close the link."""
        certificate = x509.load_pem_x509_certificates(self.certificate_pem)[0]
        since, until = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        if now > until:
            raise explain(LocalError, "CERTIFICATE_EXPIRED", until.isoformat())
        if now < since:
            raise explain(LocalError, "CERTIFICATE_NOT_YET_VALID", since.isoformat())


def load_trust(path: Path, crls: list[Path]) -> TrustStore:
    """Reads only whom the profile trusts, opening no key; `crls` come on top of its own. Raises
    `LocalError`."""
    fields = _Fields.read(path)
    return trust_of(fields.files("trust"), [*fields.files("crls"), *crls])


def load_log(path: Path) -> tuple[LogPolicy | None, Path]:
    """Reads only whom the profile believes about the log, and where it keeps what the log showed last,
    opening no key. Raises `LocalError`."""
    fields = _Fields.read(path)
    return fields.log(), fields.log_state()


def trust_of(anchors: list[Path], crls: list[Path]) -> TrustStore:
    """Loads a trust store from files. Raises `LocalError`."""
    try:
        return TrustStore.load(anchors, crls=crls)
    except TrustError as exc:
        raise explain(LocalError, "TRUST_UNREADABLE", str(exc)) from exc


def load_signer(
    key: Path | None, certificate: Path | None, p12: Path | None, password: bytes | None, ask: AskPassword
) -> Signer:
    """Loads what seals, from two PEM files or one PKCS#12 file; asks for a password where one is missing.
    Raises `LocalError`."""
    source = p12 or key
    if source is None:
        raise explain(LocalError, "NO_SEAL_KEY")
    files.measure(source)
    try:
        try:
            return _load_signer(key, certificate, p12, password)
        except UnusableKey:
            entered = ask(files.printable(source)) if password is None else None
            if entered is None:
                raise
            return _load_signer(key, certificate, p12, entered)
    except UnusableKey as exc:
        raise explain(LocalError, "KEY_UNUSABLE", str(exc), file=files.printable(source)) from exc


def _load_signer(
    key: Path | None, certificate: Path | None, p12: Path | None, password: bytes | None
) -> Signer:
    if p12 is not None:
        return load_pkcs12(p12, password)
    if key is None or certificate is None:
        raise explain(LocalError, "NO_SEAL_KEY")
    return load_pem(key, certificate, password)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fields:
    """The file as it stands, its shape checked; each access names its field when it fails."""

    path: Path
    values: Mapping[str, object]

    @classmethod
    def read(cls, path: Path) -> _Fields:
        data = files.read(path, _SMALL)
        try:
            if data is None:
                raise _invalid(path, "it is far too large for a profile")
            values = tomllib.loads(data.decode("utf-8"))
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
            raise _invalid(path, f"it is not TOML: {exc}") from exc
        for name, value in values.items():
            _check_shape(path, name, value)
        for name in _REQUIRED:
            if not values.get(name):
                raise _invalid(path, f"`{name}` is missing")
        return cls(path=path, values=values)

    def text(self, name: str) -> str:
        return str(self.values.get(name, ""))

    def file(self, name: str) -> Path | None:
        return self.path.parent / self.text(name) if self.text(name) else None

    def texts(self, name: str) -> list[str]:
        value = self.values.get(name, [])
        return [str(entry) for entry in value] if isinstance(value, list) else [str(value)]

    def files(self, name: str) -> list[Path]:
        return [self.path.parent / entry for entry in self.texts(name)]

    def content(self, name: str) -> bytes:
        try:
            data = files.read(self.path.parent / self.text(name), _SMALL)
        except LocalError as exc:
            raise self.invalid(f"`{name}`: {exc.message}") from exc
        if data is None:
            raise self.invalid(f"`{name}`: the file is far too large for a key or certificate")
        return data

    def password(self, name: str, environ: Mapping[str, str]) -> bytes | None:
        variable = self.text(name)
        if not variable:
            return None
        if variable not in environ:
            raise self.invalid(f"`{name}`: the environment has no variable {variable}")
        return environ[variable].encode()

    def address(self) -> str:
        host, colon, port = self.text("axis").rpartition(":")
        if not colon or not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
            raise self.invalid('`axis` must be "host:port", such as "axis.example.vn:7443"')
        return self.text("axis")

    def trust(self) -> TrustStore:
        try:
            return trust_of(self.files("trust"), self.files("crls"))
        except LocalError as exc:
            raise self.invalid(f"`trust` or `crls`: {exc.message}") from exc

    def log(self) -> LogPolicy | None:
        """Whom to believe about the log, None when the profile names none."""
        keys, witnesses, quorum = self.texts("log"), self.texts("witnesses"), self.values.get("quorum")
        if not keys:
            if witnesses or quorum is not None:
                raise self.invalid("`witnesses` and `quorum` need a `log`")
            return None
        follow = self.values.get("log_follow_keys", True) is True
        try:
            return log_policy(keys, witnesses, quorum if isinstance(quorum, int) else None, follow=follow)
        except ValueError as exc:
            raise self.invalid(f"`log`, `witnesses` or `quorum`: {exc}") from exc

    def log_state(self) -> Path:
        return self.file("log_state") or self.path.with_suffix(".checkpoint")

    def invalid(self, sentence: str) -> LocalError:
        return _invalid(self.path, sentence)


def _invalid(path: Path, sentence: str) -> LocalError:
    name = files.printable(path)
    return explain(LocalError, "PROFILE_INVALID", f"{name}: {sentence}.", file=name)


def _check_shape(path: Path, name: str, value: object) -> None:
    if name in _LISTS or (name == _KEYS and not isinstance(value, str)):
        if not isinstance(value, list) or not all(isinstance(entry, str) and entry for entry in value):
            raise _invalid(path, f'`{name}` must be a list of texts, such as ["root.pem"]')
    elif name in _NUMBERS:
        if type(value) is not int or value < 0:
            raise _invalid(path, f"`{name}` must be a number")
    elif name in _SWITCHES:
        if not isinstance(value, bool):
            raise _invalid(path, f"`{name}` must be true or false")
    elif name in _TEXTS or name == _KEYS:
        if not isinstance(value, str):
            raise _invalid(path, f"`{name}` must be a text in quotes")
    elif "password" in name:
        raise _invalid(
            path, f"`{name}` is not a field; a password never stands here, only the name of a variable"
        )
    else:
        raise _invalid(
            path,
            f"`{name}` is not a field; known are "
            + ", ".join(sorted(_TEXTS | _LISTS | _NUMBERS | _SWITCHES | {_KEYS})),
        )


def _open_key(fields: _Fields, password: bytes | None, ask: AskPassword) -> tuple[bytes, bytes | None]:
    """Returns the TLS key without encryption, which is what gRPC takes, and the password that opened it."""
    pem = fields.content("key")
    try:
        if password is None and b"ENCRYPTED" in pem:
            password = ask(fields.text("key"))
            if password is None:
                raise fields.invalid("`key` is encrypted; name the password's variable in `key_password_env`")
        key = serialization.load_pem_private_key(pem, password if b"ENCRYPTED" in pem else None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as exc:
        raise fields.invalid("`key` is no private key in PEM, or the password is wrong") from exc
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return plain, password


def _check_certificates(fields: _Fields, name: str, pem: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as exc:
        raise fields.invalid(f"`{name}` is no certificate in PEM") from exc


def _check_pair(key_pem: bytes, certificates: list[x509.Certificate], fields: _Fields) -> None:
    """gRPC would only say that the link was closed."""
    form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    public = serialization.load_pem_private_key(key_pem, None).public_key()
    if public.public_bytes(*form) != certificates[0].public_key().public_bytes(*form):
        raise fields.invalid("`key` does not belong to `certificate`")


def _signer(
    fields: _Fields, key_password: bytes | None, environ: Mapping[str, str], ask: AskPassword
) -> Signer:
    p12, key, certificate = (fields.file(name) for name in ("seal_p12", "seal_key", "seal_certificate"))
    if p12 and (key or certificate):
        raise fields.invalid(
            "`seal_p12` stands beside `seal_key` or `seal_certificate`; give one or the other"
        )
    if bool(key) != bool(certificate):
        raise fields.invalid("`seal_key` and `seal_certificate` go together")
    password = fields.password("seal_password_env", environ)
    if not (p12 or key):
        key, certificate, password = fields.file("key"), fields.file("certificate"), key_password
    try:
        return load_signer(key, certificate, p12, password, ask)
    except LocalError as exc:
        where = "seal_p12" if p12 else "seal_key" if fields.text("seal_key") else "key"
        raise fields.invalid(f"`{where}`: {exc.message}") from exc
