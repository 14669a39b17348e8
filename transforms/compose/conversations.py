"""Section 3: the conversations of the month. What the data says of each person, then open questions."""

from functools import partial

from config.models import UnitKind
from config.months import MONTHS_A_YEAR
from transforms import wording
from transforms.compose.changing import repeats_of
from transforms.compose.context import Composition, month_of
from transforms.compose.evidence import changes_of, shift_of
from transforms.compose.people import direct_people
from transforms.report_model import ConversationBlock, ReportKind, Sense, TalkingPoint
from transforms.wording import Verdict


def conversations(composition: Composition, manager: str) -> tuple[ConversationBlock, ...]:
    """Everyone's block, the due ones first: what the data says, then what to ask, from result to experience."""
    blocks = [_block(composition, person) for person in direct_people(composition, manager)]
    urgency = {Sense.WORSE: 0, Sense.BETTER: 1, Sense.NONE: 2}
    return tuple(sorted(blocks, key=lambda block: urgency[block.sense]))


def _block(composition: Composition, person: str) -> ConversationBlock:
    leads = (UnitKind.MANAGER, person) in composition.unit_rows
    verdicts = _verdicts(composition, UnitKind.MANAGER if leads else UnitKind.ASSOCIATE, person)
    remark, sense = wording.person_remark(verdicts)
    told, summary = verdicts, []
    if leads:
        told = [verdict for verdict in verdicts if verdict.status in {wording.AHEAD, wording.BELOW}]
        summary = [TalkingPoint(label="Team", text=wording.headline(verdicts))]
    points = [point for verdict in told if (point := _point(verdict))]
    if not leads:
        points += _course(composition, person)
    return ConversationBlock(
        unit_id=person,
        label=composition.name(person),
        remark=remark,
        sense=sense,
        points=(*summary, *points, *_questions(sense, verdicts)),
    )


def _verdicts(composition: Composition, kind: UnitKind, unit_id: str) -> list[Verdict]:
    """The findings on a person, or on the span of somebody who manages."""
    return [
        composition.verdict(kind, unit_id, name)
        for name, metric in composition.metrics()
        if (kind is UnitKind.MANAGER or metric.individual_in(composition.month))
        and composition.relevant(kind, unit_id, name)
    ]


def _point(verdict: Verdict) -> TalkingPoint | None:
    if verdict.status in {wording.AHEAD, wording.BELOW}:
        label = "Recognise" if verdict.status == wording.AHEAD else "Discuss"
        return TalkingPoint(label=label, text=wording.discussion(verdict))
    if verdict.status == wording.AS_EXPECTED:
        return TalkingPoint(label=verdict.stage.capitalize(), text=wording.discussion(verdict))
    return None


def _course(composition: Composition, person: str) -> list[TalkingPoint]:
    """What has lastingly changed in one person's numbers within a year, and what was tried again and again."""
    points = []
    for name, metric in composition.metrics():
        if not metric.individual_in(composition.month):
            continue
        recent = composition.month.shift(1 - MONTHS_A_YEAR)
        found = [row for row in changes_of(composition, UnitKind.ASSOCIATE, person, name) if month_of(row) >= recent]
        if found:
            write = partial(composition.formats.with_unit, metric=metric)
            shift = shift_of(composition, found[-1], write, ReportKind.MANAGER)
            points.append(TalkingPoint(label="Changed", text=wording.shift_point(shift)))
        points += [
            TalkingPoint(label="Again", text=wording.the_same_again(repeat))
            for repeat in repeats_of(composition, UnitKind.ASSOCIATE, person, name)
        ]
    return points


def _questions(sense: Sense, verdicts: list[Verdict]) -> tuple[TalkingPoint, ...]:
    """Open questions from the result back to the experience; all of them where something is to be discussed."""
    stages = ("result", "action", "belief", "experience") if sense is Sense.WORSE else ("experience",)
    judged = any(verdict.status in wording.JUDGED for verdict in verdicts)
    asked = stages if judged else ("experience",)
    return tuple(TalkingPoint(label="Ask", text=wording.OPEN_QUESTIONS[stage]) for stage in asked)
