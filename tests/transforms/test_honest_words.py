"""No report says ahead, below, higher or rising unless a finding on that number of that unit stands behind it.

`unfounded` reads every text of a report model that is ours to word. What people wrote (why, reason, action, event) and
what explains the words themselves (legend, rules, notes) claims nothing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pytest

from flows.stages.publish import Outcome
from tests.companies import TinyCompany, models_of
from tests.transforms.compositions import change, compose_from, config_of, limits, signal, with_evidence
from tests.transforms.test_compose import PEOPLE, figures, reports_of
from transforms.columns import CHANGES, SIGNALS, empty
from transforms.compose import Composition
from transforms.report_model import ReportModel

CLAIM = re.compile(
    r"\b(ahead|above|below|improved|declined|improving|declining|best|worst|higher|lower|rose|fell|rising|falling|"
    r"unusual|(?:up|down) since)\b",
    re.IGNORECASE,
)
NOT_OURS = {"why", "basis", "events", "accepted", "since", "repeated", "label", "detail", "title", "subtitle", "owner",
            "icon", "whose", "company", "sources", "definitions", "unused_expectations", "gaps"}  # fmt: skip
EXPLAINING = {"rule", "legend", "note", "notes", "conversations_note", "ahead_note", "shifts_note"}
Key = tuple[str, str, str]


@dataclass
class Findings:
    """What was found on each unit's metric, as the words that it carries; and the metrics' names by their labels."""

    words: dict[Key, set[str]] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    def about(self, units: Iterable[tuple[str, str]], text: str) -> set[str]:
        """Words that a text may say of units, by the metrics it names."""
        named = {metric for label, metric in self.labels.items() if label.casefold() in text.casefold()}
        return {word for unit in units for metric in named for word in self.words.get((*unit, metric), set())}


def findings_of(comparison: pd.DataFrame, signals: pd.DataFrame, changes: pd.DataFrame) -> Findings:
    """From COMPARISON, SIGNALS and CHANGES."""
    found = Findings()
    actual: dict[Key, float] = {}
    for row in comparison.to_dict("records"):
        key = (row["unit_kind"], row["unit_id"], row["metric"])
        actual[key] = row["actual"]
        found.words.setdefault(key, set()).update({row["status"]} & {"ahead", "below"})
    for row in signals.to_dict("records"):
        key = (row["unit_kind"], row["unit_id"], row["metric"])
        if row["signal"] in {"improving", "concerning", "unusual"}:
            found.words.setdefault(key, set()).add("unusual")
            if row["rule"] == "outside":
                found.words[key].add("above" if actual[key] > row["mean"] else "below")
            if row["rule"] == "trend":
                found.words[key].update({"rising", "falling"})
    for row in changes.to_dict("records"):
        key = (row["unit_kind"], row["unit_id"], row["metric"])
        if row["kind"] == "level":
            found.words.setdefault(key, set()).add("higher" if row["after"] > row["before"] else "lower")
    return found


def texts(content: object, key: str = "") -> Iterator[str]:
    """Texts that are ours to word."""
    if isinstance(content, Mapping):
        for name, value in content.items():
            if name not in NOT_OURS | EXPLAINING:
                yield from texts(value, name)
    elif isinstance(content, list | tuple):
        for value in content:
            yield from texts(value, key)
    elif isinstance(content, str):
        yield content


def claims(text: str) -> set[str]:
    return {word.lower() for word in CLAIM.findall(text)}


def unfounded(models: Iterable[ReportModel], found: Findings) -> list[tuple[str, str, str]]:
    """Report, word and text of each claim that no finding on its unit and metric carries."""
    said = []
    for model in models:
        for row in (row for block in model.glance.blocks for row in block.rows):
            found.labels[row.label] = row.metric
        for text, allowed in _told(model, found):
            said += [(model.report_id, word, text) for word in sorted(claims(text) - allowed)]
    return said


def _told(model: ReportModel, found: Findings) -> Iterator[tuple[str, set[str]]]:
    """Each text with the words that it may say."""
    own = (model.kind.value, model.unit_id)
    for row in (row for block in model.glance.blocks for row in block.rows):
        yield from ((text, found.words.get((*own, row.metric), set())) for text in texts(row.model_dump(mode="json")))
    for table in model.people:
        for person in (*table.rows, *table.new_rows):
            words = found.words.get((person.unit_kind, person.unit_id, table.metric), set())
            yield from ((text, words) for text in texts(person.model_dump(mode="json")))
    for block in model.shifts:
        words = found.words.get((block.unit_kind, block.unit_id, block.metric), set())
        yield from ((text, words) for text in texts(block.model_dump(mode="json")))
    for talk in model.conversations:
        units = [("associate", talk.unit_id), ("manager", talk.unit_id)]
        whole = " ".join(texts(talk.model_dump(mode="json")))
        yield from ((text, found.about(units, whole)) for text in texts(talk.model_dump(mode="json")))
    units = [own, *((block.unit_kind, block.unit_id) for block in model.shifts)]
    yield from ((text, found.about(units, text)) for text in (model.glance.headline, *model.glance.to_do))
    rest = model.model_dump(mode="json", exclude={"glance", "people", "shifts", "conversations"})
    yield from ((text, set()) for text in texts(rest))


# -- a company built here ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def busy() -> Composition:
    """A month with something of everything: statuses, signals on either side, shifts up and down."""
    config = config_of()
    month = compose_from(*PEOPLE, config=config, facts=figures(config, A03=0.2, N=0.4, A07=2.5))[0]
    units = (("team", "N"), ("team", "S"), ("manager", "A02"), ("associate", "A03"))
    return with_evidence(
        month,
        signals=[signal("team", "N", "revenue", "concerning", rule="outside", mean=4000.0),
                 signal("team", "N", "solved", "improving", rule="trend"),
                 signal("team", "S", "revenue", "improving", rule="run")],
        charts=limits("team", "N", "revenue", 4000.0, 400.0, {0: "worse"}),
        changes=[change(*unit, "revenue") for unit in units]
        + [change(*unit, "solved", before=0.7, after=0.8, difference=0.1, sense="better") for unit in units],
    )  # fmt: skip


def test_every_claim_of_a_busy_month_has_its_finding(busy: Composition) -> None:
    models = reports_of(busy).values()
    said = {word for model in models for text in texts(model.model_dump(mode="json")) for word in claims(text)}
    assert said >= {"ahead", "below", "higher", "lower", "unusual"}
    assert unfounded(models, findings_of(busy.comparison, busy.signals, busy.changes)) == []


@pytest.mark.parametrize("taken", ["comparison", "signals", "changes"])
def test_without_its_finding_a_claim_is_found_out(busy: Composition, taken: str) -> None:
    frames = {"comparison": busy.comparison, "signals": busy.signals, "changes": busy.changes}
    frames[taken] = frames[taken].assign(status="as expected") if taken == "comparison" else frames[taken].iloc[:0]
    assert unfounded(reports_of(busy).values(), findings_of(**frames))


def test_a_claim_in_any_text_is_found_out(busy: Composition) -> None:
    model = reports_of(busy)["team-S"]
    raised = model.model_copy(
        update={"glance": model.glance.model_copy(update={"headline": "Solved at once is best."})}
    )
    found = findings_of(busy.comparison, busy.signals, busy.changes)
    assert unfounded([raised], found) == [("team-S", "best", "Solved at once is best.")]


def test_an_ordinary_month_claims_nothing_at_all() -> None:
    config = config_of()
    month = compose_from(*PEOPLE, config=config, facts=figures(config))[0]
    said = [text for model in reports_of(month).values() for text in texts(model.model_dump(mode="json"))]
    assert [text for text in said if claims(text)] == []


# -- an edition ----------------------------------------------------------------------------------------------------


def frame_of(folder: Path, name: str, columns: Mapping[str, str]) -> pd.DataFrame:
    """A frame kept with an edition; empty where it keeps none."""
    path = folder / f"{name}.parquet"
    return pd.read_parquet(path) if path.is_file() else empty(columns)


def test_every_claim_of_an_edition_has_its_finding(made: "tuple[TinyCompany, Outcome]") -> None:
    outcome = made[1]
    folder = outcome.folder
    found = findings_of(
        pd.read_parquet(folder / "comparison.parquet"), frame_of(folder, "signals", SIGNALS),
        frame_of(folder, "changes", CHANGES),
    )  # fmt: skip
    assert unfounded(models_of(outcome).values(), found) == []
