"""Processes beside this one: what they give back, and that none outlives the one that started them."""

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import psutil
import pytest

from config.errors import OutsideError, UsageError
from config.months import Month, months_between
from flows.stages.land import inputs_by_extract, land_and_check
from flows.stages.measure import measure
from flows.stages.run import MonthRun
from flows.state.paths import StateRoot
from flows.workers import Workers, result_of
from tests.companies import OCTOBER, TinyCompany, files_under, usual_sales, write_company


def test_outside_of_a_with_block_there_is_nobody_but_this_process() -> None:
    workers = Workers(2)
    assert workers.count == 1
    with pytest.raises(RuntimeError, match="entered"):
        workers.submit(date.today)


def test_a_worker_has_no_workers_of_its_own() -> None:
    with Workers(2) as workers, pickle.loads(pickle.dumps(workers)) as carried:
        assert (workers.count, carried.count) == (2, 1)


@pytest.mark.slow  # Starts processes.
def test_results_and_our_own_errors_come_back_as_they_are(tmp_path: Path) -> None:
    before = psutil.Process().children()
    with Workers(2, scratch=tmp_path) as workers:
        assert result_of(workers.submit(Month.parse, "2026-10"), "read") == OCTOBER
        with pytest.raises(UsageError, match=r"“October” is no month\. Write year and month"):
            result_of(workers.submit(Month.parse, "October"), "read")
        with pytest.raises(OutsideError, match="A process that was to read ended without a word"):
            result_of(workers.submit(os._exit, 1), "read")
    assert list(tmp_path.iterdir()) == []
    after = {child.pid for child in psutil.Process().children()} - {child.pid for child in before}
    # What remains is multiprocessing's own tracker, one a program.
    assert [
        psutil.Process(pid).cmdline()[-1] for pid in after if "tracker" not in str(psutil.Process(pid).cmdline())
    ] == []


# -- what they make ------------------------------------------------------------------------------------------------

MEASURE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from flows.stages.land import inputs_by_extract, land_and_check
from flows.stages.measure import measure
from flows.stages.run import MonthRun
from flows.state.paths import StateRoot
from config.months import Month

def main():
    folder = Path(sys.argv[1])
    pulled_at = datetime(2026, 11, 6, tzinfo=UTC)
    run = MonthRun(Month(2026, 10), folder / "config", StateRoot(folder / "state"), pulled_at, workers=2)
    with run.pool:
        inputs = inputs_by_extract([land_and_check(run, name) for name in run.config.extracts])
        print(len(measure(run, inputs)), "months")

if __name__ == "__main__":
    main()
"""


def measured(company: TinyCompany, state: StateRoot, workers: int) -> tuple[MonthRun, dict[str, bytes]]:
    run = company.run(state=state, workers=workers)
    with run.pool:
        inputs = inputs_by_extract([land_and_check(run, name) for name in run.config.extracts])
        assert len(measure(run, inputs)) == 13
    return run, files_under(state.root)


@pytest.mark.soak  # Lands and measures thirteen months twice, once by processes of its own.
def test_what_is_landed_checked_and_measured_does_not_depend_on_the_number_of_workers(tmp_path: Path) -> None:
    company = write_company(tmp_path / "company", history_months=12)
    # Numbers and dates spelled in other ways, a row that is set aside, and one that is nobody's.
    company.append("sales/2026-03.csv", "x1,AS03,3/4/26,1.,B2B", "x2,AS03,2026-03-04,12 €,B2B", "x3,AS99,2026-03-04,5,")
    company.append("service/2026-04.csv", "y1,AS03,2026-04-05,perhaps")
    _, alone = measured(company, StateRoot(tmp_path / "alone"), 1)
    _, together = measured(company, StateRoot(tmp_path / "together"), 2)
    assert sorted(alone) == sorted(together)
    assert [name for name, content in alone.items() if together[name] != content] == []
    assert sum(name.startswith("facts/") for name in alone) == 26


@pytest.mark.soak
@pytest.mark.slow  # The same.
def test_workers_find_our_modules_from_a_folder_with_a_config_py_of_its_own(tmp_path: Path) -> None:
    company = write_company(tmp_path / "company", history_months=12)
    strange = tmp_path / "elsewhere"
    strange.mkdir()
    (strange / "config.py").write_text("raise SystemExit('a foreign config was imported')\n")
    (strange / "program.py").write_text(MEASURE)
    shown = subprocess.run(
        [sys.executable, "program.py", company.folder], cwd=strange, check=False, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(strange)},
    )  # fmt: skip
    assert (shown.returncode, shown.stdout, shown.stderr) == (0, "13 months\n", "")


@pytest.mark.soak
@pytest.mark.slow  # Starts processes.
def test_a_refusal_in_a_worker_is_told_as_any_other(tmp_path: Path) -> None:
    company = write_company(tmp_path / "company", history_months=12)
    company.change("config/extracts.yaml", "main_measure: amount", "main_measure: amount\n  currency: segment")
    for month in months_between(OCTOBER.shift(-12), OCTOBER):
        company.write(
            f"sales/{month}.csv", [line.replace("B2B", "EUR").replace("B2C", "USD") for line in usual_sales(month)]
        )
    run = company.run(workers=2)
    with run.pool:
        sales = land_and_check(run, "sales")
    assert (len(sales.landings), sales.checked) == (13, ())
    assert "and no exchange rate to EUR. Add to a CSV named by `exchange_rates`" in sales.failure


# -- whatever happens, nobody is left behind -----------------------------------------------------------------------

AT_WORK = """
import sys, time
from flows.workers import Workers

def main():
    try:
        with Workers(2) as workers:
            workers.submit(time.sleep, 0).result()
            busy = [workers.submit(time.sleep, 600) for _ in range(8)]
            print("at work", flush=True)
            for one in busy:
                one.result()
    except KeyboardInterrupt:
        sys.exit(130)

if __name__ == "__main__":
    main()
"""


@contextmanager
def at_work(folder: Path) -> Iterator[tuple["subprocess.Popen[str]", list[psutil.Process]]]:
    """A program with two busy workers, in a process group of its own as under a terminal; and its processes."""
    (folder / "program.py").write_text(AT_WORK)
    with subprocess.Popen(
        [sys.executable, "program.py"], cwd=folder, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as program:  # fmt: skip
        assert program.stdout is not None
        assert program.stdout.readline() == "at work\n"
        children = psutil.Process(program.pid).children(recursive=True)
        assert len(children) >= 2
        try:
            yield program, children
        finally:
            program.kill()
            for child in children:
                if child.is_running():
                    child.kill()


@pytest.mark.slow  # Starts processes, and gives them a moment to end what they are at.
def test_an_interrupt_ends_all_of_them_and_says_nothing(tmp_path: Path) -> None:
    with at_work(tmp_path) as (program, children):
        os.killpg(program.pid, signal.SIGINT)
        _, said = program.communicate(timeout=60)
        _, left = psutil.wait_procs(children, timeout=10)
    assert (program.returncode, said, left) == (130, "", [])


@pytest.mark.slow  # Starts processes.
def test_none_outlives_a_program_that_is_killed(tmp_path: Path) -> None:
    with at_work(tmp_path) as (program, children):
        program.kill()
        program.wait(timeout=10)
        _, left = psutil.wait_procs(children, timeout=10)
    assert left == []
