"""The group of commands, what each is called with, and how a fault becomes an exit status."""

import importlib
import os
import sys
from pathlib import Path
from typing import Any

import click

from config.errors import OutsideError, YardstickError
from config.months import Month
from flows.stages.version import VERSION

FAULT_OF_OURS = 70
INTERRUPTED = 130
_OUTSIDE = 3


class MonthType(click.ParamType[Month]):
    """A month on the command line."""

    name = "month"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Month:  # noqa: ARG002
        """Read 2026-10. Raises UsageError for anything else."""
        if isinstance(value, Month):
            return value
        return Month.parse(str(value))


MONTH = MonthType()

config_option = click.option(
    "--config",
    "config_dir",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The company's configuration. Default: $YARDSTICK_CONFIG, else this folder if it holds company.yaml, "
    "else the one the state root was last used with.",
)
state_option = click.option(
    "--state",
    "state_dir",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where everything is kept. Default: $YARDSTICK_STATE, else a folder of the company's in your state folder.",
)


@click.group(
    name="yardstick",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Exit status: 0 done; 1 refused by the data or a rule; 2 wrong usage or configuration; "
    "3 something outside failed; 70 a fault of our own.",
)
@click.version_option(VERSION, prog_name="yardstick")
@click.option("--debug", is_flag=True, help="Show the traceback of a fault.")
@click.pass_context
def yardstick(ctx: click.Context, debug: bool) -> None:
    """Performance reports that are fair, clear and on time, from a month of company data."""
    ctx.obj = debug


@yardstick.command()
@state_option
@click.option("--associates", type=click.IntRange(10, 5000), default=40, show_default=True, help="Size of the company.")
def demo(state_dir: Path | None, associates: int) -> None:
    """Write the demo company's extracts and make its latest month."""
    _commands("making").demo(state_dir, associates)


@yardstick.command(short_help="Make an edition of MONTH (2026-10). Nothing is sent.")
@click.argument("month", type=MONTH)
@config_option
@state_option
@click.option("--reissue", metavar="REASON", default="", help="Make every report again although none has changed.")
@click.option("--threads", type=click.IntRange(1), help="Threads of the aggregation. Default: one a core.")
@click.option("--workers", type=click.IntRange(1), help="Processes that render. Default: one a core.")
def run(
    month: Month,
    config_dir: Path | None,
    state_dir: Path | None,
    reissue: str,
    threads: int | None,
    workers: int | None,
) -> None:
    """Make an edition of MONTH (as in 2026-10): everything up to publish. Nothing is sent."""
    _commands("making").run(month, config_dir, state_dir, reissue=reissue, threads=threads, workers=workers)


@yardstick.command(short_help="Land and check MONTH; no edition is made.")
@click.argument("month", type=MONTH)
@config_option
@state_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option("--all", "everything", is_flag=True, help="Print also what is only to know.")
@click.option("--threads", type=click.IntRange(1), help="Threads of the checks. Default: one a core.")
def check(
    month: Month,
    config_dir: Path | None,
    state_dir: Path | None,
    as_json: bool,
    everything: bool,
    threads: int | None,
) -> None:
    """Land and check MONTH (as in 2026-10) and say what was found. Ends with 1 where something critical was."""
    _commands("checking").check(month, config_dir, state_dir, as_json=as_json, everything=everything, threads=threads)


@yardstick.command()
@click.argument("month", type=MONTH)
@click.option("--unit", required=True, metavar="ID", help="A manager or team, as manager:ID, team:ID or the id alone.")
@config_option
@state_option
@click.option("--open/--no-open", "show", default=True, help="Open it in the browser.")
@click.option("--serve", is_flag=True, help="Serve it on this machine and make it again whenever a file is saved.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port to serve on. Default: a free one.")
def preview(
    month: Month, unit: str, config_dir: Path | None, state_dir: Path | None, show: bool, serve: bool, port: int
) -> None:
    """One report of MONTH to look at, opened or served. No edition is made."""
    _commands("looking").preview(month, unit, config_dir, state_dir, show=show, serve=serve, port=port)


@yardstick.command(short_help="Make the editions of the months FROM to TO again. Nothing is mailed.")
@click.argument("first", metavar="FROM", type=MONTH)
@click.argument("last", metavar="TO", type=MONTH)
@click.option("--dry-run", is_flag=True, help="Say what would change; publish nothing.")
@click.option("--mail", is_flag=True, help="Prepare deliveries as a run does; they wait for approval.")
@click.option("--workers", type=click.IntRange(1), help="Months made at once. Default: one a core.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@config_option
@state_option
def backfill(first: Month, last: Month, config_dir: Path | None, state_dir: Path | None, **asked: Any) -> None:
    """Make the editions of the months FROM to TO (as in 2026-01 2026-06) and say what changed against those there were.

    Each is made with the organisation and expectations of its time. An interrupted backfill goes on where it was.
    """
    _commands("backfilling").backfill(first, last, config_dir, state_dir, asked)


by_option = click.option("--by", metavar="NAME", help="Who decides. Default: $YARDSTICK_APPROVER.")
report_option = click.option("--report", "reports", multiple=True, metavar="ID", help="Only this report; repeatable.")


@yardstick.command(short_help="Release an edition of MONTH, or single reports.")
@click.argument("month", type=MONTH)
@by_option
@click.option("--edition", "number", type=click.IntRange(1), metavar="N", help="Default: the newest.")
@report_option
@config_option
@state_option
def approve(
    month: Month,
    by: str | None,
    number: int | None,
    reports: tuple[str, ...],
    config_dir: Path | None,
    state_dir: Path | None,
) -> None:
    """Release the newest edition of MONTH, whole or single reports, so that `send` mails it.

    The finished PDFs are read once more before: one that shows a name its reader may not see blocks the release.
    """
    _commands("releasing").approve_edition(month, config_dir, state_dir, by=by, number=number, reports=reports)


@yardstick.command(short_help="Accept a change: a chart begins anew at MONTH.")
@click.argument("metric")
@click.argument("unit")
@click.argument("month", type=MONTH)
@click.option("--reason", metavar="TEXT", help="Why, as it will be printed in the report.")
@by_option
@click.option("--expectation", metavar="NUMBER", help="What is expected of the months after the decision.")
@click.option("--withdraw", "withdrawn", is_flag=True, help="Take such a decision back.")
@click.option("--dry-run", is_flag=True, help="Say what would be written; write nothing.")
@config_option
@state_option
def rebase(metric: str, unit: str, month: Month, config_dir: Path | None, state_dir: Path | None, **asked: Any) -> None:
    """Accept that METRIC of UNIT (team:FS, or FS alone) changed for good in MONTH: write it into decisions.csv.

    Its chart, its changes and what is usual of it begin anew there, and the report shows who decided it and why. No
    figure and no report that exists changes.
    """
    deciding = _commands("deciding")
    deciding.rebase_series(metric, unit, month, config_dir, state_dir, deciding.RebaseOptions(**asked))


@yardstick.command(short_help="Mail what is released; what is left after a fault, too.")
@click.argument("month", type=MONTH, required=False)
@click.option("--to-me", metavar="ADDRESS", help="Mail a sample to this address instead; released or not.")
@click.option("--dry-run", is_flag=True, help="Say what would be mailed.")
@report_option
@config_option
@state_option
def send(
    month: Month | None,
    to_me: str | None,
    dry_run: bool,
    reports: tuple[str, ...],
    config_dir: Path | None,
    state_dir: Path | None,
) -> None:
    """Mail what is released and not yet out, of MONTH or of all. Who left or moved since then gets nothing.

    Without a mail server in delivery.yaml mails are written as files into the outbox. Ends with 3 where a mail failed
    or is uncertain.
    """
    _commands("sending").send(month, config_dir, state_dir, reports=reports, to_me=to_me, dry_run=dry_run)


@yardstick.command(short_help="Mail again what failed, is uncertain or held, or to one reader.")
@click.argument("month", type=MONTH)
@click.option("--failed", is_flag=True, help="What failed.")
@click.option("--uncertain", is_flag=True, help="What may have arrived: the reader may get it twice.")
@click.option("--held", is_flag=True, help="What was held, such as for a domain that is allowed by now.")
@click.option("--to", multiple=True, metavar="ADDRESS", help="This reader alone; also what was sent, small changes.")
@report_option
@by_option
@config_option
@state_option
def resend(month: Month, config_dir: Path | None, state_dir: Path | None, **asked: Any) -> None:
    """Queue again what a person asks for, and mail it. What waits for approval is released by `approve` alone."""
    _commands("sending").resend(month, config_dir, state_dir, asked)


@yardstick.command(short_help="Editions, their checks, and what was withheld.")
@click.argument("month", type=MONTH, required=False)
@config_option
@state_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def status(month: Month | None, config_dir: Path | None, state_dir: Path | None, as_json: bool) -> None:
    """Editions that exist, with their checks and what was withheld; of one MONTH in detail."""
    _commands("looking").status(month, config_dir, state_dir, as_json=as_json)


@yardstick.command(short_help="What changed between two editions of MONTH.")
@click.argument("month", type=MONTH)
@click.option("--from", "before", type=click.IntRange(1), metavar="N", help="Edition before. Default: the one before.")
@click.option("--to", "after", type=click.IntRange(1), metavar="N", help="Edition to look at. Default: the newest.")
@config_option
@state_option
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON, figures of segments too.")
def diff(
    month: Month,
    before: int | None,
    after: int | None,
    config_dir: Path | None,
    state_dir: Path | None,
    as_json: bool,
) -> None:
    """What changed between two editions of MONTH: figures, statuses, expectations, recipients, and because of what."""
    _commands("differing").diff(month, config_dir, state_dir, before=before, after=after, as_json=as_json)


@yardstick.command(short_help="Make an old edition of MONTH again and compare it.")
@click.argument("month", type=MONTH)
@click.option("--edition", "number", type=click.IntRange(1), metavar="N", help="Which one. Default: the newest.")
@click.option("--to", type=click.Path(path_type=Path), metavar="DIR", help="Keep what is made in this new folder.")
@config_option
@state_option
@click.option("--threads", type=click.IntRange(1), help="Threads of the aggregation. Default: one a core.")
@click.option("--workers", type=click.IntRange(1), help="Processes that render. Default: one a core.")
def remake(
    month: Month,
    number: int | None,
    to: Path | None,
    config_dir: Path | None,
    state_dir: Path | None,
    threads: int | None,
    workers: int | None,
) -> None:
    """Make an edition of MONTH (as in 2026-10) again, from the landings its manifest lists and the configuration kept
    with it, and say whether facts, contents and PDFs are byte for byte as they were. Ends with 1 where they are not.
    """
    _commands("remaking").remake(month, config_dir, state_dir, number=number, to=to, threads=threads, workers=workers)


@yardstick.command(short_help="Forget PERSON in everything that is kept.")
@click.argument("told", metavar="PERSON")
@click.option(
    "--address", "addresses", metavar="ADDRESS", multiple=True, help="An address that was the person's before, too."
)
@by_option
@click.option("--dry-run", is_flag=True, help="Count what would change; change nothing.")
@config_option
@state_option
def erase(
    told: str,
    addresses: tuple[str, ...],
    by: str | None,
    dry_run: bool,
    config_dir: Path | None,
    state_dir: Path | None,
) -> None:
    """Put a pseudonym in place of PERSON (an id of hr, an e-mail address, or an id of identities.csv) in everything
    that is kept, and take away the reports and mails that name them. Teams and the company keep their figures.

    It cannot be undone. At the end every file is searched; ends with 1 where one still names the person.
    """
    _commands("keeping").erase(told, config_dir, state_dir, addresses=addresses, by=by, dry_run=dry_run)


@yardstick.command(short_help="Delete what is older than retention.yaml keeps.")
@click.option("--dry-run", is_flag=True, help="Say what would go; delete nothing.")
@config_option
@state_option
def tidy(dry_run: bool, config_dir: Path | None, state_dir: Path | None) -> None:
    """Delete landings, checked rows, facts, editions, mails and lines of the ledger of months older than
    retention.yaml keeps them, counted from the newest edition's month. Without that file nothing is deleted.
    """
    _commands("keeping").tidy(config_dir, state_dir, dry_run=dry_run)


@yardstick.command(short_help="Serve the monthly schedule and deployments, until stopped.")
@config_option
@state_option
@click.option("--port", type=click.IntRange(1, 65535), default=4200, show_default=True, help="Port of the pages.")
@click.option("--no-schedule", is_flag=True, help="Start nothing by itself: runs are started on the pages.")
def serve(config_dir: Path | None, state_dir: Path | None, port: int, no_schedule: bool) -> None:
    """Make each month by itself, as schedule.yaml says, mail what is released, and let analysts start runs on pages.

    Starts a Prefect server on this machine alone, or uses the one that PREFECT_API_URL names. Ends with Ctrl-C.
    """
    _commands("serving").serve(config_dir, state_dir, port=port, scheduled=not no_schedule)


@yardstick.command(short_help="Write a configuration for the files in DIR.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--to", "target", type=click.Path(path_type=Path), metavar="DIR", help="Default: DIR/yardstick.")
def init(folder: Path, target: Path | None) -> None:
    """Look at the files in DIR and write a configuration that runs on them."""
    _commands("starting").init(folder, target)


@yardstick.command()
@config_option
@state_option
def doctor(config_dir: Path | None, state_dir: Path | None) -> None:
    """Say what is missing on this machine, and how to get it."""
    _commands("starting").doctor(config_dir, state_dir)


def _commands(module: str) -> Any:
    return importlib.import_module(f"flows.cli.{module}")


def main(arguments: list[str] | None = None) -> None:
    """Run a command and end with its exit status. No traceback reaches a user unless --debug is given."""
    arguments = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in arguments
    try:
        status_code = _run(arguments)
    except YardstickError as error:
        if debug:
            raise
        click.echo(f"yardstick: {error}", err=True)
        status_code = error.exit_status
    except OSError as error:
        if debug:
            raise
        outside = OutsideError(f"{error.filename or 'The system'}: {error.strerror or error}.")
        click.echo(f"yardstick: {outside}", err=True)
        status_code = _OUTSIDE
    except Exception as error:
        if debug:
            raise
        click.echo(
            f"yardstick: a fault of our own ({type(error).__name__}). Nothing was published or sent. "
            "Run again with --debug for the details to report.",
            err=True,
        )
        status_code = FAULT_OF_OURS
    sys.exit(status_code)


def _run(arguments: list[str]) -> int:
    # `--debug` is understood wherever it stands.
    rest = [argument for argument in arguments if argument != "--debug"]
    stdout = sys.stdout
    try:
        yardstick.main(args=rest, prog_name="yardstick", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("\nyardstick: stopped. Nothing was half-published; run the same command to go on.", err=True)
        return INTERRUPTED
    except click.ClickException as error:
        asked = getattr(error, "ctx", None)
        hint = f" See `{asked.command_path} --help`." if asked else ""
        click.echo(f"yardstick: {error.format_message()}{hint}", err=True)
        return error.exit_code
    except SystemExit:
        # Where nobody reads on (`yardstick status | head -1`) click puts another stdout in place and ends with 1.
        if sys.stdout is stdout:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), stdout.fileno())
    return 0
