"""Files as they are found in the world land whole; skipped, saying so, where they are not beside the checkout."""

from pathlib import Path

import pytest

from config.errors import RefusedError
from config.models import Extract
from config.months import Month
from tests.flows.sources.company import Folders, extract, texts_of

DATA = Path(__file__).parents[4] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"the real data are not at {DATA}")


def real(**source: object) -> Extract:
    return extract(source, columns={"id": "id"})


def test_attendances_are_cut_by_their_period(folders: Folders) -> None:
    folders.data = DATA / "ae_attendances"
    declared = real(files="ae_attendances.csv", month_by="period")
    lines = (folders.data / "ae_attendances.csv").read_text(encoding="utf-8").splitlines()
    wanted = [line.replace('"', "") for line in lines if line.startswith("2017-03-01")]
    assert [",".join(cell or "" for cell in row) for row in texts_of(folders.land(declared, Month(2017, 3)))] == wanted
    with folders.session(sales=declared) as session:
        assert len(session.list_months("sales")) == 36


def test_orders_of_all_months_add_up_to_the_file(folders: Folders) -> None:
    folders.data = DATA / "northwind"
    with folders.session(sales=real(files="orders.csv", month_by="order_date")) as session:
        landed = [session.land("sales", month) for month in session.list_months("sales")]
    rows = (folders.data / "orders.csv").read_text(encoding="utf-8").count("\n") - 1
    assert sum(landing.rows for landing in landed if landing is not None) == rows


def test_absences_with_a_column_of_disciplinary_failures_are_refused(folders: Folders) -> None:
    folders.data = DATA / "absenteeism"
    with pytest.raises(RefusedError, match="“Disciplinary failure”"):
        folders.land(real(files="Absenteeism_at_work.csv"))
