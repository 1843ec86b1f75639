"""Keys as their files say: what does not belong together is an alarm, what is just being replaced is none."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from axis_server.keyring import Keyring
from axis_server.material import MaterialError
from axis_server.operation.authority import Authority
from axis_server.settings import Secrets
from tests.axis_server.served import prepared


async def test_files_that_do_not_belong_together_are_an_alarm_and_leave_in_force_what_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    axis = await prepared(tmp_path)
    shown: list[bool] = []
    keys = Keyring(axis.settings, Secrets(), show=shown.append)
    before = keys.certificates["tls"]
    base = axis.config.parent
    authority = Authority.load((base / "ca" / "ca.pem").read_bytes(), (base / "ca" / "ca.key").read_bytes())
    new = authority.issue_server(["localhost"], at=datetime.now(UTC))
    axis.settings.tls.key.write_bytes(new.key_pem)

    read = keys._load

    def overtaken() -> object:
        """The certificate is put in place while the files are read."""
        try:
            return read()
        except MaterialError:
            axis.settings.tls.certificate.write_bytes(new.certificate_pem)
            raise

    with monkeypatch.context() as patched:
        patched.setattr(keys, "_load", overtaken)
        assert not await keys.refresh()
    assert shown == [True], "no alarm: they changed meanwhile"
    assert await keys.refresh()
    assert keys.certificates["tls"] != before

    axis.settings.tls.key.write_bytes(b"something else")
    assert not await keys.refresh()
    assert (shown, keys.certificates["tls"] != before) == ([True, True, False], True)
    axis.settings.tls.key.write_bytes(new.key_pem)
    assert await keys.refresh()
    assert shown[-1]
