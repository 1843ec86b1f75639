"""The configuration file: every mistake in one answer, and a document that tells every setting."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from axis_server.settings import Address, Secrets, SettingsError, load, parse_address, sections
from docs.generate import HERE, settings_page

MINIMAL = """
[axis]
id = "AXIS"
[tls]
certificate = "tls.pem"
key = "/keys/tls.key"
client_ca = ["ca.pem"]
[evidence]
certificate = "axis.pem"
key = "axis.key"
[trust]
anchors = ["ca.pem"]
"""


def written(directory: Path, text: str) -> Path:
    path = directory / "axis.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(directory: Path, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(written(directory, text))
    return "\n".join(caught.value.problems)


def test_paths_are_relative_to_the_file_wherever_the_command_runs(tmp_path: Path) -> None:
    settings = load(written(tmp_path, MINIMAL))
    assert settings.tls.certificate == tmp_path / "tls.pem"
    assert settings.tls.key == Path("/keys/tls.key")
    assert settings.trust.anchors == [tmp_path / "ca.pem"]
    assert settings.archive.path == tmp_path / "archive"
    assert settings.ledger.path == tmp_path / "ledger.sqlite3"


def test_what_is_not_given_has_the_documented_default(tmp_path: Path) -> None:
    settings = load(written(tmp_path, MINIMAL))
    assert settings.server.listen == Address("127.0.0.1", 7443)
    assert settings.limits.message_bytes == 16 << 20
    assert settings.limits.attachment_bytes == 10 << 30
    assert settings.limits.recipients == 5000
    assert settings.metrics.listen == Address("127.0.0.1", 9464)


@pytest.mark.parametrize(
    ("text", "size"), [("4096", 4096), ('"16 MiB"', 16 << 20), ('"10GiB"', 10 << 30), ('"7 B"', 7)]
)
def test_sizes_are_bytes_or_have_a_unit(tmp_path: Path, text: str, size: int) -> None:
    settings = load(written(tmp_path, f"{MINIMAL}[limits]\nattachment_bytes = {text}\n"))
    assert settings.limits.attachment_bytes == size


@pytest.mark.parametrize("text", ['"16 MB"', '"lots"', "0", "-1", '"1e9 B"', '"-1 MiB"', '"0 MiB"'])
def test_what_is_no_size_is_refused(tmp_path: Path, text: str) -> None:
    assert "limits.attachment_bytes" in problems(tmp_path, f"{MINIMAL}[limits]\nattachment_bytes = {text}\n")


def test_an_unknown_name_is_refused_and_the_nearest_known_one_named(tmp_path: Path) -> None:
    told = problems(tmp_path, f'{MINIMAL}[limits]\nrecipient = 5\n[serverr]\nlisten = "x"\n')
    assert "`limits.recipient` is not a setting; did you mean `recipients`?" in told
    assert "`serverr` is not a setting; did you mean `server`?" in told


def test_every_mistake_is_told_in_one_answer(tmp_path: Path) -> None:
    told = problems(
        tmp_path, '[axis]\nid = ""\n[server]\nlisten = "nowhere"\nworkers = 0\n[trust]\nanchors = []\n'
    )
    for field in (
        "`axis.id`",
        "`server.listen`",
        "`server.workers`",
        "`trust.anchors`",
        "`tls`",
        "`evidence`",
    ):
        assert field in told


def test_hours_are_a_list_of_one_for_each_priority(tmp_path: Path) -> None:
    told = problems(tmp_path, "[deadlines]\nhandover_hours = 72\nanswer_hours = [120, 48]\n")
    assert "`deadlines.handover_hours` is a list of one number for each priority" in told
    assert "`deadlines.answer_hours.2` is missing" in told


def test_a_file_that_is_missing_or_no_toml_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such file; `axis-server init DIR` makes one"):
        load(tmp_path / "axis.toml")
    assert "is not TOML" in problems(tmp_path, "[axis")
    (tmp_path / "axis.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path / "axis.toml")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:0", Address("127.0.0.1", 0)),
        ("[::1]:7443", Address("::1", 7443)),
        ("axis.example.vn:443", Address("axis.example.vn", 443)),
    ],
)
def test_addresses_read_and_write_the_same(text: str, address: Address) -> None:
    assert parse_address(text) == address
    assert str(address) == text


@pytest.mark.parametrize("text", ["", "7443", "host:", ":7443", "host:x", "host:65536", "host:-1", "host:٣"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not an address"):
        parse_address(text)


def test_an_empty_metrics_address_turns_metrics_off(tmp_path: Path) -> None:
    assert load(written(tmp_path, f'{MINIMAL}[metrics]\nlisten = ""\n')).metrics.listen is None


def test_secrets_come_from_the_environment_and_never_show(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AXIS_TLS_KEY_PASSWORD", "hunter2")
    secrets = Secrets()
    assert secrets.tls_key_password is not None
    assert secrets.tls_key_password.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(secrets)
    assert "is not a setting" in problems(
        tmp_path, MINIMAL.replace("[tls]", '[tls]\nkey_password = "hunter2"')
    )


def test_nothing_else_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, _ in sections():
        monkeypatch.setitem(os.environ, f"AXIS_{name.upper()}", "{}")
    assert load(written(tmp_path, MINIMAL)).axis.id == "AXIS"


def test_the_document_tells_of_every_setting() -> None:
    page = (HERE / "settings.md").read_text(encoding="utf-8")
    assert page == settings_page(), "run `make docs`"
    for name, model in sections():
        assert f"## `[{name}]`" in page
        for key, field in model.model_fields.items():
            assert f"| `{key}` |" in page
            assert field.description, f"{name}.{key} has no description"
    for secret in Secrets.model_fields:
        assert f"`AXIS_{secret.upper()}`" in page
