"""`axis-server audit`: what operators did, each act held against its seal and against the log."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from axis_server.acts.effective import KIND
from axis_server.acts.standing import Audit, Examined, Standing
from axis_server.material import MaterialError, evidence_certificates, log_policy
from axis_server.operation.particulars import parse_moment
from axis_server.operation.registry import identifier
from axis_server.operation.terminal import CONFIG, OperatorLedger, Refusal, loaded, on_ledger
from axis_server.settings import Settings
from signing.log import NotProven
from signing.trust import TrustError, TrustStore, load_certificates

STANDINGS = {
    Standing.LOGGED: "in the log",
    Standing.AWAITED: "not under a checkpoint yet",
    Standing.BROKEN: "NOT WHAT THE LOG HAS",
}


def _moment(context: click.Context, parameter: click.Parameter, value: str | None) -> datetime | None:
    try:
        return parse_moment(value or "")
    except ValueError as exc:
        raise click.BadParameter(f"{exc}.") from exc


@click.command()
@click.option("--since", callback=_moment, metavar="TIME", help="Done then or later.")
@click.option("--until", callback=_moment, metavar="TIME", help="Done before then.")
@click.option(
    "--about", "--agency", default="", metavar="ID", help="What was done about an agency or a group."
)
@click.option("--kind", default="", metavar="KIND", help="Such as agency, agency.certificate, settings.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option(
    "--export",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write each statement to DIR as ID.xml, with its proof as ID.xml.tlog-proof.",
)
@click.option("--whole", is_flag=True, help="Also go through the whole log for acts that no list shows.")
@CONFIG
def audit(
    *,
    since: datetime | None,
    until: datetime | None,
    about: str,
    kind: str,
    as_json: bool,
    export: Path | None,
    whole: bool,
    config: Path,
) -> None:
    """Lists what operators did: who, when, what, why. Each act's seal and place in the log are proven anew.

    Exit 0: all of them hold; 1: one does not, or the log has one that is not listed; 2: a KIND that there
    is not.
    """
    settings = loaded(config)
    known = sorted(kinds(click.get_current_context().find_root().command))
    named = identifier(about) if about else ""

    async def shown(ledger: OperatorLedger) -> int:
        auditing, wrong, count = _audit(settings, ledger), 0, 0
        async for one in auditing.acts(kind=kind, about=named, since=since, until=until):
            count += 1
            click.echo(json.dumps(_facts(one), ensure_ascii=False) if as_json else "\n".join(_lines(one)))
            wrong += not one.is_sound
            if export is not None:
                _exported(export, one)
        if not count:
            _nothing(kind, known)
        if whole:
            async for hidden in auditing.unlisted():
                click.echo(f"problem: the log has the act {hidden}, and it is not listed.", err=True)
                wrong += 1
        return wrong

    try:
        wrong = on_ledger(config, shown)
    except (MaterialError, TrustError, NotProven, OSError) as exc:
        raise Refusal(f"{config}: what was done cannot be examined: {exc}.") from exc
    if wrong:
        raise Refusal(f"{wrong} acts do not hold: keep the store as it is, and see docs/operator.md.")


def kinds(command: click.Command, name: str = "") -> Iterator[str]:
    """Yields the kinds of act that commands below `command` leave, and those of a start."""
    if not name:
        yield KIND
    if any(one.name == "operator" for one in command.params):
        yield name
    if isinstance(command, click.Group):
        for each, below in command.commands.items():
            yield from kinds(below, f"{name}.{each}" if name else each)


def _nothing(kind: str, known: Sequence[str]) -> None:
    """Tells that no act was found; raises `BadParameter` where none ever will be."""
    if kind and not any(one == kind or one.startswith(f"{kind}.") for one in known):
        raise click.BadParameter(
            f"no act is a {kind!r}; there are {', '.join(known)}.", param_hint="'--kind'"
        )
    click.echo("No such act.", err=True)


def _audit(settings: Settings, ledger: OperatorLedger) -> Audit:
    anchors = [one for path in settings.trust.anchors for one in load_certificates(path)]
    trust = TrustStore.of([*anchors, *evidence_certificates(settings.evidence)])
    policy = log_policy(settings.transparency)
    return Audit(ledger, trust=trust, policy=policy, issuer_id=settings.axis.id)


def _lines(one: Examined) -> list[str]:
    kept, said = one.kept, one.statement
    where = f"leaf {kept.place - 1}, {STANDINGS[one.standing]}"
    if said is None:
        return [f"{kept.act.statement.evidence_id}  {where}  NOT SOUND: {one.doubt}"]
    who = f"{said.account} ({said.operator})" if said.operator else said.account
    why = f": {said.reason}" if said.reason else ""
    doubt = f"  NOT SOUND: {one.doubt}" if one.doubt else ""
    what = " ".join((said.kind, *said.about[:5], *(["…"] if said.about[5:] else [])))
    lines = [f"{said.at:%Y-%m-%d %H:%M:%S%z}  {what}  by {who}{why}  [{where}]{doubt}"]
    many = len(said.about) > 1
    for each in said.changes:
        if each.before == each.after:  # an act about settings tells them all, those that stayed too
            continue
        what = f"{each.of} {each.what}" if many or not said.about else each.what
        lines.append(f"    {what}: {each.before or '-'} -> {each.after or '-'}")
    return lines


def _facts(one: Examined) -> dict[str, object]:
    said = {} if one.statement is None else asdict(one.statement)
    said["identifier"] = one.kept.act.statement.evidence_id
    said["at"] = one.kept.act.statement.issued_at.isoformat()
    return {**said, "leaf": one.kept.place - 1, "log": one.standing.value, "doubt": one.doubt}


def _exported(directory: Path, one: Examined) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    identifier = one.kept.act.statement.evidence_id
    if Path(identifier).name != identifier:
        raise OSError(f"the act {identifier!r} would be written elsewhere than to {directory}")
    name = directory / f"{identifier}.xml"
    name.write_bytes(one.kept.act.statement.content)
    if one.proof:
        name.with_name(f"{name.name}.tlog-proof").write_bytes(one.proof)
