"""Nothing is released without a person's or the rule's word, and no month is silenced or lost, whatever happens at
once, died, was lost, or came back.
"""

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.errors import ConfigError, RefusedError
from config.loader import load_config
from flows import backfill
from flows.backfill import BackfillOutcome, MonthOutcome, backfill_months
from flows.cli.backfilling import _print
from flows.cli.ledger_seen import seen
from flows.monthly import settle_abandoned
from flows.serve.deployments import months_made
from flows.stages import release as releasing
from flows.stages.copies import _copies, read_model
from flows.stages.mails import mail_for
from flows.stages.prepare import copies_of, prepare_edition, prepare_outcome, reconcile, refusal_of_rule
from flows.stages.publish import Outcome, Prepared
from flows.stages.recording import open_ledger
from flows.stages.sending import transport_of
from flows.state.editions import newest_edition
from flows.state.ledger import Ledger, RunState
from flows.state.paths import StateRoot
from tests.companies import OCTOBER, TinyCompany, manifest_of
from tests.flows.test_delivering import DELIVERY, LATE, NOW, lines_of, mails, release, send, stand, told
from transforms.deliveries import DeliveryState, Hold
from transforms.report_model import ReportModel

RULE = f"{DELIVERY}release: {{automatic: true}}\n"
NORTH = ("team-NORTH", "as02@tiny.example")


@pytest.fixture
def ready(company: TinyCompany) -> TinyCompany:
    """The tiny company with its first edition; its deliveries wait."""
    return told(company, DELIVERY)


@contextmanager
def ledger_of(company: TinyCompany) -> Iterator[Ledger]:
    with open_ledger(load_config(company.config), company.state) as ledger:
        yield ledger


def late(company: TinyCompany) -> Outcome:
    """Make it again after rows came late."""
    company.append("sales/2026-10.csv", LATE)
    return company.make()


def again(
    company: TinyCompany, *, seen: bool = True, origin: str = "run", readers: Mapping[str, str] | None = None
) -> int:
    """Publish one more edition at a stroke: the newest, each report with its number. With `readers` no report says
    anything new, and those named have other readers. The ledger saw it being made, or did not.
    """
    edition = newest_edition(company.state, OCTOBER)
    assert edition is not None
    number = edition.number + 1
    folder = company.state.edition(OCTOBER, number)
    shutil.copytree(edition.folder, folder)
    manifest = {**edition.manifest, "edition": number, "origin": origin}
    for entry in manifest["reports"]:
        if readers is None:
            entry["edition"] = number
        elif entry["report_id"] in readers:
            entry["recipients"] = [readers[entry["report_id"]]]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    if seen:
        was_made(company, number)
    return number


def was_made(company: TinyCompany, number: int, state: RunState = RunState.DONE) -> None:
    """The ledger saw a run that made an edition and ended like this."""
    with ledger_of(company) as ledger:
        run = ledger.begin_run("run", OCTOBER, NOW)
        ledger.making(run, number)
        ledger.end_run(run, state, NOW, edition=number)


def written(company: TinyCompany) -> dict[tuple[str, str, int], str]:
    """Write into the ledger what it lacks; how each delivery stands then."""
    with ledger_of(company) as ledger:
        reconcile(company.state, ledger, load_config(company.config), NOW)
    return stand(company)


def states_of(company: TinyCompany, number: int) -> Counter[str]:
    """How the deliveries of an edition stand."""
    return Counter(state for (_, _, edition), state in written(company).items() if edition == number)


def prepared(outcome: Outcome) -> Prepared:
    assert outcome.prepared is not None
    return outcome.prepared


def lose_ledger(company: TinyCompany) -> None:
    for name in ("ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm"):
        (company.state.root / name).unlink(missing_ok=True)


def of_report(company: TinyCompany, report: str) -> dict[tuple[str, int], str]:
    """How a report's deliveries stand, by reader and edition."""
    return {(reader, edition): state for (name, reader, edition), state in stand(company).items() if name == report}


# -- the rule -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "refused"),
    [("below", True), ("below, 3rd month", True), ("as expected", False), ("withheld", False)],
)
def test_a_status_that_lasts_counts_as_below(
    ready: TinyCompany, monkeypatch: pytest.MonkeyPatch, written: str, refused: bool
) -> None:
    def with_status(edition: object, report_id: str) -> ReportModel | None:
        model = read_model(edition, report_id)  # type: ignore[arg-type]
        assert model is not None
        blocks = tuple(
            block.model_copy(
                update={
                    "rows": tuple(
                        row.model_copy(update={"status": row.status.model_copy(update={"text": written})})
                        for row in block.rows
                    )
                }
            )
            for block in model.glance.blocks
        )
        return model.model_copy(update={"glance": model.glance.model_copy(update={"blocks": blocks})})

    monkeypatch.setattr("flows.stages.prepare.read_model", with_status)
    told(ready, f"{DELIVERY}release: {{automatic: true, below: 0.2}}\n")
    edition = newest_edition(ready.state, OCTOBER)
    assert edition is not None
    refusal = refusal_of_rule(load_config(ready.config), edition, NOW, first=True)
    assert refusal == ("100.0% of the statuses are below, 20.0% may be" if refused else "")


def test_statuses_that_cannot_be_read_are_no_good_ones(ready: TinyCompany) -> None:
    told(ready, f"{DELIVERY}release: {{automatic: true, below: 1}}\n")
    edition = newest_edition(ready.state, OCTOBER)
    assert edition is not None
    (edition.folder / "models" / "team-NORTH.json").unlink()
    refusal = refusal_of_rule(load_config(ready.config), edition, NOW, first=True)
    assert refusal == "the statuses of a report cannot be read"


@pytest.mark.parametrize("rule", ["{automatic: true}", "{automatic: true, later_editions: true}"])
def test_after_the_ledger_was_lost_no_rule_releases_a_corrected_edition(ready: TinyCompany, rule: str) -> None:
    told(ready, f"{DELIVERY}release: {rule}\n")
    lose_ledger(ready)
    assert states_of(ready, 1) == {Hold.APPROVAL: 5}
    assert states_of(ready, again(ready)) == {Hold.APPROVAL: 5}


@pytest.mark.parametrize(("later", "third"), [("false", Hold.APPROVAL), ("true", DeliveryState.QUEUED)])
def test_the_first_edition_that_is_good_enough_goes_out_by_the_rule(ready: TinyCompany, later: str, third: str) -> None:
    told(ready, f"{DELIVERY}release: {{automatic: true, later_editions: {later}}}\n")
    assert states_of(ready, 1) == {Hold.APPROVAL: 5}, "it was there before there was a rule"
    assert states_of(ready, again(ready)) == {DeliveryState.QUEUED: 5}
    assert states_of(ready, again(ready)) == {third: 5}
    assert states_of(ready, 2) == {Hold.SUPERSEDED: 5}


@pytest.mark.soak
def test_a_run_that_ended_after_publishing_is_released_by_the_rule_when_it_is_run_again(
    company: TinyCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(company.state.root)
    told(company, RULE)

    def ended(*_: object) -> None:
        with ledger_of(company) as ledger:
            assert [(line.state, line.edition) for line in ledger.runs()] == [(RunState.RUNNING, 1)]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("flows.monthly.prepare_outcome", ended)
        with pytest.raises(KeyboardInterrupt):
            company.make()
    outcome = company.make()
    assert (outcome.new, prepared(outcome).queued, prepared(outcome).not_released) == (False, 5, "")


def test_a_death_is_told_and_the_rule_is_asked_though_status_found_it_first(ready: TinyCompany) -> None:
    told(ready, RULE)
    lose_ledger(ready)
    was_made(ready, 1, RunState.DIED)
    seen(ready.state, ready.config, ready.state.root, None)
    outcome = ready.make()
    assert prepared(outcome).queued == 5
    assert any("died before it ended" in line for line in outcome.warnings)


def test_after_such_a_death_who_looks_next_asks_the_rule_and_an_approval_of_one_report_does_not(
    ready: TinyCompany, tmp_path: Path
) -> None:
    told(ready, RULE)
    lose_ledger(ready)
    was_made(ready, 1, RunState.DIED)
    other = ready.copy(tmp_path / "other")
    assert states_of(ready, 1) == {DeliveryState.QUEUED: 5}
    assert release(other, ["team-NORTH"]).deliveries == 1
    assert states_of(other, 1) == {DeliveryState.QUEUED: 1, Hold.APPROVAL: 4}


def test_why_the_rule_released_nothing_is_told_however_often_it_is_made(ready: TinyCompany) -> None:
    told(ready, RULE)
    with ledger_of(ready) as ledger:
        outcome = Outcome(OCTOBER, 1, ready.state.edition(OCTOBER, 1), new=False, made=0, kept=5)
        again_prepared = prepare_outcome(ready.run(), ledger, outcome)
    assert again_prepared.not_released == "it was there before, so a person releases what waits of it"
    lose_ledger(ready)
    assert "did not see edition 1 being made" in prepared(ready.make()).not_released


# -- two at once --------------------------------------------------------------------------------------------------


def test_an_approval_overtaken_by_a_run_releases_nothing_and_holds_nothing(
    ready: TinyCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = releasing.refuse_foreign_names

    def slowly(state: StateRoot, edition: object, entries: object) -> None:
        read(state, edition, entries)  # type: ignore[arg-type]
        if len(ready.state.edition_numbers(OCTOBER)) == 1:
            again(ready)
            written(ready)

    monkeypatch.setattr(releasing, "refuse_foreign_names", slowly)
    with pytest.raises(RefusedError, match="edition 2 took its place"):
        release(ready)
    assert release(ready).deliveries == 5
    assert send(ready).sent == 5


def test_an_edition_that_is_not_the_newest_takes_no_place(ready: TinyCompany) -> None:
    first = newest_edition(ready.state, OCTOBER)
    assert first is not None
    again(ready)
    written(ready)
    with ledger_of(ready) as ledger:
        before = ledger.deliveries()
        prepare_edition(ready.state, ledger, load_config(ready.config), first, NOW)
        assert ledger.deliveries() == before


def test_many_who_reconcile_at_once_write_what_one_would(ready: TinyCompany) -> None:
    again(ready)
    config = load_config(ready.config)
    lose_ledger(ready)
    with ledger_of(ready) as ledger, ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: reconcile(ready.state, ledger, config, NOW), range(4)))
    assert set(stand(ready).items()) == {
        ((report, reader, 2), Hold.APPROVAL)
        for report, reader in (
            ("manager-AS01", "as01"), ("manager-AS02", "as02"), ("manager-AS06", "as06"), ("team-NORTH", "as02"),
            ("team-SOUTH", "as06"),
        )
    }  # fmt: skip


# -- another state root -------------------------------------------------------------------------------------------


def test_a_ledger_is_of_one_state_root_and_its_copies(
    ready: TinyCompany, tmp_path: Path, new_database: Callable[[str, str], str]
) -> None:
    url = new_database("one_root", "")
    told(ready, f"{DELIVERY}ledger: {url}\n")
    assert release(ready).deliveries == 5
    trial = StateRoot(tmp_path / "trial")
    with pytest.raises(ConfigError, match="is of another state root than") as refused:
        ready.make(state=trial)
    assert refused.value.exit_status == 2
    assert trial.edition_numbers(OCTOBER) == []
    assert set(stand(ready).values()) == {DeliveryState.QUEUED}
    shutil.copytree(ready.state.root, tmp_path / "copy")
    with Ledger.open(url, StateRoot(tmp_path / "copy")) as ledger:
        assert len(ledger.deliveries()) == 5
    # Taken over on purpose, as the message says.
    known = str(refused.value).split("write ")[1].split(" into ")[0]
    (trial.root / "root.id").write_text(f"{known}\n")
    Ledger.open(url, trial).close()
    assert send(ready).sent == 5


# -- readers and copies -------------------------------------------------------------------------------------------


def test_a_reader_who_comes_back_is_mailed(ready: TinyCompany) -> None:
    for reader in ("as01", "as02"):
        again(ready, readers={"team-NORTH": f"{reader}@tiny.example"})
        written(ready)
    assert of_report(ready, "team-NORTH") == {("as02", 1): Hold.APPROVAL, ("as01", 1): Hold.SUPERSEDED}
    assert (release(ready).deliveries, send(ready).sent) == (5, 5)


@pytest.mark.parametrize("by_rule", [True, False])
def test_a_reader_who_comes_back_and_may_have_it_waits_for_a_person(ready: TinyCompany, by_rule: bool) -> None:
    release(ready)
    settled(ready, "team-NORTH", DeliveryState.UNCERTAIN)
    told(ready, f"{DELIVERY}release: {{automatic: {by_rule}, later_editions: true}}\n")
    for reader in ("as01", "as02"):
        again(ready, readers={"team-NORTH": f"{reader}@tiny.example"})
        written(ready)
    line = next(one for one in lines_of(ready) if one.key.report_id == "team-NORTH" and "as02" in one.key.recipient)
    assert (line.hold, line.reason) == (Hold.APPROVAL, "waits for approval; its reader may have it already")


def settled(company: TinyCompany, report: str, state: DeliveryState) -> None:
    """One delivery, sent or not."""
    with ledger_of(company) as ledger:
        ledger.begin_sender("one", NOW)
        (line,) = ledger.claim("one", NOW, report_ids=[report])
        ledger.settle(line.key, "one", state, "as the test says", NOW)
        ledger.end_sender("one", NOW)


@pytest.mark.parametrize("state", [DeliveryState.FAILED, DeliveryState.UNCERTAIN], ids=str)
def test_what_failed_or_is_uncertain_of_an_earlier_edition_is_not_sent_again(
    ready: TinyCompany, state: DeliveryState
) -> None:
    release(ready)
    settled(ready, "team-NORTH", state)
    again(ready)
    written(ready)
    assert of_report(ready, "team-NORTH") == {("as02", 1): Hold.SUPERSEDED, ("as02", 2): Hold.APPROVAL}
    with ledger_of(ready) as ledger:
        copies = copies_of(ledger, OCTOBER)
    assert copies == ({NORTH: 1} if state is DeliveryState.UNCERTAIN else {}), "its reader may have it"


@pytest.mark.parametrize("surely", [True, False], ids=["sent", "uncertain"])
def test_a_small_correction_is_spared_only_who_surely_has_a_copy(ready: TinyCompany, surely: bool) -> None:
    release(ready)
    settled(ready, "team-NORTH", DeliveryState.SENT if surely else DeliveryState.UNCERTAIN)
    again(ready)
    written(ready)
    held = Hold.SMALL_CHANGE if surely else Hold.APPROVAL
    assert of_report(ready, "team-NORTH")["as02", 2] == held


@pytest.mark.soak
@pytest.mark.parametrize("arrived", [True, False])
def test_what_a_dead_sender_left_is_settled_before_a_correction_is_written(ready: TinyCompany, arrived: bool) -> None:
    release(ready)
    config, edition = load_config(ready.config), newest_edition(ready.state, OCTOBER)
    assert edition is not None
    with ledger_of(ready) as ledger:
        ledger.begin_sender("one", NOW, "outbox")
        (line,) = ledger.claim("one", NOW, report_ids=["team-NORTH"])
        ledger.begin_text(line.key, "one", NOW)
        assert copies_of(ledger, OCTOBER) == {NORTH: 1}, "it may be there any moment"
    if arrived:
        mail = mail_for(config, edition, edition.reports["team-NORTH"], line)
        transport_of(config, ready.state).send(mail, lambda: None)
        since = {entry["report_id"]: entry["since"] for entry in manifest_of(late(ready))["reports"]}
        assert since == {**dict.fromkeys(since, 0), "team-NORTH": 1}
        assert of_report(ready, "team-NORTH") == {("as02", 1): DeliveryState.SENT, ("as02", 2): Hold.APPROVAL}
    else:
        with ledger_of(ready) as ledger:
            assert settle_abandoned(ready.run(), ledger) == ()
            assert copies_of(ledger, OCTOBER) == {}


@pytest.mark.parametrize(
    ("has", "since"),
    [
        ({"left": 1}, 0), ({"left": 1, "new": 2}, 2), ({"old": 1, "new": 3}, 1), ({"new": 3}, 3), ({}, 0),
    ],
    ids=["only who left", "who left and one", "the oldest of two", "one of two", "nobody"],
)  # fmt: skip
def test_a_report_opens_with_what_changed_since_the_oldest_copy_of_its_readers_of_now(
    ready: TinyCompany, has: dict[str, int], since: int
) -> None:
    run = ready.run().knowing({("team-NORTH", reader): edition for reader, edition in has.items()}, 3, "")
    assert _copies(run, {"team-NORTH": ["old", "new"]}) == {"team-NORTH": since}


@pytest.mark.soak
def test_a_reader_without_a_copy_is_told_of_none(ready: TinyCompany) -> None:
    release(ready, ["team-NORTH"])
    send(ready)
    told(ready, f"{DELIVERY}team_reports_to: [managers_manager]\n")
    late(ready)
    release(ready, ["team-NORTH"])
    send(ready)
    texts = {mail["To"]: mail.get_body(("plain",)) for mail in mails(ready)}
    assert set(texts) == {"as01@tiny.example", "as02@tiny.example"}
    assert not any("since" in text.get_content() for text in texts.values() if text is not None)


# -- numbers ------------------------------------------------------------------------------------------------------


@pytest.mark.soak
@pytest.mark.parametrize("gone", ["the month", pytest.param("the newest", marks=pytest.mark.soak)])
def test_a_number_is_not_used_twice_and_the_month_can_be_mailed(ready: TinyCompany, gone: str) -> None:
    number = 1 if gone == "the month" else again(ready)
    release(ready)
    send(ready)
    shutil.rmtree(ready.state.edition(OCTOBER, number))
    if gone == "the newest":
        with pytest.raises(RefusedError, match=r"Edition 2 of 2026-10 took the place of edition 1, and .* is gone"):
            release(ready)
    outcome = ready.make()
    assert (outcome.number, outcome.made) == (number + 1, 5)
    assert manifest_of(outcome)["reissue"] == f"edition {number} is no longer kept"
    assert {entry["since"] for entry in manifest_of(outcome)["reports"]} == {number}
    assert (release(ready).deliveries, send(ready).sent) == (5, 5)


# -- backfills ----------------------------------------------------------------------------------------------------


def test_a_run_makes_a_backfills_edition_the_months(ready: TinyCompany) -> None:
    """As after `backfill` of a month that no run had made."""
    lose_ledger(ready)
    path = ready.state.edition(OCTOBER, 1) / "manifest.json"
    path.write_text(path.read_text().replace('"origin": "run"', '"origin": "backfill"'))
    was_made(ready, 1)
    assert written(ready) == {}
    config = load_config(told(ready, RULE).config)
    assert months_made(config, ready.state) == [], "serve makes it"
    outcome = ready.make()
    assert (outcome.new, prepared(outcome).queued) == (False, 5)
    assert months_made(config, ready.state) == [OCTOBER]
    assert send(ready).sent == 5


def test_a_backfills_edition_takes_the_place_of_what_is_queued_and_says_so(
    ready: TinyCompany, capsys: pytest.CaptureFixture[str]
) -> None:
    release(ready)
    ready.append("sales/2026-10.csv", LATE)
    outcome = backfill_months(ready.run(), OCTOBER, OCTOBER)
    assert outcome.months[0].stopped == 5
    _print(outcome, 1.0)
    said = capsys.readouterr().out
    assert "2026-10: edition 2 took the place of 5 released deliveries, not mailed yet." in said
    assert "yardstick approve 2026-10 --by NAME" in said
    assert set(stand(ready).values()) == {Hold.SUPERSEDED}
    assert send(ready).sent == 0
    assert (release(ready).deliveries, send(ready).sent) == (5, 5)


def test_a_backfill_with_mail_says_what_waits_and_what_is_queued(capsys: pytest.CaptureFixture[str]) -> None:
    _print(BackfillOutcome((MonthOutcome(OCTOBER, edition=1, new=True, waiting=5, queued=1),)), 1.0)
    said = capsys.readouterr().out
    assert "2026-10: 5 deliveries wait for approval: yardstick approve 2026-10 --by NAME" in said
    assert "2026-10: 1 delivery is queued. Mail: yardstick send 2026-10" in said


@pytest.mark.soak
@pytest.mark.parametrize("came", [False, True], ids=["nothing came", "rows came late"])
def test_a_backfill_goes_on_only_where_the_sources_say_the_same(
    ready: TinyCompany, monkeypatch: pytest.MonkeyPatch, came: bool
) -> None:
    monkeypatch.setattr(backfill, "_done_before", lambda *_: {OCTOBER})
    if came:
        ready.append("sales/2026-10.csv", LATE)
    (month,) = backfill_months(ready.run(), OCTOBER, OCTOBER).months
    assert (month.edition, month.new, month.resumed) == ((2, True, False) if came else (1, False, True))
