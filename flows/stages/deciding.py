"""A person's decision written into the company's decisions.csv: a re-basing, with who, since when, and why.

The file is written whole or not at all; what stood in it stays byte for byte. Does not belong here: what a decision
changes (`transforms.evidence`), and asking the person (`flows.cli.deciding`).
"""

import csv
import io
import os
import stat
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd

from config.errors import OutsideError, RefusedError, UsageError
from config.faults import did_you_mean
from config.models import Config, Decision, UnitKind
from config.months import Month
from flows.locks import held
from flows.stages.facts import read_changes_file, read_facts_file
from flows.state.editions import newest_edition
from flows.state.paths import StateRoot
from transforms.evidence.restarts import REBASE

DECISIONS = "decisions.csv"
COLUMNS = ("decided_on", "kind", "unit_kind", "unit_id", "metric", "month", "decided_by", "reason", "value")
_LOCK = "decisions.lock"
_PATIENCE_SECONDS = 10.0
NEAR_MONTHS = 2
"""A found change so many months from the one decided is the one it accepts."""


@dataclass(frozen=True, slots=True)
class Rebase:
    """What a person wants to re-base: a unit's metric, from a month on. `value` is the new expectation, if any."""

    metric: str
    unit: str
    month: Month
    reason: str
    decided_by: str
    decided_on: date
    value: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The change that was found near the month decided, in the newest edition that knows of one."""

    month: Month
    before: float
    after: float
    cause: str


@dataclass(frozen=True, slots=True)
class Decided:
    """A re-basing as it stands in decisions.csv, or would; and the change that was found, if any."""

    decision: Decision
    line: str
    found: Found | None


def rebase(config: Config, state: StateRoot, asked: Rebase, *, dry_run: bool = False) -> Decided:
    """Write a re-basing down.

    Raises UsageError for an unknown metric or unit or a month to come, and RefusedError where it stands there
    already.
    """
    metric = _metric(config, asked.metric)
    kind, unit_id = known_unit(state, asked.unit)
    _refuse_bad_month(asked)
    for one in _rebases(config):
        if (one.unit_kind, one.unit_id, one.metric, one.month) == (kind, unit_id, metric, asked.month):
            raise RefusedError(
                f"{metric} of {kind} {unit_id} is re-based from {asked.month} already, by {one.decided_by} on "
                f"{one.decided_on}: {one.reason}",
                fix="Take that one back first: the same command with --withdraw.",
            )
    decision = Decision(
        decided_on=asked.decided_on, kind="rebase", unit_kind=kind, unit_id=unit_id, metric=metric, month=asked.month,
        decided_by=asked.decided_by, reason=asked.reason, value=asked.value,
    )  # fmt: skip
    path = config.directory / DECISIONS
    with held(state.root / _LOCK, _PATIENCE_SECONDS):
        before = path.read_bytes() if path.is_file() else b""
        line = _line(before, decision)
        if not dry_run:
            _write(path, _ended(before) + line.encode())
    return Decided(decision, line.rstrip("\r\n"), _found(state, decision))


def withdraw(config: Config, state: StateRoot, metric: str, unit: str, month: Month, *, dry_run: bool = False) -> str:
    """Take a re-basing out of decisions.csv; its line. Raises RefusedError where there is none, or more than one."""
    name = _metric(config, metric)
    there = [
        one
        for one in _rebases(config)
        if (one.metric, one.month) == (name, month) and unit in (one.unit_id, f"{one.unit_kind}:{one.unit_id}")
    ]
    if not there:
        raise RefusedError(
            f"There is no re-basing of {name} of {unit} from {month} in {DECISIONS}.",
            fix="Look into the file for those there are.",
        )
    if len(there) > 1:
        ways = " or ".join(f"{one.unit_kind}:{one.unit_id}" for one in there)
        raise UsageError(f"“{unit}” is more than one unit there.", fix=f"Write {ways}.")
    path = config.directory / DECISIONS
    with held(state.root / _LOCK, _PATIENCE_SECONDS):
        records = _records(path.read_bytes())
        heading, wanted = _heading(path.read_bytes()), _key_of(there[0])
        place = next(n for n, (_, cells) in enumerate(records) if _key(heading, cells) == wanted)
        if not dry_run:
            _write(path, b"".join(raw for n, (raw, _) in enumerate(records) if n != place))
    return records[place][0].decode().rstrip("\r\n")


def known_unit(state: StateRoot, told: str) -> tuple[UnitKind, str]:
    """The unit meant by `team:FS`, or by `FS` alone where only one unit has that id. Raises UsageError else."""
    units = _units(state)
    kinds = {kind.value for kind in UnitKind}
    prefix, _, rest = told.partition(":")
    if prefix in kinds and rest:
        found = [(kind, unit_id) for kind, unit_id in units if (kind, unit_id) == (prefix, rest)]
    else:
        found = [(kind, unit_id) for kind, unit_id in units if unit_id == told]
    if len(found) > 1:
        ways = " or ".join(f"{kind}:{unit_id}" for kind, unit_id in sorted(found))
        raise UsageError(f"“{told}” is more than one unit.", fix=f"Write {ways}.")
    if not found:
        raise UsageError(
            f"There is no unit “{told}”.", fix=did_you_mean(told, {unit_id for _, unit_id in units}, what="Units")
        )
    return UnitKind(found[0][0]), found[0][1]


def _units(state: StateRoot) -> set[tuple[str, str]]:
    """All units of the newest month that was measured."""
    files = sorted(state.facts_folder.glob("month=*/facts.parquet"))
    if not files:
        raise RefusedError(f"No month was measured in {state.root} yet.", fix="Run a month first: yardstick run MONTH")
    facts = read_facts_file(files[-1])
    pairs = facts[["unit_kind", "unit_id"]].drop_duplicates()
    return set(zip(pairs["unit_kind"], pairs["unit_id"], strict=True))


def _metric(config: Config, told: str) -> str:
    if told not in config.metrics:
        raise UsageError(f"“{told}” is no metric.", fix=did_you_mean(told, config.metrics, what="Metrics"))
    return told


def _refuse_bad_month(asked: Rebase) -> None:
    if asked.month.first_day > asked.decided_on:
        raise UsageError(
            f"{asked.month} has not begun yet.", fix="A series is re-based from a month whose change was seen."
        )


def _rebases(config: Config) -> Sequence[Decision]:
    return [one for one in config.decisions if one.kind == REBASE]


def _found(state: StateRoot, decision: Decision) -> Found | None:
    """The nearest change of the newest edition that has this unit's metric."""
    for month in reversed(state.months_with_editions()):
        edition = newest_edition(state, month)
        path = edition.folder / "changes.parquet" if edition else None
        if path is None or not path.is_file():
            continue
        rows = read_changes_file(path)
        mine = rows.loc[
            rows["unit_kind"].eq(decision.unit_kind.value)
            & rows["unit_id"].eq(decision.unit_id)
            & rows["metric"].eq(decision.metric)
        ]
        near = [
            (abs(decision.month.minus(Month.of(pd.Timestamp(row["month"]).date()))), row)
            for row in mine.to_dict("records")
        ]
        near = [pair for pair in near if pair[0] <= NEAR_MONTHS]
        if near:
            row = min(near, key=lambda pair: pair[0])[1]
            since = Month.of(pd.Timestamp(row["month"]).date())
            return Found(since, float(row["before"]), float(row["after"]), str(row["cause"]))
        return None
    return None


# -- the file ------------------------------------------------------------------------------------------------------


def _separator(content: bytes) -> str:
    first = content.decode("utf-8-sig").partition("\n")[0]
    return max(",;\t", key=first.count)


def _records(content: bytes) -> list[tuple[bytes, list[str]]]:
    """Each record with its own bytes: a quoted value may go over lines."""
    text = content.decode("utf-8-sig" if content.startswith(b"\xef\xbb\xbf") else "utf-8")
    lines = text.splitlines(keepends=True)
    reader, begins, records = csv.reader(iter(lines), delimiter=_separator(content)), 0, []
    for cells in reader:
        raw = "".join(lines[begins : reader.line_num]).encode()
        records.append((raw, cells))
        begins = reader.line_num
    if records and content.startswith(b"\xef\xbb\xbf"):
        records[0] = (b"\xef\xbb\xbf" + records[0][0], records[0][1])
    return records


def _heading(before: bytes) -> list[str]:
    return [cell.strip().lower() for cell in _records(before)[0][1]] if before.strip() else list(COLUMNS)


def _line(before: bytes, decision: Decision) -> str:
    """The decision in the columns of the file, with a heading before it where there is none yet."""
    newline = "\r\n" if b"\r\n" in before else "\n"
    heading = _heading(before)
    missing = [name for name in COLUMNS if name not in heading and (name != "value" or decision.value is not None)]
    if missing:
        raise RefusedError(
            f"{DECISIONS} has no column {', '.join(missing)}.", fix=f"Give it the heading {','.join(COLUMNS)}"
        )
    values = {name: "" if (value := getattr(decision, name)) is None else str(value) for name in COLUMNS}
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=_separator(before) if before.strip() else ",", lineterminator=newline)
    if not before.strip():
        writer.writerow(COLUMNS)
    writer.writerow([values.get(name, "") for name in heading])
    return written.getvalue()


def _ended(before: bytes) -> bytes:
    """What stands in the file, ended by a newline."""
    if not before.strip() or before.endswith(b"\n"):
        return before
    return before + (b"\r\n" if b"\r\n" in before else b"\n")


def _key_of(decision: Decision) -> tuple[str, ...]:
    return REBASE, decision.unit_kind.value, decision.unit_id, decision.metric, str(decision.month)


def _key(heading: Sequence[str], cells: Sequence[str]) -> tuple[str, ...]:
    values = dict(zip(heading, (cell.strip() for cell in cells), strict=False))
    return tuple(values.get(name, "") for name in ("kind", "unit_kind", "unit_id", "metric", "month"))


def _write(path: Path, content: bytes) -> None:
    """Put the file in place, whole, with the permissions it had."""
    mode = stat.S_IMODE(path.stat().st_mode) if path.is_file() else 0o644
    try:
        handle, name = tempfile.mkstemp(prefix=".decisions-", suffix=".csv", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            Path(name).chmod(mode)
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise OutsideError(f"{path} cannot be written: {error.strerror}.", fix="Mend its permissions.") from error
