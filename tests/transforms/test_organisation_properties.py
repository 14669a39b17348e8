"""What holds of every organisation, compared day by day with a slow and plain reckoning of the same rules."""

from collections import Counter
from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.transforms.organisation_rows import OCTOBER, hr, hr_extract, person
from transforms.organisation import Organisation, build_organisation

# What a build costs hardly depends on how many rows it has: few examples, each with much in it.
few = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])

PEOPLE = [f"A{number}" for number in range(1, 9)]
SEPTEMBER_28 = date(2026, 9, 28)
DAYS = [SEPTEMBER_28 + timedelta(days=number) for number in range(40)]
Row = dict[str, object]


@st.composite
def row(draw: st.DrawFn, *, stand_ins: bool) -> Row:
    start = draw(st.sampled_from(DAYS[:20]))
    end = draw(st.one_of(st.none(), st.integers(0, 25).map(lambda days: start + timedelta(days=days))))
    some = st.sampled_from([*PEOPLE, "X9", None])
    never = st.none()
    return person(
        draw(st.sampled_from(PEOPLE)), valid_from=start, valid_to=end, manager=draw(some),
        team=draw(st.sampled_from(["T", "U", None])), second_manager=draw(some if stand_ins else never),
        interim_manager=draw(st.one_of(never, some) if stand_ins else never),
    )  # fmt: skip


def rows(*, stand_ins: bool) -> st.SearchStrategy[list[Row]]:
    return st.lists(row(stand_ins=stand_ins), min_size=8, max_size=22)


def built(table: list[Row], team_by: str = "team") -> Organisation:
    return build_organisation(hr(*table), hr_extract(team_by=team_by), OCTOBER)


class Plain:
    """The organisation of one day, person by person."""

    def __init__(self, table: list[Row], day: date, team_by: str) -> None:
        self.says: dict[str, Row] = {}
        for line in sorted(table, key=lambda one: str(one["valid_from"])):
            if str(line["valid_from"]) <= str(day) <= str(line["valid_to"] or "9999"):
                self.says[str(line["associate"])] = line
        self.team_by = team_by
        manager = {who: self._there(who, "manager") for who in self.says}
        interim = {who: self._there(who, "interim_manager", own=True) for who in self.says}
        # Without a regular manager the interim one is the manager.
        self.via = {who: manager[who] or (interim[who] if interim[who] != who else None) for who in self.says}
        self.circular = {who for who in self.says if who in self._up(who)}
        self.via |= dict.fromkeys(self.circular, None)
        self.boss = {who: (interim[who] or self.via[who]) if self.via[who] else None for who in self.says}
        # One step up is taken along what hr says of each person, never along a link already changed for another:
        # who stands above somebody doesn't hang on the order in which people are looked at.
        boss, via = dict(self.boss), dict(self.via)
        for who in self.says:
            while self.boss[who] == who:
                above = str(self.via[who])
                self.boss[who], self.via[who] = boss[above], via[above]

    def _there(self, who: str, column: str, *, own: bool = False) -> str | None:
        given_id = self.says[who][column]
        return str(given_id) if given_id in self.says and (own or given_id != who) else None

    def _up(self, who: str) -> list[str]:
        found: list[str] = []
        at = self.via[who]
        while at and at not in found:
            found.append(at)
            at = self.via[at]
        return found

    def chain(self, who: str) -> set[str]:
        found = set()
        at = who
        while self.boss[at]:
            found.add(str(self.boss[at]))
            at = str(self.via[at])
        return found - {who}

    def team(self, who: str) -> str | None:
        line = self.says[who]
        if self.team_by == "team":
            return str(line["team"]) if line["team"] else None
        shared = line["manager"] or line["interim_manager"]
        return str(shared) if shared and shared != who and who not in self.circular else None

    def units(self) -> set[tuple[str, str, str]]:
        found = set()
        for who in self.says:
            found.add((who, "associate", who))
            if team := self.team(who):
                found.add((who, "team", team))
            above = self.chain(who) | ({second} if (second := self._there(who, "second_manager")) else set())
            found |= {(who, "manager", one) for one in above} | {(one, "manager", one) for one in above}
        return found | self._anonymous()

    def _anonymous(self) -> set[tuple[str, str, str]]:
        found = set()
        for team in {self.team(who) for who in self.says} - {None}:
            members = [who for who in self.says if self.team(who) == team]
            found.add((f"team:{team}", "team", str(team)))
            leaders = {self.boss[who] for who in members}
            votes = [(str(self.boss[who]), str(self.via[who])) for who in members if who not in leaders]
            votes = [vote for vote in votes if vote[0] != "None"]
            if votes:
                counts = Counter(boss for boss, _ in votes)
                leader = min(counts, key=lambda boss: (-counts[boss], boss))
                ways = Counter(via for boss, via in votes if boss == leader)
                via = min(ways, key=lambda one: (-ways[one], one))
                above = {leader} | (self.chain(via))
                found |= {(f"team:{team}", "manager", one) for one in above}
        return found


def on(frame: pd.DataFrame, day: date) -> pd.DataFrame:
    moment = pd.Timestamp(day)
    return frame.loc[(frame["valid_from"] <= moment) & (moment < frame["valid_to"])]


def stand_ins_one_above_the_other(lower: str, upper: str) -> list[Row]:
    """Somebody stands in for their own manager, who does the same one level up."""
    nobody = dict.fromkeys(("valid_to", "manager", "second_manager", "interim_manager"))
    line = {**nobody, "valid_from": SEPTEMBER_28, "team": "T"}
    return [
        person("A5", **line),
        person(upper, **{**line, "manager": "A5", "interim_manager": upper}),
        person(lower, **{**line, "manager": upper, "interim_manager": lower}),
    ]


@few
@given(table=rows(stand_ins=True), team_by=st.sampled_from(["team", "manager"]))
@example(table=stand_ins_one_above_the_other("A2", "A1"), team_by="team")
@example(table=stand_ins_one_above_the_other("A1", "A2"), team_by="team")
def test_membership_is_what_a_plain_reckoning_of_each_day_gives(table: list[Row], team_by: str) -> None:
    made = built(table, team_by)
    if not made.usable:
        assert not any(Plain(table, day, team_by).says for day in DAYS if OCTOBER.contains(day))
        return
    for day in (one for one in DAYS if one <= OCTOBER.last_day):
        plain = Plain(table, day, team_by)
        found = on(made.membership, day)[["associate", "unit_kind", "unit_id"]]
        listed = [tuple(one) for one in found.to_numpy().tolist()]
        assert sorted(listed) == sorted(plain.units()), day
        for who in plain.says:
            assert set(made.chain_above(who, day)) == plain.chain(who), (day, who)


@pytest.mark.soak
@few
@given(table=rows(stand_ins=True), order=st.randoms(use_true_random=False))
def test_the_order_of_rows_never_matters_and_rows_stay_as_they_are(table: list[Row], order: object) -> None:
    frame = hr(*table)
    before = frame.copy(deep=True)
    numbers = list(range(len(frame)))
    order.shuffle(numbers)  # type: ignore[attr-defined]
    one = build_organisation(frame, hr_extract(), OCTOBER)
    other = build_organisation(frame.iloc[numbers], hr_extract(), OCTOBER)
    for name in ("spells", "membership", "units", "reporting"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name))
    assert one.findings == other.findings
    pd.testing.assert_frame_equal(frame, before)


@few
@given(table=rows(stand_ins=True), team_by=st.sampled_from(["team", "manager"]))
def test_no_day_counts_twice_and_units_form_a_tree(table: list[Row], team_by: str) -> None:
    made = built(table, team_by)
    assert_no_overlap(made)
    if made.usable:
        assert_tree(made)
        assert_people_are_counted(made)


def assert_no_overlap(made: Organisation) -> None:
    for frame, keys in (
        (made.spells, ["associate"]),
        (made.membership, ["associate", "unit_kind", "unit_id"]),
        (made.membership.query("unit_kind == 'team'"), ["associate"]),
        (made.reporting, ["associate"]),
    ):
        ordered = frame.sort_values([*keys, "valid_from"])
        before = ordered.groupby(keys)["valid_to"].shift()
        assert (ordered["valid_from"] < ordered["valid_to"]).all()
        assert (before.isna() | (before <= ordered["valid_from"])).all(), keys


def assert_tree(made: Organisation) -> None:
    units = list(zip(made.units["unit_kind"], made.units["unit_id"], strict=True))
    assert len(set(units)) == len(units)
    parents = dict(zip(units, zip(made.units["parent_kind"], made.units["parent_id"], strict=True), strict=True))
    for unit in units:
        at, steps = unit, 0
        while at != ("organisation", "organisation"):
            at, steps = parents[at], steps + 1
            assert steps <= len(units), f"{unit} never reaches the organisation"


def assert_people_are_counted(made: Organisation) -> None:
    units = made.units.loc[made.units["unit_kind"] != "organisation"]
    rows_of = made.membership.loc[~made.membership["associate"].str.startswith("team:")]
    inside = rows_of.loc[
        (rows_of["valid_from"] < pd.Timestamp(OCTOBER.end)) & (rows_of["valid_to"] > pd.Timestamp(OCTOBER.first_day))
    ]
    counted = {}
    for key, members in inside.groupby(["unit_kind", "unit_id"]):
        last = min(members["valid_to"].max() - pd.Timedelta(days=1), pd.Timestamp(OCTOBER.last_day))
        counted[key] = len(on(members, last.date()))
    assert dict(zip(zip(units["unit_kind"], units["unit_id"], strict=True), units["people"], strict=True)) == counted


@few
@given(table=rows(stand_ins=False))
def test_a_span_lies_within_the_span_of_the_manager_above(table: list[Row]) -> None:
    made = built(table)
    for day in (OCTOBER.first_day, date(2026, 10, 12), OCTOBER.last_day):
        links = on(made.reporting, day)
        for associate, manager in zip(links["associate"], links["manager"], strict=True):
            assert made.span(associate, day) <= made.span(manager, day)


@pytest.mark.parametrize("team_by", ["team", "manager"])
def test_a_chain_of_three_hundred_managers_is_climbed(team_by: str) -> None:
    table = [person("A000"), *(person(f"A{n:03}", manager=f"A{n - 1:03}", team="T") for n in range(1, 300))]
    made = built(table, team_by)
    assert len(made.chain_above("A299", OCTOBER.last_day)) == 299
    assert len(made.span("A000", OCTOBER.last_day)) == 300
