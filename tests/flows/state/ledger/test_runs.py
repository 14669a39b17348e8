"""What the ledger says of runs and editions, and which runs it knows to be dead."""

from pathlib import Path

import pytest
from sqlalchemy import update

from config.months import Month
from flows.state.ledger import EditionLine, Ledger, RunState
from flows.state.ledger.schema import runs
from tests.flows.state.ledger.lines import MINUTE, MONTH, NOW, Place, go, said, working


def test_a_run_is_written_from_its_beginning_to_its_end(ledger: Ledger) -> None:
    parent = ledger.begin_run("backfill", None, NOW, note="2026-01 to 2026-10")
    child = ledger.begin_run("run", MONTH, NOW, parent)
    begun = ledger.runs("run")[0]
    assert (begun.id, begun.month, begun.parent, begun.state, begun.ended_at) == (
        child, MONTH, parent, RunState.RUNNING, None,
    )  # fmt: skip
    assert begun.pid > 0
    assert begun.host
    ledger.end_run(child, RunState.DONE, NOW + MINUTE, edition=3)
    ledger.end_run(parent, RunState.FAILED, NOW + MINUTE, fault="SourceError")
    first, second = ledger.runs()
    assert (first.kind, first.state, first.fault, first.note) == (
        "backfill", RunState.FAILED, "SourceError", "2026-01 to 2026-10",
    )  # fmt: skip
    assert (second.state, second.edition, second.ended_at) == (RunState.DONE, 3, NOW + MINUTE)
    assert ledger.runs(month=MONTH) == ledger.runs(state=RunState.DONE) == [second]
    assert ledger.runs("send") == ledger.runs(month=Month(2026, 9)) == []


def test_a_run_does_not_end_by_running(ledger: Ledger) -> None:
    number = ledger.begin_run("run", MONTH, NOW)
    with pytest.raises(ValueError, match="does not end"):
        ledger.end_run(number, RunState.RUNNING, NOW)
    ledger.end_run(number, RunState.STOPPED, NOW)


def test_a_killed_run_is_marked_dead_and_one_that_lives_is_not(place: Place) -> None:
    with place.open() as ledger:
        mine = ledger.begin_run("send", MONTH, NOW)
        with working(place, ("run", "")) as (process,):
            go(process)
            theirs = int(said(process))
            assert ledger.mark_dead_runs(NOW) == []
            process.kill()
            process.wait()
            (dead,) = ledger.mark_dead_runs(NOW + MINUTE)
        assert (dead.id, dead.state, dead.ended_at) == (theirs, RunState.DIED, NOW + MINUTE)
        assert ledger.mark_dead_runs(NOW) == []
        assert [line.id for line in ledger.runs(state=RunState.RUNNING)] == [mine]
        ledger.end_run(mine, RunState.DONE, NOW)


def test_a_run_outlasts_the_opening_of_the_ledger_it_began_in(place: Place) -> None:
    with place.open() as ledger:
        number = ledger.begin_run("run", MONTH, NOW)
    with place.open() as ledger:
        assert ledger.mark_dead_runs(NOW) == []
        ledger.end_run(number, RunState.DONE, NOW)
        assert list((place.state.root / "runs").iterdir()) == [], "its lock is gone"


def test_a_run_of_another_host_is_not_ours_to_judge(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    number = ledger.begin_run("run", MONTH, NOW)
    monkeypatch.setattr("socket.gethostname", lambda: "another-host")
    ledger._database.write(lambda connection: connection.execute(update(runs).values(pid=2**22 + 1)).rowcount)
    assert ledger.mark_dead_runs(NOW) == []
    ledger.end_run(number, RunState.DONE, NOW)


@pytest.mark.parametrize(("pid", "dead"), [(1, False), (2**22 + 1, True)], ids=["lives", "gone"])
def test_a_run_whose_lock_is_out_of_reach_is_judged_by_its_process(
    ledger: Ledger, tmp_path: Path, pid: int, dead: bool
) -> None:
    ledger.begin_run("run", MONTH, NOW)
    moved = update(runs).values(lock_file=str(tmp_path / "elsewhere.lock"), pid=pid)
    ledger._database.write(lambda connection: connection.execute(moved).rowcount)
    assert bool(ledger.mark_dead_runs(NOW)) is dead


@pytest.mark.parametrize(
    ("month", "number", "new"),
    [(MONTH, 1, False), (MONTH, 2, True), (Month(2026, 9), 1, True)],
    ids=["the same", "another number", "another month"],
)
def test_an_edition_is_written_once(ledger: Ledger, month: Month, number: int, new: bool) -> None:
    assert ledger.add_edition(MONTH, 1, NOW, "ab" * 32, "run")
    assert ledger.add_edition(month, number, NOW + MINUTE, "cd" * 32, "backfill") is new
    assert EditionLine(MONTH, 1, NOW, "ab" * 32, "run") in ledger.editions()
    assert len(ledger.editions()) == 1 + new


def test_editions_are_listed_by_month_and_number(ledger: Ledger) -> None:
    for month, number in ((MONTH, 10), (MONTH, 2), (Month(2026, 9), 3)):
        ledger.add_edition(month, number, NOW, "ab", "backfill")
    assert [(line.month, line.number) for line in ledger.editions()] == [
        (Month(2026, 9), 3), (MONTH, 2), (MONTH, 10),
    ]  # fmt: skip
    assert [line.number for line in ledger.editions(MONTH)] == [2, 10]
