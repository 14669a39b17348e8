"""Sections 2 and 3: the people (or the teams of a manager of managers), and the conversations with them."""

from collections.abc import Sequence

from config.models import Metric, UnitKind
from transforms import charts, wording
from transforms.compose.context import Composition, is_known, number
from transforms.compose.glance import status_of
from transforms.formats import MISSING, Scale
from transforms.report_model import ConversationBlock, PeopleTable, PersonRow, Sense, TalkingPoint
from transforms.wording import Verdict

PEOPLE_TABLES_AT_MOST = 4
TEAM_TABLES_AT_MOST = 3
TEAMS_NAMED_AT_MOST = 2


def direct_people(composition: Composition, manager: str) -> list[str]:
    """Associates who report to the manager on their last day in the month, in the order of names."""
    ids = [
        unit_id
        for (kind, unit_id), row in composition.unit_rows.items()
        if kind == UnitKind.ASSOCIATE and row["manager"] == manager and unit_id != manager
    ]
    return sorted(ids, key=lambda unit_id: (composition.name(unit_id).casefold(), unit_id))


def people_tables(composition: Composition, manager: str) -> tuple[PeopleTable, ...]:
    """A table a metric that config lets be shown of individuals, with everyone whom it says something of."""
    people = direct_people(composition, manager)
    tables = []
    for name, metric in composition.metrics():
        if metric.individual is None or metric.individual.start > composition.month.last_day:
            continue
        shown = [person for person in people if composition.relevant(UnitKind.ASSOCIATE, person, name)]
        if shown:
            tables.append(_people_table(composition, name, metric, shown))
    return tuple(tables[:PEOPLE_TABLES_AT_MOST])


def _people_table(composition: Composition, name: str, metric: Metric, people: list[str]) -> PeopleTable:
    scale = _scale(composition, name, metric, [(UnitKind.ASSOCIATE, person) for person in people])
    rows = [_row(composition, UnitKind.ASSOCIATE, person, name, scale) for person in people]
    new = tuple(row for row in rows if row.status.text == wording.ON_THE_RAMP)
    return PeopleTable(
        metric=name,
        title=_title("Your people", metric, scale),
        subtitle="Each against the own expectation. In the order of names, no ranking.",
        figure_label="Actual",
        chart_label="24 months",
        rows=tuple(row for row in rows if row.status.text != wording.ON_THE_RAMP),
        new_title="New in the team" if new else "",
        new_subtitle="Not compared with the others." if new else "",
        new_rows=new,
    )


def team_tables(composition: Composition, manager: str) -> tuple[PeopleTable, ...]:
    """For a manager of managers: each team and manager directly below as a row, for the first results."""
    below = _units_below(composition, manager)
    tables = []
    for name, metric in composition.metrics():
        shown = [unit for unit in below if composition.relevant(*unit, name)]
        if len(shown) > 1:
            scale = _scale(composition, name, metric, shown)
            tables.append(
                PeopleTable(
                    metric=name,
                    title=_title("Your teams", metric, scale),
                    subtitle="Each against the own expectation. In the order of names, no ranking.",
                    figure_label="Actual",
                    chart_label="24 months",
                    rows=tuple(_row(composition, kind, unit_id, name, scale) for kind, unit_id in shown),
                )
            )
    return tuple(tables[:TEAM_TABLES_AT_MOST])


def _scale(composition: Composition, name: str, metric: Metric, units: Sequence[tuple[str, str]]) -> Scale:
    """One scale for all figures of a table."""
    rows = [composition.figures[(*unit, name)] for unit in units]
    return composition.formats.scale(metric, [number(row[column]) for row in rows for column in ("actual", "expected")])


def _title(whose: str, metric: Metric, scale: Scale) -> str:
    unit = f", {scale.unit}" if scale.unit else ""
    return f"{whose}: {wording.lowered(metric.label)}{unit}"


def _units_below(composition: Composition, manager: str) -> list[tuple[str, str]]:
    managers = [
        (kind, unit_id)
        for (kind, unit_id), row in composition.unit_rows.items()
        if kind == UnitKind.MANAGER and row["parent_id"] == manager and row["parent_kind"] == UnitKind.MANAGER
    ]
    leads = {unit_id for _, unit_id in managers}
    teams = [
        (kind, unit_id)
        for (kind, unit_id), row in composition.unit_rows.items()
        if kind == UnitKind.TEAM and row["manager"] == manager and row["manager"] not in leads
    ]
    if not managers:
        return []
    return sorted([*managers, *teams], key=lambda unit: (str(composition.unit_rows[unit]["title"]).casefold(), unit))


def _row(composition: Composition, kind: str, unit_id: str, name: str, scale: Scale) -> PersonRow:
    figures = composition.figures[(kind, unit_id, name)]
    unit = composition.unit_rows[(kind, unit_id)]
    verdict = composition.verdict(kind, unit_id, name)
    actual, expected, last_year = (number(figures[column]) for column in ("actual", "expected", "last_year"))
    sense = wording.status_sense(verdict) if verdict.carried else Sense.NONE
    series = composition.series(kind, unit_id, name)[0]
    known = sum(1 for value in series if is_known(value))
    return PersonRow(
        unit_kind=kind,
        unit_id=unit_id,
        label=str(unit["title"]),
        detail=_detail(composition, kind, unit),
        figure=MISSING if verdict.withheld else composition.formats.figure(actual, scale),
        expected=composition.formats.figure(expected, scale) if is_known(expected) else "",
        bullet=None
        if verdict.withheld
        else charts.bullet(actual, expected, last_year, alt=wording.difference_alt(verdict), sense=sense),
        spark=charts.sparkline(series, alt=wording.chart_alt(verdict, known, ""), sense=sense) if known > 1 else None,
        status=status_of(verdict, str(figures["status_rule"] or "")),
        note=verdict.withheld,
    )


def _detail(composition: Composition, kind: str, unit: dict[str, object]) -> str:
    if kind == UnitKind.ASSOCIATE:
        team = composition.unit_rows.get((UnitKind.TEAM, str(unit["parent_id"])))
        parts = [str(unit["role"] or ""), str(team["title"]) if team else ""]
        return " · ".join(part for part in parts if part and part != "nan")
    people = wording.counted(int(number(unit["people"])), "person", "people")
    led = [
        str(row["title"])
        for (other, _), row in composition.unit_rows.items()
        if kind == UnitKind.MANAGER and other == UnitKind.TEAM and row["manager"] == unit["unit_id"]
    ]
    return " · ".join([*sorted(led, key=str.casefold)[:TEAMS_NAMED_AT_MOST], people])


def conversations(composition: Composition, manager: str) -> tuple[ConversationBlock, ...]:
    """Everyone's block, the due ones first: what the data says, then what to ask, from result to experience."""
    blocks = [_block(composition, person) for person in direct_people(composition, manager)]
    urgency = {Sense.WORSE: 0, Sense.BETTER: 1, Sense.NONE: 2}
    return tuple(sorted((block for block in blocks if block), key=lambda block: urgency[block.sense]))


def _block(composition: Composition, person: str) -> ConversationBlock | None:
    names = [
        name
        for name, metric in composition.metrics()
        if metric.individual is not None and composition.relevant(UnitKind.ASSOCIATE, person, name)
    ]
    verdicts = [composition.verdict(UnitKind.ASSOCIATE, person, name) for name in names]
    remark, sense = wording.person_remark(verdicts)
    points = [point for verdict in verdicts if (point := _point(verdict))]
    questions = _questions(sense, verdicts)
    return ConversationBlock(
        unit_id=person,
        label=composition.name(person),
        remark=remark,
        sense=sense,
        points=(*points, *questions),
    )


def _point(verdict: Verdict) -> TalkingPoint | None:
    if verdict.status in {wording.AHEAD, wording.BELOW}:
        label = "Recognise" if verdict.status == wording.AHEAD else "Discuss"
        return TalkingPoint(label=label, text=wording.discussion(verdict))
    if verdict.status == wording.AS_EXPECTED:
        return TalkingPoint(label=verdict.stage.capitalize(), text=wording.discussion(verdict))
    return None


def _questions(sense: Sense, verdicts: list[Verdict]) -> tuple[TalkingPoint, ...]:
    """Open questions from the result back to the experience; all of them where something is to be discussed."""
    stages = ("result", "action", "belief", "experience") if sense is Sense.WORSE else ("experience",)
    judged = any(verdict.status in wording.JUDGED for verdict in verdicts)
    asked = stages if judged else ("experience",)
    return tuple(TalkingPoint(label="Ask", text=wording.OPEN_QUESTIONS[stage]) for stage in asked)
