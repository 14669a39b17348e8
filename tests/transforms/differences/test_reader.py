"""What changed since a reader's copy: all and only that is told, neutrally, and a change is small only if nothing asks
for attention.
"""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.models import Unit
from tests.flows.rendering.sample_models import (
    AHEAD,
    BLOCKS,
    NEW,
    PEOPLE,
    manager_of_eight,
    manager_of_managers,
    people_table,
    person,
    team,
)
from transforms.differences.reader import (
    LOST,
    MOST_OF_A_TABLE,
    NOTHING,
    is_small,
    lost_changes,
    reader_changes,
)
from transforms.formats import Formats
from transforms.reader_changes import ChangedGroup, ChangedRow, ReaderChanges
from transforms.report_model import MetricRow, PersonRow, ReportModel, Status

SHARE = Decimal("0.01")
COPY = manager_of_eight()


def measure(name: str, model: ReportModel = COPY, **changes: Any) -> ReportModel:
    """The report with another row of a measure; a status is given as its text."""

    def changed(row: MetricRow) -> MetricRow:
        return row.model_copy(update=_with_status(changes)) if row.metric == name else row

    blocks = tuple(
        block.model_copy(update={"rows": tuple(changed(row) for row in block.rows)}) for block in model.glance.blocks
    )
    return model.model_copy(update={"glance": model.glance.model_copy(update={"blocks": blocks})})


def someone(label: str, model: ReportModel = COPY, **changes: Any) -> ReportModel:
    """The report with another row of a person."""

    def changed(row: PersonRow) -> PersonRow:
        return row.model_copy(update=_with_status(changes)) if row.label == label else row

    tables = tuple(
        table.model_copy(update={"rows": tuple(changed(row) for row in table.rows)}) for table in model.people
    )
    return model.model_copy(update={"people": tables})


def _with_status(changes: dict[str, Any]) -> dict[str, Any]:
    told = dict(changes)
    if "status" in told:
        told["status"] = Status(text=told["status"])
    return told


def people(*rows: PersonRow, new: tuple[PersonRow, ...] = NEW) -> ReportModel:
    return COPY.model_copy(update={"people": (people_table(rows, new),)})


def told(before: ReportModel, now: ReportModel = COPY) -> ReaderChanges:
    return reader_changes(before, now, 1, ())


def lines(changes: ReaderChanges) -> list[str]:
    """Every row as one text: label, figure, expectation, status."""
    return [_line(row) for group in changes.groups for row in group.rows]


def _line(row: ChangedRow) -> str:
    pairs = [f"{pair.was} → {pair.now}" if pair else "" for pair in (row.figure, row.expected, row.status)]
    return " | ".join([f"{row.label} {row.unit}".strip(), *([row.note] if row.note else pairs)])


# -- what is told --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "line"),
    [
        (measure("revenue", actual="349"), "Revenue k€ | 349 → 353 |  | "),
        (measure("revenue", expected="390"), "Revenue k€ |  | 390 → 398 | "),
        (measure("revenue", expected=""), "Revenue k€ |  | — → 398 | "),
        (measure("revenue", status="as expected"), "Revenue k€ |  |  | as expected → below, 3rd month"),
        (measure("revenue", unit="€", actual="98,000", expected="99,000"),
         "Revenue | 98,000~€ → 353~k€ | 99,000~€ → 398~k€ | "),
        (measure("returns", actual="4.1", status="as expected"),
         "Returns % | shown → not shown |  | as expected → withheld"),
        (someone("Associate 2", figure="95"), "Associate 2 | 95 → 97 |  | "),
        (someone("Associate 3", status="as expected"), "Associate 3 |  |  | as expected → below, 3rd month"),
        (someone("Associate 7", figure="88", status="below"), "Associate 7 | shown → not shown |  | below → withheld"),
        (people(*PEOPLE[1:]), "Associate 1 | new in this table"),
        (COPY.model_copy(update={"ahead": (AHEAD[0].model_copy(update={"expected": "380"}), *AHEAD[1:])}),
         "Revenue, November |  | 380 → 385 | "),
        (COPY.model_copy(update={"ahead": AHEAD[1:]}), "Revenue, November |  | — → 385 | "),
    ],
    ids=["figure", "expectation", "first-expectation", "status", "other-unit", "withheld", "person", "person-s-status",
         "person-withheld", "new-person", "next-month", "first-of-next-month"],
)  # fmt: skip
def test_what_changed_is_told_as_it_was_and_as_it_is_now(before: ReportModel, line: str) -> None:
    assert lines(told(before)) == [line.replace("~", "\N{NO-BREAK SPACE}")]


def test_a_measure_that_came_and_one_that_went_are_told() -> None:
    without = COPY.model_copy(update={"glance": COPY.glance.model_copy(update={"blocks": BLOCKS[:3]}), "ahead": ()})
    whole = COPY.model_copy(update={"ahead": ()})
    assert lines(told(without, whole)) == ["Conversations recorded % | new in this report"]
    (group,) = told(whole, without).groups
    assert group == ChangedGroup(rest="1 measure of that edition is no longer here.")


def test_nothing_that_stands_as_it_stood_is_told() -> None:
    changes = told(COPY)
    assert (changes.groups, changes.also, changes.why) == ((), NOTHING, ())


def test_other_parts_that_changed_are_named() -> None:
    assert told(COPY.model_copy(update={"changing": ()})).also == f"{NOTHING} What changed: what is changing."
    both = measure("revenue", COPY.model_copy(update={"conversations": ()}), actual="349")
    assert told(both).also == "Also changed: conversations."
    assert told(measure("revenue", last_year="410")).also == f"{NOTHING} What changed: earlier months or wording."


def test_who_is_no_longer_in_the_report_is_counted_and_never_named() -> None:
    """Whose row has left it may no longer be the reader's to see."""
    changes = told(people(*PEOPLE, person("Someone Else", "Elsewhere", 80, "below", seed=99)))
    assert changes.groups == (ChangedGroup(rest="1 row of that edition is no longer here."),)
    assert "Someone Else" not in changes.canonical_json().decode()


def test_the_earlier_copy_gives_no_text_but_figures_and_statuses() -> None:
    """Names and sentences of it may no longer be the reader's to see."""
    kept = {"metric", "unit", "unit_id", "unit_kind", "stage", "language", "kind", "paper", "align", "sense",
            "latest_sense", "actual", "expected", "figure", "icon"}  # fmt: skip

    def mark(content: Any, key: str = "") -> Any:
        if isinstance(content, dict):
            return {name: mark(value, name) if name != "status" else value for name, value in content.items()}
        if isinstance(content, list):
            return [mark(value, key) for value in content]
        return "MARKED" if isinstance(content, str) and key not in kept else content

    before = ReportModel.model_validate(mark(json.loads(COPY.canonical_json())))
    before = before.model_copy(update={"people": (people_table(PEOPLE[:3]),)})
    before = measure("revenue", before, label="MARKED", actual="349", unit="€")
    without_ahead = COPY.model_copy(update={"ahead": AHEAD[1:]})
    assert before.canonical_json().count(b"MARKED") > 100
    changes = told(before, without_ahead)
    assert len(lines(changes)) > 3
    assert "MARKED" not in changes.canonical_json().decode()


def test_a_team_s_report_tells_of_no_person_even_where_a_model_has_them() -> None:
    before, now = (
        team().model_copy(update={"people": (people_table(rows),)})
        for rows in (PEOPLE, (PEOPLE[0].model_copy(update={"figure": "1"}), *PEOPLE[1:]))
    )
    assert "Associate" not in json.dumps([group.model_dump(mode="json") for group in told(before, now).groups])


def test_of_many_people_those_whose_status_changed_are_named_and_the_others_counted() -> None:
    rows = [person(f"Associate {n:02}", "", 90, "as expected", seed=n) for n in range(30)]
    before = [row.model_copy(update={"figure": "70"}) for row in rows]
    before[20] = before[20].model_copy(update={"status": Status(text="below")})
    (group,) = told(people(*before, new=()), people(*rows, new=())).groups
    assert [_line(row) for row in group.rows] == ["Associate 20 | 70 → 90 |  | below → as expected"]
    assert group.rest == "29 rows have another figure and the same status."
    all_other = [row.model_copy(update={"status": Status(text="below")}) for row in rows]
    (group,) = told(people(*all_other, new=()), people(*rows, new=())).groups
    assert len(group.rows) == MOST_OF_A_TABLE
    assert group.rest == f"{30 - MOST_OF_A_TABLE} more rows have another status or expectation."


def test_a_metric_may_have_a_table_of_units_and_one_of_people() -> None:
    units = person("Team Coast", "5 people", 88, "as expected", seed=1, kind="team")
    now = COPY.model_copy(update={"people": (people_table([units], (), "Your teams"), people_table())})
    before = COPY.model_copy(
        update={"people": (people_table([units.model_copy(update={"figure": "80"})], (), "Your teams"), people_table())}
    )
    assert lines(told(before, now)) == ["Team Coast | 80 → 88 |  | "]


def test_a_changed_expectation_is_given_with_its_reason_once() -> None:
    before = measure("revenue", expected="390")
    ahead = (AHEAD[0].model_copy(update={"expected": "380"}), *AHEAD[1:])
    now_ahead = (AHEAD[0].model_copy(update={"why": "Pays for the second service shift."}), *AHEAD[1:])
    changes = reader_changes(
        before.model_copy(update={"ahead": ahead}), COPY.model_copy(update={"ahead": now_ahead}), 3, ("First.",)
    )
    assert (changes.since, changes.why[0]) == (3, "First.")
    assert sum("Changed expectation of revenue" in line for line in changes.why) == len(changes.why) - 1
    many = COPY
    for row in (row for block in BLOCKS for row in block.rows):
        many = measure(row.metric, many, expected="1")
    assert told(many).why == ("Changed expectations of 8 measures: why stands beside each of them.",)


def test_a_copy_that_is_no_longer_kept_is_said_to_be_so() -> None:
    assert lost_changes("team-A", 2, ("Because.",)) == ReaderChanges(
        report_id="team-A", since=2, also=LOST, why=("Because.",)
    )


@pytest.mark.parametrize("before", [measure("revenue", actual="300", status="ahead"), people(*PEOPLE[1:]), COPY])
def test_no_change_is_called_one_for_better_or_worse(before: ReportModel) -> None:
    text = told(before, measure("revenue", actual="353", status="as expected")).canonical_json().decode()
    assert not re.search(r"improv|declin|better|worse|best|worst|rose|fell|up by|down by", text)


@pytest.mark.parametrize("make", [manager_of_eight, manager_of_managers, team])
def test_the_same_copies_give_the_same_bytes(make: Callable[[], ReportModel]) -> None:
    first, second = (told(measure("revenue", make(), actual="1"), make()).canonical_json() for _ in range(2))
    assert first == second
    assert ReaderChanges.model_validate_json(first).canonical_json() == first


# -- how much ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "small"),
    [
        (COPY, True),
        (measure("revenue", actual="350"), True),
        (measure("revenue", actual="349"), False),
        (measure("revenue", expected="395"), True),
        (measure("revenue", expected="393"), False),
        (measure("revenue", expected=""), False),
        (measure("revenue", difference="−11.4%"), True),
        (measure("revenue", difference="−12.4%"), False),
        (measure("first_response", difference="−0.0%"), False),
        (measure("customer_satisfaction", difference="+1.0 pts"), True),
        (measure("customer_satisfaction", difference="+0.6 pts"), False),
        (measure("revenue", status="below"), False),
        (measure("revenue", unit="€"), False),
        (measure("revenue", ahead="384"), True),
        (measure("revenue", ahead="300"), False),
        (measure("revenue", last_year="1"), True),
        (measure("returns", actual="4.1"), False),
        (measure("visits_per_person", actual="0"), False),
        (someone("Associate 2", figure="96.9"), True),
        (someone("Associate 2", figure="90"), False),
        (someone("Associate 2", status="below"), False),
        (people(*PEOPLE[1:]), False),
        (people(*PEOPLE, *NEW, new=()), True),
        (COPY.model_copy(update={"changing": ()}), False),
        (COPY.model_copy(update={"ahead": AHEAD[1:]}), False),
        (COPY.model_copy(update={"language": "de-DE"}), False),
        (COPY.model_copy(update={"title": "Manager, North"}), True),
        (COPY.model_copy(update={"glance": COPY.glance.model_copy(update={"to_do": ()})}), False),
    ],
    ids=["same", "figure-small", "figure", "expected-small", "expected", "expected-first", "difference-small",
         "difference", "difference-large-of-small", "points-small", "points", "status", "unit", "ahead-small", "ahead",
         "last-year", "withheld", "from-zero", "person-small", "person", "person-s-status", "person-new",
         "same-people", "table", "next-month", "language", "title", "to-do"],
)  # fmt: skip
def test_a_change_is_small_where_no_status_row_or_larger_figure_changed(before: ReportModel, small: bool) -> None:
    assert is_small(before, COPY, SHARE) is small


def test_of_itself_means_of_what_the_reader_has() -> None:
    """100 → 101 is 1%; 101 → 100 is less."""
    low, high = measure("revenue", actual="100"), measure("revenue", actual="101")
    assert is_small(low, high, SHARE)
    assert not is_small(low, high, Decimal("0.0099"))
    assert is_small(high, low, Decimal("0.0099010"))


@given(
    value=st.floats(min_value=-1e9, max_value=1e9).filter(lambda one: abs(one) > 1e-3),
    locale=st.sampled_from(["en_GB", "de_DE", "fr_FR", "de_CH", "sv_SE", "pt_BR", "en_IN"]),
    decimals=st.integers(0, 4),
)
def test_figures_are_read_as_every_locale_writes_them(value: float, locale: str, decimals: int) -> None:
    """A tenth more is never small at a twentieth, and always at a fifth, as far as so many decimals show it."""
    formats = Formats(locale, "EUR")
    scale = formats.scale(_metric(decimals), [value])
    texts = [formats.figure(one, scale) for one in (value, value * 1.1)]
    shown = [round(one / scale.divisor, scale.decimals) for one in (value, value * 1.1)]
    before, now = (measure("revenue", actual=text).model_copy(update={"language": formats.language}) for text in texts)
    if abs(shown[0]) > 100 / 10**scale.decimals:
        assert not is_small(before, now, Decimal("0.05"))
        assert is_small(before, now, Decimal("0.2"))


def _metric(decimals: int) -> Any:
    from types import SimpleNamespace

    return SimpleNamespace(unit=Unit.MONEY, decimals=decimals)
