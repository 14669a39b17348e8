"""Many reports at once: in order, whole or with an error, whatever happens to one of them."""

import hashlib
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from flows.rendering import Rendered, RenderJob, render_reports
from tests.flows.rendering.sample_models import team
from transforms.report_model import ReportModel

SMALL = team().model_copy(update={"changing": (), "ahead": ()})


def jobs_for(folder: Path, models: list[ReportModel | bytes]) -> list[RenderJob]:
    jobs = []
    for number, model in enumerate(models):
        path = folder / f"team-{number}.json"
        path.write_bytes(model if isinstance(model, bytes) else model.canonical_json())
        jobs.append(RenderJob(path, folder / f"team-{number}.pdf", "Edition 1"))
    return jobs


def titled(number: int) -> ReportModel:
    return SMALL.model_copy(update={"title": f"Team {number}"})


def check_whole(rendered: Rendered) -> None:
    assert not rendered.error
    assert rendered.pages >= 1
    assert rendered.sha256 == hashlib.sha256(rendered.pdf_path.read_bytes()).hexdigest()


def test_two_reports_are_made_here_and_only_for_their_owners_eyes(tmp_path: Path) -> None:
    told: list[int] = []
    made = render_reports(jobs_for(tmp_path, [titled(1), titled(2)]), progress=told.append)
    assert told == [1, 2]
    for rendered in made:
        check_whole(rendered)
        assert stat.S_IMODE(rendered.pdf_path.stat().st_mode) == 0o600
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".json", ".pdf", ".pdf"]


def test_one_broken_model_is_told_and_the_others_are_made(tmp_path: Path) -> None:
    made = render_reports(jobs_for(tmp_path, [titled(1), b'{"model_version": 1}', titled(3)]), workers=1)
    check_whole(made[0])
    check_whole(made[2])
    assert "team-1.json" in made[1].error
    assert not made[1].pdf_path.exists()


def test_nothing_is_rendered_of_nothing() -> None:
    assert render_reports([]) == []


def test_a_folder_that_is_not_there_is_an_error_of_that_report(tmp_path: Path) -> None:
    (job,) = jobs_for(tmp_path, [titled(1)])
    (made,) = render_reports([RenderJob(job.model_path, tmp_path / "missing" / "x.pdf", "Edition 1")])
    assert "team-0.json" in made.error


@pytest.mark.soak
@pytest.mark.slow  # Starts worker processes, each of which loads WeasyPrint.
def test_workers_give_the_bytes_of_one_process_in_the_order_asked(tmp_path: Path) -> None:
    told: list[int] = []
    models: list[ReportModel | bytes] = [titled(number) for number in range(5)]
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    here = render_reports(jobs_for(tmp_path / "a", models), workers=1)
    there = render_reports(jobs_for(tmp_path / "b", models), workers=2, progress=told.append)
    assert [rendered.sha256 for rendered in there] == [rendered.sha256 for rendered in here]
    assert told[-1] == 5
    assert told == sorted(told)


DYING = """
import sys
from pathlib import Path
import flows.rendering.worker as worker
from flows.rendering import RenderJob, render_reports

def main():
    folder = Path(sys.argv[1])
    jobs = [RenderJob(path, path.with_suffix(".pdf"), "Edition 1") for path in sorted(folder.glob("team-*.json"))]
    for rendered in render_reports(jobs, workers=2):
        print(rendered.pdf_path.name, rendered.error or "made")

if __name__ == "__main__":
    main()
"""
# Runs in each worker at its start, as a foreign library that crashes on one report would: at the last moment.
CRASH = """
import os, sys
if any("spawn_main" in argument or "--multiprocessing-fork" in argument for argument in sys.orig_argv):
    import pathlib
    read = pathlib.Path.read_bytes
    def read_bytes(self):
        if self.name == "team-2.json":
            os._exit(139)
        return read(self)
    pathlib.Path.read_bytes = read_bytes
"""


@pytest.mark.soak
@pytest.mark.slow  # Workers die and are started anew.
def test_a_report_that_kills_its_worker_costs_no_other_report(tmp_path: Path) -> None:
    jobs_for(tmp_path, [titled(number) for number in range(5)])
    (tmp_path / "sitecustomize.py").write_text(CRASH)
    (tmp_path / "config.py").write_text("raise SystemExit('a foreign config was imported')\n")
    (tmp_path / "run.py").write_text(DYING)
    shown = subprocess.run(
        [sys.executable, "run.py", str(tmp_path)], cwd=tmp_path, check=True, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path)}, timeout=240,
    )  # fmt: skip
    lines = shown.stdout.splitlines()
    assert [line for line in lines if line.endswith("made")] == [f"team-{number}.pdf made" for number in (0, 1, 3, 4)]
    assert "team-2.json could not be rendered" in lines[2]
