"""Report models as the pages must bear them: an ordinary month, a manager of managers, a team, and an ugly one."""

from collections.abc import Sequence

from tests.flows.rendering.sample_changes import AGAIN, CHANGING, MONTHS, SHIFTS, control, shift, wave
from transforms import charts, wording
from transforms.report_model import (
    About,
    AheadRow,
    CheckedLine,
    ConversationBlock,
    Definition,
    Glance,
    MetricRow,
    PeopleTable,
    PersonRow,
    ReportKind,
    ReportModel,
    Sense,
    Signal,
    SignalIcon,
    StageBlock,
    Status,
    Table,
    TalkingPoint,
)

RULE = {
    "ahead": "Above the natural range of the 24 months before, which it leaves by chance in fewer than 1 of 20 months. "
    "A month inside the range would make it as expected.",
    "below": "Below the expectation for three months running, which usual variation makes 2% likely. One month at or "
    "above the expectation ends the run.",
    "as expected": "The difference is within the usual variation of the 24 months before.",
    "too little data": "4 rows this month; fewer than 5 are not judged.",
    "on the ramp": "Hired less than 6 months before; no other status is given until then.",
    "withheld": "",
}
SENSES = {"ahead": Sense.BETTER, "below": Sense.WORSE}


def status(text: str, rule: str | None = None) -> Status:
    """A status with the colour that belongs to it."""
    kind = text.split(",", maxsplit=1)[0]
    return Status(text=text, sense=SENSES.get(kind, Sense.NONE), rule=RULE.get(kind, "") if rule is None else rule)


AS_USUAL = Signal(text="as usual", icon=SignalIcon.COMMON, rule="As usual (natural range 86 to 114, from 24 months).")


def metric_row(  # noqa: PLR0917 - a table of metrics reads best as one
    label: str, unit: str, actual: str, expected: str, last_year: str, difference: str, judged: str, why: str,
    share: float = 0.01, *, better: bool = True, ahead: str = "", ahead_note: str = "", note: str = "", seed: int = 1,
    signal: Signal | None = AS_USUAL, drop: float = 0.0, flags: dict[int, str] | None = None, restart: int = 0,
) -> MetricRow:  # fmt: skip
    """One metric; a withheld one has no charts. The last seven months, or those from `restart` on, differ by `drop`."""
    sense = SENSES.get(judged.split(",", maxsplit=1)[0], Sense.NONE)
    direction = Sense.BETTER if better else Sense.WORSE
    months = [value + (drop if place >= (restart or MONTHS - 7) else 0) for place, value in enumerate(wave(seed))]
    shown = judged != "withheld"
    alt = f"{label}: {actual} {unit} against {expected} expected, {judged}."
    return MetricRow(
        metric=label.lower().replace(" ", "_"), label=label, unit=unit, why=why, actual=actual, expected=expected,
        last_year=last_year, difference=difference, sense=direction, carried=sense is not Sense.NONE,
        variance=charts.variance_bar(
            share, better=better, alt=f"{label}: {difference}, {direction.value}.", sense=sense
        ) if shown and difference else None,
        chart=charts.series_chart(
            months, [100.0] * 12 + [102.0] * 12, [], alt=alt, sense=sense, control=control(months, flags, restart)
        ) if shown else None,
        status=status(judged), signal=signal if shown else None, note=note, ahead=ahead or expected,
        ahead_note=ahead_note,
    )  # fmt: skip


BLOCKS = (
    StageBlock(stage="result", label="Results", rows=(
        metric_row("Revenue", "k€", "353", "398", "411", "−11.3%", "below, 3rd month",
                   "Pays for the second service shift. — Sales director", 0.113, better=False, ahead="385",
                   ahead_note="stretch: 22%", seed=2, drop=-12, flags=dict.fromkeys(range(17, 24), "worse"),
                   signal=Signal(text="unusual: 7 months low", sense=Sense.WORSE, icon=SignalIcon.CONCERNING_LOW,
                                 rule="Unusual: so many months in a row lie on one side of the mean (natural range "
                                 "€380,000 to €440,000, allowing for the season, from 24 months).")),
        metric_row("Customer satisfaction", "%", "89.6", "88.0", "84.1", "+1.6 pts", "ahead",
                   "Customers who rate 4 or 5 stay twice as long. — Sales director", 0.016, ahead="88.0",
                   ahead_note="comfortable: 81%", seed=4, drop=14, restart=16,
                   signal=Signal(text="as usual since the new level", since="(you, February 2026: service desk)",
                                 icon=SignalIcon.COMMON, rule="As usual (natural range 84% to 94%, from 8 months). "
                                 "Re-based from February 2026 by you, 4 Mar 2026: service desk.")),
        metric_row("Solved at first contact", "%", "70.4", "72.0", "71.9", "−1.6 pts", "as expected",
                   "A second call costs the customer a day. — You", 0.016, better=False, seed=5,
                   ahead_note="stretch: 44%"),
        metric_row("Returns", "%", "—", "4.0", "", "", "withheld", "Each return costs two visits. — Operations",
                   note="Withheld: the extract closed late.", seed=6),
    )),
    StageBlock(stage="action", label="Actions", rows=(
        metric_row("First response", "h", "5.1", "5.0", "5.6", "+2.0%", "as expected",
                   "Under 5 h, complaints halve. — You", 0.02, better=False, seed=7, ahead_note="stretch: 46%",
                   flags={5: "better", 14: "worse"}),
        metric_row("Visits per person", "", "62", "60", "58", "+3.3%", "as expected",
                   "Each visit opens a third of new business. — Sales director", 0.033, seed=8,
                   ahead_note="realistic: 66%", flags={23: "better", 22: "better"},
                   signal=Signal(text="unusual: 2 of 3 months very high", sense=Sense.BETTER,
                                 icon=SignalIcon.IMPROVING_HIGH, rule="Unusual: two of three months lie in the outer "
                                 "third of the natural range, on one side (natural range 54 to 64, from 24 months).")),
    )),
    StageBlock(stage="belief", label="Beliefs", rows=(
        metric_row("“I know why our goals matter”", "of 10", "7.2", "7.0", "6.8", "+0.2 pts", "as expected",
                   "Who knows why, keeps going. — Sales director", 0.02, seed=9, note="14 of 18 answered",
                   ahead_note="realistic: 70%"),
    )),
    StageBlock(stage="experience", label="Experiences", rows=(
        metric_row("Conversations recorded", "%", "72", "100", "94", "−28 pts", "below", "Nobody is surprised. — You",
                   0.28, better=False, seed=10),
    )),
)  # fmt: skip

LEGEND = wording.LEGEND_OF_RANGES


def glance(blocks: Sequence[StageBlock] = BLOCKS, headline: str = "", to_do: Sequence[str] | None = None) -> Glance:
    """The first page."""
    return Glance(
        headline=headline or "Revenue and conversations recorded are below what was expected, customer satisfaction is "
        "ahead of it, by more than usual variation; 4 other measures are as expected.",
        to_do=tuple(to_do) if to_do is not None else (
            "Revenue: below for the 3rd month. What will you change first?",
            "Review with the owner: Revenue for November 2026, which has a chance of 22%.",
            "Returns are withheld: their source closed late.",
        ),
        blocks=tuple(blocks), last_year_label="Oct 2025", chart_label="24 months, natural range",
        status_label="Status, signal", ahead_label="November", legend=LEGEND,
    )  # fmt: skip


def person(
    label: str, detail: str, actual: float, judged: str, note: str = "", *, seed: int = 1, kind: str = "associate"
) -> PersonRow:
    """One associate against an expectation of 100."""
    sense = SENSES.get(judged.split(",", maxsplit=1)[0], Sense.NONE)
    shown = judged != "withheld"
    likely = (79.0, 108.0) if judged == "too little data" else None
    months = wave(seed, level=actual)
    figure = ("79–108" if likely else f"{actual:.0f}") if shown else "—"
    alt = f"{figure} against 100 expected, {judged}."
    return PersonRow(
        unit_kind=kind, unit_id=f"U{seed}", label=label, detail=detail, figure=figure, expected="100",
        bullet=charts.bullet(actual, 100, actual - 6, alt=alt, sense=sense, likely=likely) if shown else None,
        spark=charts.sparkline(
            months, alt=f"24 months, latest {figure}, {judged}.", sense=sense, control=control(months)
        ) if shown else None,
        status=status(judged), note=note,
    )  # fmt: skip


PEOPLE = (
    person("Associate 1", "Key accounts · North", 112, "ahead", "Proposal template agreed 12 Oct.", seed=1),
    person("Associate 2", "Key accounts · North", 97, "as expected", seed=2),
    person("Associate 3", "Field sales · North", 71, "below, 3rd month", "Nothing agreed since June.", seed=3),
    person("Associate 4", "Field sales · North", 88, "as expected", "Visit plan: too early to tell.", seed=4),
    person("Associate 5", "Inside sales · North", 101, "as expected", seed=5),
    person(
        "Associate 6",
        "Inside sales · North",
        94,
        "too little data",
        "4 rows: any value from 79 to 108 is likely.",
        seed=6,
    ),
    person("Associate 7", "Inside sales · North", 0, "withheld", "Withheld: the figure is contested.", seed=7),
)
NEW = (person("Associate 8", "Field sales · North", 64, "on the ramp", "Third month.", seed=8),)


def people_table(rows: Sequence[PersonRow] = PEOPLE, new: Sequence[PersonRow] = NEW, title: str = "") -> PeopleTable:
    """Everyone below against the own expectation."""
    return PeopleTable(
        metric="revenue", title=title or "Your people: revenue",
        subtitle="Each against the own expectation of 100. In the order of names, no ranking.",
        figure_label="Actual", chart_label="24 months", rows=tuple(rows),
        new_title="New in the team" if new else "", new_subtitle="Not compared with the others." if new else "",
        new_rows=tuple(new),
    )  # fmt: skip


def talk(label: str, remark: str, sense: Sense, *points: tuple[str, str]) -> ConversationBlock:
    """What to talk about with one person."""
    return ConversationBlock(
        unit_id=label, label=label, remark=remark, sense=sense,
        points=tuple(TalkingPoint(label=key, text=text) for key, text in points),
    )  # fmt: skip


TALKS = (
    talk("Associate 3", "below for the third month; no conversation is recorded since June", Sense.WORSE,
         ("Result", "71 of 100. Below the own natural range since August, while five moved with the market."),
         ("Action", "Visits as usual (61). Proposals sent: 4 a month since August, 9 before."),
         ("Belief", "Ask: what do you expect of a proposal today, and what has changed in that?"),
         ("Experience", "Two of the three largest customers left. No recognition is recorded, though 94% of 36 "  # noqa: ISC004
          "customers rate this service 4 or 5: begin there."),
         ("You change", "Nothing promised yet. What will you change in this person’s month?")),
    talk("Associate 1", "ahead: something to recognise", Sense.BETTER,
         ("Recognise", "112 of 100, above the own natural range."),
         ("Ask", "What made the difference, and who helped?")),
    talk("Associate 4", "", Sense.NONE, ("You promised", "Shared visits on Tuesdays: kept (3 of 4)."),
         ("Agreed", "Weekly visit plan, from 14 October: too early to tell; first look in December.")),
    *(talk(f"Associate {n}", "", Sense.NONE, ("Result", "As expected: no difference larger than usual."),
           ("Ask", "What in this month helped or hindered you?")) for n in (2, 5, 6, 7, 8)),
)  # fmt: skip

AHEAD = (
    AheadRow(metric="revenue", label="Revenue", unit="k€", expected="385", basis="103% of November 2025 (374 k€).",
             parts="The teams’ expectations add up to 391 k€.", why="Pays for the second service shift.",
             owner="Sales director", set_on="12 Jan 2026", review="by 30 Nov 2026"),
    AheadRow(metric="csat", label="Customer satisfaction", unit="%", expected="88.0", basis="Set for the year.",
             why="Customers who rate 4 or 5 stay twice as long.", owner="Sales director", set_on="12 Jan 2026"),
    AheadRow(metric="visits", label="Visits per person", unit="", expected="60", basis="The median of the last year.",
             why="Each visit opens a third of new business.", owner="You", set_on="3 Feb 2026"),
)  # fmt: skip


def about(**changes: tuple[str, ...]) -> About:
    """What stands behind the figures."""
    return About.model_validate({
        "definitions": tuple(
            Definition(label=row.label, text="Sum of amounts of orders won, before returns. Computed as sum(amount), "
                       "from sales.", rows="1,204 rows")
            for block in BLOCKS for row in block.rows
        ),
        "reconciliation": (
            Table(title="Sales, whole company, October 2026", columns=("", "Rows", "amount"),
                  align=("left", "right", "right"),
                  rows=(("Source", "12,480", "4,113,207.55"), ("Attributed to people", "12,391", "4,101,530.05"),
                        ("Unattributed: queues, bots, unknown people", "52", "9,877.50"),
                        ("Excluded by rule, or older copies", "31", "1,800.00"),
                        ("Set aside: could not be read", "6", "0.00")),
                  note="31 × test orders; 6 × unreadable date"),
        ),
        "withheld": ("Returns: the extract closed late.",),
        "checked": (
            CheckedLine(extract="sales", anchor="extract-sales", text="2 findings, none critical; 6 rows set aside"),
            CheckedLine(extract="service", anchor="extract-service", text="1 finding, not critical"),
        ),
        "gaps": ("No service extract of March 2024.",),
        "notes": ("A status needs evidence: a difference larger than usual variation explains 19 times of 20.",
                  "Whoever disagrees with a status can contest it: it is then shown as contested, without a status."),
        "sources": ("sales: orders-2026-10.csv", "service: cases.parquet", "hr: staff.csv, of 31 October 2026"),
        **changes,
    })  # fmt: skip


def manager_of_eight() -> ReportModel:
    """An ordinary manager's month: eight people, one new, one with too little data, one withheld."""
    return ReportModel(
        report_id="manager-A17", kind=ReportKind.MANAGER, unit_id="A17", month="2026-10", language="en-GB",
        company="Demo Company", title="Manager, Northern region",
        subtitle="1 team · 8 people · reports to the sales director", kind_label="Manager report",
        month_label="October 2026", glance=glance(), people=(people_table(),), conversations=TALKS,
        conversations_note="Everyone has a block; the due ones come first.", shifts=SHIFTS,
        shifts_note=wording.SHIFTS_NOTE, repeated=AGAIN, changing=CHANGING, ahead=AHEAD,
        ahead_note="A number that was missed is not simply asked again: its owner reviews it.", about=about(),
    )  # fmt: skip


def manager_of_managers() -> ReportModel:
    """A span of teams: each team is a row, no person is named."""
    teams = [
        person(
            f"Team {name}",
            f"{n + 5} people",
            88 + 5 * n,
            "below" if n == 0 else "as expected",
            seed=20 + n,
            kind="team",
        )
        for n, name in enumerate(("Coast", "Hills", "Lakes", "Northern region", "Valley"))
    ]
    return manager_of_eight().model_copy(update={
        "report_id": "manager-A1", "unit_id": "A1", "title": "Sales director", "subtitle": "5 teams · 41 people",
        "people": (people_table(teams, (), "Your teams: revenue"), people_table(teams[::-1], (), "Your teams: visits")),
        "conversations": (), "conversations_note": "",
    })  # fmt: skip


def team() -> ReportModel:
    """A team's report names nobody."""
    return manager_of_eight().model_copy(update={
        "report_id": "team-T4", "kind": ReportKind.TEAM, "unit_id": "T4", "title": "Team Northern region",
        "subtitle": "8 people", "kind_label": "Team report", "people": (), "conversations": (),
        "conversations_note": "", "changing": (), "repeated": (), "shifts_note": wording.SHIFTS_NOTE_TEAM,
        "shifts": tuple(block.model_copy(update={"proposal": ""}) for block in SHIFTS[:2]),
        "glance": glance(to_do=("Revenue: below for the 3rd month. What would help?",)),
    })  # fmt: skip


LONG = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz"
UGLY_NAMES = (
    f"Associate {LONG} the Third",
    "موظف المبيعات ١٢ <b>bold</b>",
    "עובדת מספר 9 & “Co.”",
    "Associate 🦊 4 👩‍💻",
    "社員 5 番",
    "Associate {{ 6 }} {% raw %}",
    "Associate\u00a07 O’Neil-Østergård-Žižek-Đặng-Ещё-Ωμέγα",
    "<script>alert(1)</script> Associate 8",
)


def ugly() -> ReportModel:
    """Sixty people over pages, on Letter, with names that break layouts."""
    names = [UGLY_NAMES[n] if n < len(UGLY_NAMES) else f"Associate {n + 1}" for n in range(60)]
    cycle = ("as expected", "ahead", "below, 12th month", "too little data", "withheld")
    rows = [
        person(name, f"Kundendienst{LONG} · Team {n % 7}" if n % 9 == 0 else f"Field · Team {n % 7}",
               40 + 3 * n, cycle[n % 5], "Visit plan agreed, 14 October: too early to tell." if n % 4 == 0 else "",
               seed=100 + n)
        for n, name in enumerate(names)
    ]  # fmt: skip
    rough = metric_row(
        f"Kunden{LONG}", "Mio. ¥ vor Rückläufern", "123,456,789.0", "−1,234,567.8", "99,999,999", "−1,234.5%",
        "below, 12th month", f"{LONG} — Associate {LONG}", 9.9, better=False, ahead="123,456,789",
        ahead_note="unrealistic: 3%", seed=40, flags={20: "unusual", 23: "better"},
        signal=Signal(text="unusual since the new level: 12 months rising", icon=SignalIcon.UNUSUAL_HIGH, rule=LONG,
                      since=f"({UGLY_NAMES[1]}, June 2025: {LONG})"),
    )  # fmt: skip
    moved = shift(
        f"Kunden{LONG}",
        "Mio. ¥ vor Rückläufern",
        f"Lower since April 2026: {LONG}.",
        LONG,
        whose=UGLY_NAMES[0],
        events=LONG,
        proposal=f"Proposed: {LONG}.",
        accepted=f"{UGLY_NAMES[3]} {LONG}",
        earlier=(LONG, LONG),
    )
    blocks = (
        *(block.model_copy(update={"rows": (*block.rows, rough)}) for block in BLOCKS),
        StageBlock(stage="experience", label="Experiences, continued", rows=(rough, rough, rough)),
    )
    return manager_of_eight().model_copy(update={
        "report_id": "manager-ugly", "paper": "Letter", "language": "de-DE", "title": f"{UGLY_NAMES[1]} {LONG}",
        "subtitle": f"60 people · reports to {UGLY_NAMES[3]}", "glance": glance(blocks, to_do=[LONG, "b" * 200]),
        "people": (people_table(rows, NEW),), "shifts": (*SHIFTS, *[moved] * 9), "repeated": (*AGAIN, LONG),
        "changing": tuple(
            table.model_copy(update={
                "rows": tuple((f"{LONG} {n}" if n < 2 else row[0], *(f"{text}99,999" for text in row[1:]))
                              for n, row in enumerate(table.rows))
            })
            for table in CHANGING
        ),
        "conversations": tuple(
            talk(name, "below for the 12th month" if n % 5 == 0 else "", Sense.WORSE if n % 5 == 0 else Sense.NONE,
                 ("Result", "As expected: no difference larger than usual."), ("Belief", LONG))
            for n, name in enumerate(names)
        ),
    })  # fmt: skip


SAMPLES = {
    "manager-of-eight": manager_of_eight,
    "manager-of-managers": manager_of_managers,
    "team": team,
    "ugly": ugly,
}
