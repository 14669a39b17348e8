"""Sentences say what a status carries, and no more."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms import wording
from transforms.report_model import Sense
from transforms.wording import Verdict

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
