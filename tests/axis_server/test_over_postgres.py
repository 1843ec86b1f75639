"""An axis that keeps its ledger in PostgreSQL: configured, checked, served by several nodes."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, aclosing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from axis_server.app import running
from axis_server.cli import main
from axis_server.settings import Secrets
from storage.ledger.postgres import PostgresLedger, Target
from tests.axis_server.served import prepared
from tests.conftest import ON_POSTGRES
from tests.storage.postgres import Postgres

pytestmark = ON_POSTGRES
FILE = 'kind = "sqlite"\npath = "ledger/ledger.sqlite3"'
PATIENCE = 30.0


def over(target: Target, **changes: str) -> str:
    """Returns the change to a configuration that keeps the ledger in `target`."""
    values = {"kind": "postgres", "dsn": target.dsn, "database_schema": target.schema}
    lines = "\n".join(f'{name} = "{value}"' for name, value in (values | changes).items())
    return f"{FILE} => {lines}"


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(main, [str(one) for one in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


@pytest.fixture
def target(postgres: Postgres) -> Target:
    return postgres.ledger()


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch, target: Target) -> str:
    assert target.password is not None
    monkeypatch.setenv("AXIS_LEDGER_PASSWORD", target.password)
    return target.password


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


async def test_what_one_node_takes_another_tells_of_finds_and_hands_out(
    tmp_path: Path, target: Target, password: str
) -> None:
    ready = await prepared(tmp_path, settings=[over(target)])
    async with AsyncExitStack() as stack:
        here, there = [await stack.enter_async_context(running(ready.settings, Secrets())) for _ in range(2)]
        ministry = await stack.enter_async_context(ready.ministry.client(here.address))
        province = await stack.enter_async_context(ready.province.client(there.address))
        events = await stack.enter_async_context(aclosing(province.events(from_now=True)))
        coming = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0.2)
        letter = ready.ministry.letter("H90")
        sent = await ministry.send(letter)
        told = await asyncio.wait_for(coming, PATIENCE)
        assert told.event.dispatch_id == sent.dispatch.dispatch_id
        again = await province.send(ready.province.letter("G22"))
        assert again.dispatch.dispatch_id != sent.dispatch.dispatch_id
        # the same submission to the other node gets the same answer
        twin = await stack.enter_async_context(ready.ministry.client(there.address))
        assert (await twin.send(letter)).dispatch.dispatch_id == sent.dispatch.dispatch_id


async def test_the_operators_commands_work_on_it(tmp_path: Path, target: Target, password: str) -> None:
    ready = await prepared(tmp_path, settings=[over(target)])
    listed = await asyncio.to_thread(run, "agency", "list", "--config", ready.config)
    assert listed.exit_code == 0
    assert "G22" in listed.stdout


def test_check_config_says_how_far_the_schema_has_come(config: Path, target: Target, password: str) -> None:
    changed(config, over(target))
    result = run("check-config", "--config", config)
    assert result.exit_code == 0
    assert f"schema {target.schema} is new" in result.output
    asyncio.run(_made(target))
    assert "is new" not in run("check-config", "--config", config).output


async def _made(target: Target) -> None:
    await (await PostgresLedger.open(target)).aclose()


@pytest.mark.parametrize("command", ["check-config", "run"])
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"dsn": "host=127.0.0.1 port=1 dbname=axis user=axis"}, "see that it runs, and check `dsn`"),
        ({"dsn": "host=127.0.0.1 password=secret"}, "set AXIS_LEDGER_PASSWORD"),
        ({"database_schema": "Mine"}, "`database_schema` is not a name"),
    ],
)
def test_a_wrong_database_stops_the_start_with_what_to_do(
    config: Path, target: Target, password: str, command: str, changes: dict[str, str], sentence: str
) -> None:
    result = run(command, "--config", changed(config, over(target, **changes)))
    assert result.exit_code == 1
    assert sentence in result.stderr
    assert password not in result.output


@pytest.mark.parametrize("command", ["check-config", "run"])
def test_a_wrong_password_stops_the_start_with_what_to_do(
    config: Path, target: Target, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("AXIS_LEDGER_PASSWORD", "guessed")
    result = run(command, "--config", changed(config, over(target)))
    assert result.exit_code == 1
    assert "check `dsn` and the password" in result.stderr
    assert "guessed" not in result.output


@pytest.mark.parametrize("command", ["check-config", "run"])
def test_a_schema_of_a_newer_program_stops_the_start(
    config: Path, target: Target, postgres: Postgres, password: str, command: str
) -> None:
    asyncio.run(_made(target))
    postgres.execute(f"INSERT INTO {target.schema}.schema_versions (version) VALUES (99)")
    result = run(command, "--config", changed(config, over(target)))
    assert result.exit_code == 1
    assert "run the newer program" in result.stderr


def test_the_password_comes_from_the_environment_or_a_file_alone(config: Path, target: Target) -> None:
    changed(config, over(target))
    assert "check `dsn` and the password" in run("check-config", "--config", config).stderr
    changed(config, 'kind = "postgres" => kind = "postgres"\npassword_file = "db.password"')
    assert "`password_file`" in run("check-config", "--config", config).stderr
    file = config.parent / "db.password"
    file.write_text(f"{target.password}\n", encoding="utf-8")
    file.chmod(0o644)
    result = run("check-config", "--config", config)
    assert result.exit_code == 0
    assert f"chmod 600 {file}" in result.output


def test_a_database_without_a_way_to_it_is_no_configuration(config: Path) -> None:
    changed(config, f'{FILE} => kind = "postgres"')
    result = run("check-config", "--config", config)
    assert result.exit_code == 1
    assert 'kind "postgres" needs `dsn`' in result.output
