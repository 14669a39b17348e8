"""From a folder of files to a configuration that loads: look, guess, write, and say what is to be confirmed.

Does not belong here: single guesses, and printing.
"""

import os
import tempfile
from collections import Counter
from pathlib import Path

from config.draft import FILES
from config.errors import RefusedError, UsageError
from config.loader import load_config
from config.models import ExtractKind
from config.schema import write_json_schemas
from flows.initialise.found import FoundExtract, Group, MetricGuess, NotUnderstood, Proposal
from flows.initialise.grouping import group_tables
from flows.initialise.kinds import fact_extract, guessed_kind, hr_extract, language_of, looks_like_hr
from flows.initialise.reading import read_folder
from flows.initialise.values import Seen, Values, describe
from flows.initialise.writing import (
    company_yaml,
    delivery_yaml,
    expectations_yaml,
    extracts_yaml,
    metrics_yaml,
    write_files,
)

SCHEMAS = "schemas"
_LOCALES = {"de": "de_DE", "fr": "fr_FR", "en": "en_GB"}

Look = tuple[Group, dict[str, Values], Seen]


def propose(folder: Path, target: Path) -> Proposal:
    """Look at a folder of files and write a configuration for them into `target`, which may hold none yet.

    Raises UsageError where the folder or the target is not fit for it, and RefusedError where the files hold too
    little: nothing readable, nobody's names, nothing to measure. Then nothing is written.
    """
    folder, target = folder.absolute(), target.absolute()
    _refuse_existing(folder, target)
    tables, unread = read_folder(folder, target)
    if not tables:
        raise _nothing_read(folder, unread)
    looks: list[Look] = [(group, *describe(group.frame)) for group in group_tables(tables)]
    extracts, not_understood = _extracts(looks)
    metrics = _named_apart(extracts)
    if not metrics:
        seen = "; ".join(f"{one.file} ({one.reason})" for one in not_understood) or "only people"
        raise RefusedError(
            f"Nothing to measure was found in {folder}: {seen}.",
            fix="Put sales, service or survey files beside the people's list, with a date and whose row it is.",
        )
    headings = [heading for group, _, _ in looks for heading in group.frame.columns]
    currency, told = _currency(_currencies(looks, extracts), language_of(headings))
    texts = {
        "company.yaml": company_yaml(
            _company_name(folder), currency, _LOCALES[language_of(headings)], _from(target, folder), told
        ),
        "extracts.yaml": extracts_yaml(extracts),
        "metrics.yaml": metrics_yaml(metrics),
        "expectations.yaml": expectations_yaml(metrics[0].name),
        "delivery.yaml": delivery_yaml(),
    }
    _prove(texts)
    written = write_files(target, texts)
    schemas = write_json_schemas(target / SCHEMAS)
    return Proposal(target, (*written, *schemas), tuple(extracts), (*unread, *not_understood), tuple(told))


def _refuse_existing(folder: Path, target: Path) -> None:
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "is not there"
        raise UsageError(f"The folder {folder} {what}.", fix="Name the folder that holds your files.")
    if target.exists() and not target.is_dir():
        raise UsageError(f"{target} is a file.", fix="Name a folder for the configuration.")
    there = [name for name in FILES if (target / name).exists()]
    if there:
        raise UsageError(
            f"{target / there[0]} exists already and is not overwritten.",
            fix="Name another folder, or move that configuration away.",
        )


def _nothing_read(folder: Path, unread: list[NotUnderstood]) -> RefusedError:
    if not unread:
        return RefusedError(f"The folder {folder} is empty.", fix="Put exports (csv, xlsx, parquet, jsonl) into it.")
    shown = "; ".join(f"{one.file}: {one.reason.rstrip('.')}" for one in unread[:5])
    more = f"; and {len(unread) - 5} more" if len(unread) > 5 else ""  # noqa: PLR2004 — an example
    return RefusedError(
        f"None of the {len(unread)} file(s) in {folder} can be used: {shown}{more}.",
        fix="Export tables with one row of headings as csv, xlsx, parquet or jsonl.",
    )


def _extracts(looks: list[Look]) -> tuple[list[FoundExtract], list[NotUnderstood]]:
    people = [look for look in looks if looks_like_hr(look[0], look[1])]
    if not people:
        shown = "; ".join(f"{group.files[0]}: {', '.join(group.frame.columns[:12])}" for group, _, _ in looks[:5])
        raise RefusedError(
            f"No file lists your people. Headings seen: {shown}.",
            fix="Add one with an id, a name, and a team or a manager (by id) of each.",
        )
    best = max(people, key=lambda look: ("valid_from" in _hr_columns(look), look[0].rows))
    hr = hr_extract(*best)
    if hr.roles["team_by"] == "manager" and not any(column.name == "manager" for column in hr.columns):
        raise RefusedError(
            f"{hr.files[0]} lists people, but neither a team nor a manager by id.",
            fix="Add a column that says who is in which team.",
        )
    ids_heading = next(column.heading for column in hr.columns if column.name == "associate")
    ids = frozenset(best[0].frame[ids_heading].dropna().astype("str").str.strip())
    extracts, left = [hr], []
    for group, values, seen in looks:
        if group is best[0]:
            continue
        found, reason = _fact(group, values, seen, ids, other_people=any(group is look[0] for look in people))
        if found is not None:
            extracts.append(found)
        left += [NotUnderstood(file, reason) for file in group.files] if found is None else []
    return extracts, left


def _hr_columns(look: Look) -> set[str]:
    return {column.name for column in hr_extract(*look).columns}


def _fact(
    group: Group, values: dict[str, Values], seen: Seen, people: frozenset[str], *, other_people: bool
) -> tuple[FoundExtract | None, str]:
    if other_people:
        return None, "it lists people too; another file was taken for hr"
    kind, why = guessed_kind(group, values)
    if kind is None:
        shown = ", ".join(group.frame.columns[:12])
        return (
            None,
            f"its headings ({shown}) show no date of something that happened with an amount, a case or a person",
        )
    if kind in (ExtractKind.PLAN, ExtractKind.AVAILABILITY, ExtractKind.COACHING, ExtractKind.EVENTS):
        return None, f"it looks like {kind}, which is for you to declare in extracts.yaml: no metric can be guessed"
    return fact_extract(group, kind, why, values, seen, people), ""


def _named_apart(extracts: list[FoundExtract]) -> list[MetricGuess]:
    """All metrics; where two have one name, each says its extract."""
    counts = Counter(metric.name for extract in extracts for metric in extract.metrics)
    result = []
    for extract in extracts:
        for metric in extract.metrics:
            if counts[metric.name] == 1:
                result.append(metric)
                continue
            label = dict(metric.settings)["label"] + f" ({extract.name.replace('_', ' ')})"
            settings = tuple((key, label[:60] if key == "label" else value) for key, value in metric.settings)
            result.append(MetricGuess(f"{extract.name}_{metric.name}"[:60], settings, metric.why))
    return result


def _currencies(looks: list[Look], extracts: list[FoundExtract]) -> Counter[str]:
    """How often each currency stands beside an amount, or in the column that names the currency."""
    from babel.numbers import list_currencies

    counts: Counter[str] = Counter()
    columns = {extract.files: _heading_of(extract, "currency") for extract in extracts}
    for group, _, seen in looks:
        counts.update(seen.currencies)
        heading = columns.get(group.files)
        if heading is not None:
            written = (str(value).strip().upper() for value in group.frame[heading].dropna())
            counts.update(written)
    known = list_currencies()
    return Counter({code: count for code, count in counts.items() if code in known})


def _heading_of(extract: FoundExtract, role: str) -> str | None:
    name = extract.roles.get(role)
    return next((column.heading for column in extract.columns if column.name == name), None)


def _currency(counts: Counter[str], language: str) -> tuple[str, list[str]]:
    if counts:
        found = counts.most_common(1)[0][0]
        several = f" Others occur: {', '.join(sorted(set(counts) - {found}))}." if len(counts) > 1 else ""
        rates = " They need exchange_rates." if several else ""
        return found, [f"The currency {found} stands beside amounts.{several}{rates}"]
    guess = "EUR" if language in ("de", "fr") else "USD"
    return guess, [f"No file names a currency; {guess} is a placeholder."]


def _company_name(folder: Path) -> str:
    return folder.name.replace("_", " ").replace("-", " ").strip().title() or "Company"


def _from(target: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(folder, target)).as_posix()
    except ValueError:  # another drive
        return folder.as_posix()


def _prove(texts: dict[str, str]) -> None:
    """What is proposed must load: better no proposal than a broken one."""
    with tempfile.TemporaryDirectory(prefix="yardstick-proposal-") as name:
        write_files(Path(name), texts)
        load_config(Path(name))
