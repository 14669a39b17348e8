"""Sentences say what a status carries, and no more."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms import wording
from transforms.report_model import Sense, SignalIcon
from transforms.wording import Reading, Rebased, Repeat, Shift, Verdict

CLAIMS = re.compile(r"\b(ahead|below|above|improved|declined|best|worst)\b", re.IGNORECASE)
STATUSES = (
    wording.AHEAD, wording.AS_EXPECTED, wording.BELOW, wording.ON_THE_RAMP, wording.TOO_LITTLE, wording.NO_STATUS,
    wording.NO_EXPECTATION,
)  # fmt: skip


def verdict(status: str = wording.AS_EXPECTED, label: str = "Revenue", **more: object) -> Verdict:
    given_sense = {wording.AHEAD: Sense.BETTER, wording.BELOW: Sense.WORSE}.get(status, Sense.NONE)
    judged = status in {wording.AHEAD, wording.BELOW}
    return Verdict(label, status, **{"sense": given_sense, "carried": judged, "months_below": 0, **more})  # type: ignore[arg-type]


verdicts = st.lists(
    st.builds(
        verdict,
        st.sampled_from(STATUSES),
        st.sampled_from(["Revenue", "Orders", "Visits", "CSAT"]),
        months_below=st.integers(0, 5),
        actual=st.just("€10"),
        expected=st.sampled_from(["", "€12"]),
        withheld=st.sampled_from(["", "fewer than 3 people"]),
    ),
    max_size=8,
)


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        ([], "No measure has a figure this month."),
        ([verdict(wording.TOO_LITTLE)], "1 measure is shown; none can be judged yet."),
        (
            [verdict(wording.ON_THE_RAMP), verdict(wording.NO_EXPECTATION)],
            "2 measures are shown; none can be judged yet.",
        ),
        (
            [verdict(wording.TOO_LITTLE), verdict(wording.NO_STATUS, withheld="fewer than 3 people")],
            "1 measure is shown; none can be judged yet.",
        ),
        (
            [verdict(wording.NO_STATUS, withheld="fewer than 3 people")],
            "Every measure is withheld this month; the reason stands beside each.",
        ),
        ([verdict()], "Revenue is as expected: the difference is within its usual variation."),
        (
            [verdict(), verdict(label="CSAT")],
            "All 2 measures that can be judged are as expected: no difference is larger than usual.",
        ),
        (
            [verdict(wording.BELOW), verdict(wording.TOO_LITTLE, "Visits")],
            "Revenue is below what was expected, by more than usual variation.",
        ),
        (
            [verdict(wording.AHEAD, "CSAT"), verdict(wording.BELOW), verdict(label="Orders")],
            (
                "Revenue is below what was expected and CSAT is ahead of what was expected, by more than usual "
                "variation; 1 other measure is as expected."
            ),
        ),
        (
            [verdict(wording.BELOW, name) for name in ("Revenue", "Orders", "Visits", "Calls")],
            "Revenue, orders and 2 more are below what was expected, by more than usual variation.",
        ),
    ],
    ids=[
        "nothing", "too little", "nobody judged", "one withheld", "all withheld", "one as expected", "all as expected",
        "one below", "both", "more than three",
    ],
)  # fmt: skip
def test_the_headline_says_what_the_statuses_carry(found: list[Verdict], sentence: str) -> None:
    assert wording.headline(found) == sentence


@given(verdicts)
def test_no_sentence_claims_what_no_status_carries(found: list[Verdict]) -> None:
    carried = {item.status for item in found}
    remark, sense = wording.person_remark(found)
    texts = [wording.headline(found), remark, *map(wording.discussion, found), *map(wording.status_text, found)]
    texts += wording.to_do(found, [], reader_is_manager=True)
    for text in texts:
        for word in CLAIMS.findall(text):
            assert word.lower() in carried, text
    assert (sense is Sense.NONE) == (remark == "")


@pytest.mark.parametrize(
    ("item", "text", "sense"),
    [
        (verdict(wording.AHEAD), "ahead", Sense.BETTER),
        (verdict(wording.BELOW, months_below=1), "below", Sense.WORSE),
        (verdict(wording.BELOW, months_below=2), "below, 2nd month", Sense.WORSE),
        (verdict(wording.AS_EXPECTED, sense=Sense.WORSE), "as expected", Sense.NONE),
        (verdict(wording.ON_THE_RAMP), "on the ramp", Sense.NONE),
        (verdict(wording.TOO_LITTLE), "too little data", Sense.NONE),
        (verdict(wording.NO_STATUS), "no status", Sense.NONE),
        (verdict(wording.NO_EXPECTATION), "no expectation", Sense.NONE),
        (verdict(wording.NO_STATUS, withheld="fewer than 3 people"), "withheld", Sense.NONE),
    ],
)
def test_a_status_is_printed_with_how_long_it_has_lasted(item: Verdict, text: str, sense: Sense) -> None:
    assert (wording.status_text(item), wording.status_sense(item)) == (text, sense)


@pytest.mark.parametrize(
    ("number", "text"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th"), (21, "21st"),
     (112, "112th"), (123, "123rd")],
)  # fmt: skip
def test_ordinals(number: int, text: str) -> None:
    assert wording.ordinal(number) == text


@pytest.mark.parametrize(
    ("label", "inside"),
    [("Revenue", "revenue"), ("CSAT", "CSAT"), ("B2B revenue", "B2B revenue"), ("X", "X"), ("", "")],
)
def test_a_label_inside_a_sentence_is_small_unless_it_is_an_abbreviation(label: str, inside: str) -> None:
    assert wording.lowered(label) == inside


def test_what_is_to_be_done_is_asked_of_the_manager_first() -> None:
    found = [
        verdict(wording.BELOW, months_below=3),
        verdict(wording.BELOW, "Orders", months_below=1),
        verdict(wording.NO_STATUS, "Visits", withheld="the activity extract could not be used this month"),
    ]
    manager = wording.to_do(found, ["revenue for November, by 30 Nov 2026"], reader_is_manager=True)
    assert manager == (
        "Revenue: below for the 3rd month. What will you change first?",
        "Review with the owner: revenue for November, by 30 Nov 2026",
        "Withheld this month: visits; the reason stands beside each.",
    )
    assert wording.to_do(found, [], reader_is_manager=False)[0] == (
        "Revenue: below for the 3rd month. What would help?"
    )


def test_nothing_is_to_be_done_about_a_bare_miss() -> None:
    assert wording.to_do([verdict(sense=Sense.WORSE, difference="−8.0%")], [], reader_is_manager=True) == ()


@pytest.mark.parametrize(
    ("item", "sentence"),
    [
        (verdict(wording.BELOW, actual="€8", expected="€12"),
         "Revenue: €8, expected €12; below by more than usual variation."),
        (verdict(wording.BELOW, actual="€8", expected="€12", months_below=2),
         "Revenue: €8, expected €12; below by more than usual variation, 2nd month."),
        (verdict(wording.AHEAD, actual="€15", expected="€12"),
         "Revenue: €15, expected €12; ahead by more than usual variation."),
        (verdict(actual="€11", expected="€12"), "Revenue: €11, expected €12; as expected."),
        (verdict(wording.NO_EXPECTATION, actual="€11"), "Revenue: €11; no expectation."),
        (verdict(wording.NO_STATUS, actual="€11", withheld="fewer than 3 people"),
         "Revenue: withheld (fewer than 3 people)."),
    ],
)  # fmt: skip
def test_what_is_said_of_one_person_s_figure(item: Verdict, sentence: str) -> None:
    assert wording.discussion(item) == sentence


@pytest.mark.parametrize(
    ("item", "alt"),
    [
        (verdict(difference=""), "Revenue: no difference can be shown."),
        (verdict(difference="−8.0%", sense=Sense.WORSE),
         "Revenue: −8.0% against the expectation, worse, within usual variation."),
        (verdict(wording.BELOW, difference="−30.0%"),
         "Revenue: −30.0% against the expectation, worse, more than usual variation."),
        (verdict(difference="+3.0%"), "Revenue: +3.0% against the expectation, no direction, within usual variation."),
    ],
)  # fmt: skip
def test_who_cannot_see_a_bar_is_told_the_same(item: Verdict, alt: str) -> None:
    assert wording.difference_alt(item) == alt


def test_a_withheld_figure_is_in_no_alternative_text() -> None:
    item = verdict(wording.NO_STATUS, actual="€11", expected="€12", withheld="fewer than 3 people")
    assert wording.chart_alt(item, 12, "") == "Revenue: withheld, fewer than 3 people."


def test_questions_are_open_and_lead_back_to_experience() -> None:
    assert list(wording.OPEN_QUESTIONS) == ["result", "action", "belief", "experience"]
    for question in wording.OPEN_QUESTIONS.values():
        assert question.startswith("What ")
        assert question.endswith("?")


# -- signals -------------------------------------------------------------------------------------------------------

REBASED = Rebased("June 2025", "Service manager", "3 July 2025", "new service desk.")
FOUND = ("improving", "concerning", "unusual")


@pytest.mark.parametrize(
    ("reading", "text"),
    [
        (Reading("CSAT", "common"), "as usual"),
        (Reading("CSAT", "none"), "no natural range yet"),
        (Reading("CSAT", "common", rebased=REBASED), "as usual since the new level"),
        (Reading("CSAT", "concerning", "run", high=False, run=7), "unusual: 7 months low"),
        (Reading("CSAT", "improving", "run", high=True, run=8), "unusual: 8 months high"),
        (Reading("CSAT", "improving", "run", high=True, run=3), "unusual: high for months"),
        (Reading("CSAT", "unusual", "trend", high=True, run=7), "unusual: 7 months rising"),
        (Reading("CSAT", "unusual", "trend", run=1), "unusual: falling for months"),
        (Reading("CSAT", "concerning", "near", high=True), "unusual: 2 of 3 months very high"),
        (Reading("CSAT", "concerning", "outside", rebased=REBASED),
         "unusual since the new level: below its natural range"),
    ],
)  # fmt: skip
def test_a_signal_is_told_in_plain_words(reading: Reading, text: str) -> None:
    assert wording.signal_text(reading) == text
    assert wording.is_unusual(reading) == text.startswith("unusual")


@pytest.mark.parametrize("rule", ["outside", "run", "trend", "near"])
@pytest.mark.parametrize("found", ["common", "none"])
def test_nothing_unusual_is_said_without_a_special_cause(found: str, rule: str) -> None:
    reading = Reading("CSAT", found, rule, high=True, run=9, lower="80%", upper="90%", assurance="inconsistent")
    texts = [wording.signal_text(reading), wording.signal_rule(reading), wording.signal_alt(reading)]
    assert [text for text in texts if CLAIMS.search(text) or "unusual" in text.casefold()] == []
    assert wording.signal_sense(reading) is Sense.NONE
    assert wording.unusual_in_words(reading) == ""


def test_who_re_based_stands_with_a_short_reason_and_a_long_one_stands_in_the_rule_alone() -> None:
    told = Reading("CSAT", "common", lower="80%", upper="90%", months=12, rebased=REBASED)
    assert wording.signal_since(told) == "(Service manager, June 2025: new service desk)"
    long = Rebased("June 2025", "Service manager", "3 July 2025", "the service desk " * 9)
    assert wording.signal_since(Reading("CSAT", "common", rebased=long)) == "(Service manager, June 2025)"
    assert wording.signal_rule(told) == (
        "As usual (natural range 80% to 90%, from the months since June 2025). Re-based from June 2025 by Service "
        "manager, 3 July 2025: new service desk."
    )


def test_a_chart_says_what_it_allows_for_and_what_that_means_for_the_expectation() -> None:
    reading = Reading("CSAT", "concerning", "run", run=7, adjusted_for=("season", "autocorrelation"),
                      assurance="always missed", lower="80%", upper="90%", months=36)  # fmt: skip
    assert wording.signal_alt(reading) == (
        "Signal: unusual: 7 months low; natural range 80% to 90%, allowing for the season and how one month carries "
        "over to the next. Such months nearly always miss the expectation."
    )
    assert wording.signal_icon(reading) is SignalIcon.CONCERNING_LOW


@pytest.mark.parametrize("found", [*FOUND, "common", "none", "something new"])
@pytest.mark.parametrize("high", [True, False])
def test_each_signal_has_its_picture(found: str, high: bool) -> None:
    icon = wording.signal_icon(Reading("CSAT", found, "outside", high=high))
    assert icon == {"common": "common"}.get(found, f"{found}-{'high' if high else 'low'}" if found in FOUND else "")


def test_what_charts_call_unusual_is_in_the_headline_of_a_month_as_expected() -> None:
    low = Reading("Revenue", "concerning", "run", run=7)
    others = [Reading("Visits", "improving", "outside", high=True), Reading("Calls", "unusual", "near")]
    assert wording.headline([verdict()], [Reading("CSAT", "common"), low]) == (
        "Revenue is as expected: the difference is within its usual variation. Unusual in its own course: revenue (7 "
        "months low)."
    )
    assert wording.headline([verdict()], [*others, low]).endswith(
        "Unusual in its own course: revenue (7 months low), visits (above its natural range) and 1 more."
    )
    assert "Unusual" not in wording.headline([verdict(wording.BELOW)], [low])


# -- shifts --------------------------------------------------------------------------------------------------------


def shift(**more: object) -> Shift:
    usual = {"label": "Revenue", "since": "March 2026", "before": "412", "after": "356", "difference": "−13.6%",
             "sense": Sense.WORSE}  # fmt: skip
    return Shift(**{**usual, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (shift(), "Lower since March 2026: 412 before, 356 after (−13.6%)."),
        (shift(higher=True, difference=""), "Higher since March 2026: 412 before, 356 after."),
        (shift(cause="members"), "412 before March 2026, 356 after (−13.6%)."),
        (shift(kind="trend", before="+3 a month", after="−5 a month", difference=""),
         "Another course since March 2026: +3 a month before, −5 a month after."),
    ],
)  # fmt: skip
def test_a_shift_is_told_with_what_was_and_what_is(found: Shift, sentence: str) -> None:
    assert wording.shift_sentence(found) == sentence


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (shift(), "Whose it is, is not known."),
        (shift(cause="own"), "Mostly its own: what the others did together makes up less than half of it."),
        (shift(cause="conditions", moved="83%", explained="90%"),
         "Conditions: 83% of the others moved in the same months, which makes up 90% of it."),
        (shift(cause="both", others="the others in North"),
         "Partly conditions, partly its own: the others in North moved in the same months."),
        (shift(cause="members", changed="67%"),
         "Its people changed: 67% came or went around then. Not read as a change."),
        (shift(cause="accepted", accepted=True), ""),
    ],
)  # fmt: skip
def test_whose_a_shift_is_is_said_as_it_was_found(found: Shift, sentence: str) -> None:
    assert wording.shift_cause(found) == sentence


@pytest.mark.parametrize(
    ("found", "proposal"),
    [
        (shift(proposed="360"), "Proposed: a new baseline from March 2026, at 356. About 360 would then be expected."),
        (shift(proposed="356"), "Proposed: a new baseline from March 2026, at 356, which would then be expected."),
        (shift(), "Proposed: a new baseline from March 2026, at 356."),
        (shift(kind="trend"), "Proposed: a new baseline from March 2026, with its own course."),
        (shift(cause="members"), ""),
        (shift(accepted=True), ""),
    ],
)
def test_a_new_level_is_proposed_until_a_person_decides(found: Shift, proposal: str) -> None:
    assert wording.shift_proposal(found) == proposal
    assert wording.is_proposed(found) == bool(proposal)


def test_an_accepted_level_names_who_when_and_why() -> None:
    assert wording.shift_accepted(shift(accepted=True, rebased=REBASED)) == (
        "Accepted from June 2025 on: Service manager, 3 July 2025. New service desk."
    )
    assert wording.shift_accepted(shift(accepted=True)) == "Accepted as the new level."
    assert wording.shift_accepted(shift()) == ""


def test_what_happened_at_the_time_is_a_coincidence() -> None:
    assert wording.shift_events(shift()) == ""
    assert wording.shift_events(shift(events=("A portal opens (2 March 2026)", "A strike."))) == (
        "In the same months: A portal opens (2 March 2026); A strike. A coincidence in time, no cause."
    )


def test_a_person_is_asked_about_a_change_unless_conditions_made_it() -> None:
    assert wording.shift_point(shift(cause="own")).endswith("What has changed since then, on either side?")
    assert "What has changed" not in wording.shift_point(shift(cause="conditions"))


def test_a_new_level_is_to_be_decided_on_by_the_manager_alone() -> None:
    proposed = [shift(), *[shift(label="Visits", whose=f"Team {n}") for n in range(4)]]
    assert wording.to_do([], [], reader_is_manager=True, proposed=proposed) == (
        (
            "Decide whether this is the new level: revenue since March 2026, visits of Team 0 since March 2026, visits "
            "of Team 1 since March 2026 and 2 more."
        ),
    )
    assert wording.to_do([], [], reader_is_manager=False, proposed=proposed) == ()


def test_the_same_again_asks_what_else() -> None:
    assert wording.the_same_again(Repeat("Visits", "visit plan.", ("Mar 2026", "May 2026", "Jul 2026"))) == (
        "The same again: visit plan, for visits, in Mar 2026, May 2026 and Jul 2026. The number has not shifted since. "
        "What else could be tried?"
    )
