"""The proposal as files: YAML that loads, with a comment on each guess.

Does not belong here: guessing.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from config.errors import OutsideError, UsageError
from config.schema import schema_comment
from flows.initialise.found import FoundExtract, MetricGuess

_PLAIN = re.compile(r"[A-Za-z_][\w ./()-]*(?<! )")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_LABELS_OF = {"associate": "associate", "date": "date", "segment": "segment", "currency": "currency", "key": "key",
              "last_modified": "last_modified"}  # fmt: skip


def scalar(text: str) -> str:
    """A text as YAML reads it back."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return "'" + text.replace("'", "''") + "'" if text.isprintable() else f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    return text.encode("unicode_escape").decode("ascii").replace('"', '\\"')


def _comment(text: str, indent: str = "") -> list[str]:
    """A comment in lines of at most about 110 signs."""
    lines, line = [], f"{indent}#"
    for word in text.split():
        if len(line) + len(word) > 109:  # noqa: PLR2004 — a page's width
            lines.append(line)
            line = f"{indent}#"
        line += f" {word}"
    return [*lines, line]


def company_yaml(name: str, currency: str, locale: str, data: str, doubts: Iterable[str]) -> str:
    """company.yaml."""
    lines = [
        schema_comment("company"),
        "# What is true of the whole company. Guessed from your files: go through what begins with CONFIRM.",
        f"name: {scalar(name)}  # CONFIRM: as it should stand in reports",
        f"currency: {currency}  # CONFIRM",
        f"locale: {locale}  # CONFIRM: how numbers and dates are written",
        "time_zone: UTC  # CONFIRM: where your days begin, such as Europe/Berlin",
        "# holidays: DE  # country (or DE-BY) whose public holidays are no working days",
        f"data: {scalar(data)}  # the folder that was looked at, from here",
    ]
    for doubt in doubts:
        lines += _comment(f"CONFIRM: {doubt}")
    return "\n".join(lines) + "\n"


def extracts_yaml(extracts: Iterable[FoundExtract]) -> str:
    """extracts.yaml."""
    lines = [schema_comment("extracts"), "# One block an extract. A comment says why something was guessed."]
    for extract in extracts:
        lines += ["", *_extract(extract)]
    return "\n".join(lines) + "\n"


def _extract(extract: FoundExtract) -> list[str]:
    seen = f"{extract.months[0]} to {extract.months[-1]}" if extract.months else "no month told"
    lines = _comment(f"{len(extract.files)} file(s), such as {extract.files[0]}; {seen}; {extract.rows} rows.")
    for doubt in extract.doubts:
        lines += _comment(f"CONFIRM: {doubt}")
    lines += [f"{extract.name}:", f"  kind: {extract.kind}", "  source:"]
    if len(extract.patterns) == 1:
        lines.append(f"    files: {scalar(extract.patterns[0])}")
    else:
        lines += ["    files:", *(f"      - {scalar(pattern)}" for pattern in extract.patterns)]
    lines += _marks(extract)
    lines.append("  columns:")
    width = max(len(column.name) for column in extract.columns)
    for column in extract.columns:
        is_hr = extract.kind == "hr"
        heading = f"from: {scalar(column.heading)}" if column.heading != column.name else ""
        kind = "" if is_hr else f"type: {column.type}"
        inner = ", ".join(part for part in (kind, heading) if part)
        short = column.type if not is_hr and not heading else f"{{{inner}}}"
        why = f"  # {column.why}" if column.why else ""
        lines.append(f"    {column.name + ':':<{width + 1}} {short}{why}")
    if extract.left_out:
        lines += _comment(f"Left out: {', '.join(extract.left_out)}.", "    ")
    return lines + (_hr_settings(extract) if extract.kind == "hr" else _fact_settings(extract))


def _marks(extract: FoundExtract) -> list[str]:
    marks = extract.marks
    lines = []
    if marks.decimal != ".":
        lines.append(f"    decimal: '{marks.decimal}'")
    if marks.thousands:
        lines.append("    thousands: " + ('"\'"' if marks.thousands == "'" else f"'{marks.thousands}'"))
    if marks.dates != "iso":
        lines.append(f"    dates: {scalar(marks.dates)}")
    if marks.missing:
        lines.append(f"    missing: [{', '.join(_quoted(text) for text in marks.missing)}]")
    if extract.month_by:
        lines.append(
            f"    month_by: {extract.month_by}  # a file holds many months: a row belongs to that of this date"
        )
    return lines


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _hr_settings(extract: FoundExtract) -> list[str]:
    lines = [f"  history: {extract.roles['history']}"]
    if extract.roles["history"] == "today":
        lines += _comment("Only today's list was found. Reports of earlier months say that they assume it.", "  ")
        lines.append("  assume_current_organisation: true")
    return [*lines, f"  team_by: {extract.roles['team_by']}"]


def _fact_settings(extract: FoundExtract) -> list[str]:
    roles = extract.roles
    lines = [f"  {key}: {roles[role]}" for role, key in _LABELS_OF.items() if role in roles]
    if "team" in roles and "associate" not in roles:
        lines.append(f"  team: {roles['team']}  # rows of a team, of nobody in particular")
    if "amount" in roles:
        lines.append(f"  main_measure: {roles['amount']}  # every report shows how its total leads to the figures")
    return lines


def metrics_yaml(metrics: Iterable[MetricGuess]) -> str:
    """metrics.yaml."""
    lines = [
        schema_comment("metrics"),
        *_comment(
            "Numbers defined once. stage is result, action, belief or experience; good says which way is better. Each "
            "metric is shown of teams and above; of one person only where you state a purpose:"
        ),
        "#   individual: {purpose: Monthly conversation about progress, agreed_with: Works council, from: 2026-01-01}",
    ]
    for metric in metrics:
        lines += ["", f"# CONFIRM: {metric.why}", f"{metric.name}:"]
        lines += [f"  {key}: {value if key == 'survey' else _setting(value)}" for key, value in metric.settings]
    return "\n".join(lines) + "\n"


def _setting(value: str) -> str:
    return value if value.isdigit() else scalar(value)


def expectations_yaml(metric: str) -> str:
    """expectations.yaml: an example only, since an expectation has a why and an owner that no file tells."""
    return "\n".join([
        schema_comment("expectations"),
        "# Nobody is held to anything yet. An expectation has a value, a why, an owner and a date: write yours.",
        "# rules:",
        "#   - name: last_year_plus",
        f"#     metric: {metric}",
        "#     rule: last_year",
        "#     growth: 0.03",
        "#     why: January reached what was asked, and the market grows by 3%",
        "#     owner: the person who answers for it",
        "#     set_on: 2026-01-15",
        "rules: []",
        "",
    ])  # fmt: skip


def delivery_yaml() -> str:
    """delivery.yaml: nothing is mailed until domains are allowed."""
    return "\n".join([
        schema_comment("delivery"),
        "# Mails are written to a folder until you say who sends them and which domains may receive them.",
        "# sender: reports@example.com",
        "allowed_domains: []",
        "",
    ])  # fmt: skip


def write_files(target: Path, texts: dict[str, str]) -> tuple[Path, ...]:
    """Write each text under its name: all, or none where the disk fails. Raises OutsideError, UsageError.

    Nothing that is there is overwritten.
    """
    written: list[Path] = []
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            with (target / name).open("x", encoding="utf-8", newline="\n") as stream:
                written.append(target / name)
                stream.write(text)
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        if isinstance(error, FileExistsError):
            raise UsageError(f"{error.filename} exists already and is not overwritten.", fix="Move it away.") from error
        raise OutsideError(f"{target} cannot be written: {error.strerror or error}.", fix="Check the disk.") from error
    return tuple(written)
