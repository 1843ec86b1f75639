"""The `axis` command: for clerks at a terminal and for scripts.

Exit codes: 0 done (a document that is verified is sound), 1 refused, 2 wrong usage or unreadable, 3 try later
(a document that is verified is undecided). Results stand on standard output, with `--json` one object a line;
what goes wrong stands on standard error, in Vietnamese and English, with `--json` as one object a line too.

Modules: `terminal` (what is written where, in which language), `options`, `connection`; the commands in
`sealing`, `verifying` with `packages` and `findings`, `inspecting` (no axis needed), `checking`, `sender`,
`receiver`, `recalling`, `records` with `exporting`, `searching` and `bulk` with `query`, `following`,
`statistics`, `addressing`, `proving`, `witnessing`, `retaining`; `labels`, `shapes` (what a thing looks like
to people, and as JSON), `mistakes` (a command that was mistyped).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from axis_client.cli.addressing import agencies, agency, groups
from axis_client.cli.bulk import bulk
from axis_client.cli.checking import check
from axis_client.cli.disposing import disposal
from axis_client.cli.following import aside, attention, watch
from axis_client.cli.inspecting import inspect
from axis_client.cli.mistakes import told
from axis_client.cli.proving import log
from axis_client.cli.recalling import agree, decline, recall, update
from axis_client.cli.receiver import accept, fetch, inbox, refuse, report
from axis_client.cli.records import evidence, outbox, retrieve, status, whoami
from axis_client.cli.retaining import hold, retention
from axis_client.cli.sealing import seal
from axis_client.cli.searching import search
from axis_client.cli.sender import send
from axis_client.cli.statistics import stats
from axis_client.cli.terminal import EXIT_USAGE, ReaderGone, Terminal, exit_code
from axis_client.cli.verifying import verify
from axis_client.cli.witnessing import witness
from axis_client.errors import AxisError

INTERRUPTED = 130
"""What a shell expects of a program that was stopped by Ctrl-C."""
READER_GONE = 141
"""The same for a program whose reader went away, as `head` does: not everything was looked at, so never 0."""


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    invoke_without_command=True,
)
@click.version_option(package_name="national-axis", help="Phiên bản. / Shows the version.")
@click.pass_context
def axis(context: click.Context) -> None:
    """Gửi, nhận và kiểm tra văn bản điện tử có ký số qua trục liên thông.

    Sends, receives and checks signed official documents through the axis.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
        context.exit(EXIT_USAGE)


_SENDING = (seal, check, send, recall, update, outbox)
_RECEIVING = (inbox, fetch, accept, refuse, report, agree, decline)
_KNOWING = (search, bulk, status, evidence, retrieve, verify, inspect)
_FOLLOWING = (watch, attention, aside, stats)
_ADDRESSING = (whoami, agency, agencies, groups)
_VOUCHING = (log, witness)
_RETAINING = (retention, hold, disposal)
for _command in (*_SENDING, *_RECEIVING, *_KNOWING, *_FOLLOWING, *_ADDRESSING, *_VOUCHING, *_RETAINING):
    axis.add_command(_command)


def run(arguments: Sequence[str], terminal: Terminal) -> int:
    """Runs one command and returns its exit code. No mistake of a user ends in a traceback."""
    try:
        result = axis.main(args=list(arguments), prog_name="axis", standalone_mode=False, obj=terminal)
    except AxisError as exc:
        terminal.fail(exc)
        return exit_code(exc)
    except click.ClickException as exc:
        terminal.as_json |= "--json" in arguments  # which is not read yet when what stands before is wrong
        terminal.fail(told(exc))
        return EXIT_USAGE
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except ReaderGone:
        # Leave nothing for the interpreter to flush into the closed pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_GONE
    return result if isinstance(result, int) else 0


def main() -> None:
    """The entry point."""
    # gRPC's own log would stand among our sentences; whoever debugs it sets the variable.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    spoken = next(
        (os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), ""
    )
    terminal = Terminal(language="vi" if spoken.lower().startswith("vi") else "en")
    sys.exit(run(sys.argv[1:], terminal))
