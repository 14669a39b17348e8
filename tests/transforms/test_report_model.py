"""A report model's hash says whether the report has changed, and nothing else changes it."""

import json
import re
from pathlib import Path

import pydantic
import pytest

from tests.flows.rendering.sample_models import manager_of_eight
from transforms import report_model
from transforms.report_model import ReportModel


@pytest.fixture(scope="module")
def model() -> ReportModel:
    return manager_of_eight()


def test_written_and_read_again_it_is_the_same(model: ReportModel) -> None:
    again = ReportModel.model_validate_json(model.canonical_json())
    assert again == model
    assert again.sha256() == model.sha256()


def test_its_json_is_utf_8_with_sorted_keys_and_one_newline_at_the_end(model: ReportModel) -> None:
    text = model.canonical_json().decode("utf-8")
    assert text.endswith("}\n")
    assert "\\u" not in text
    assert list(json.loads(text)) == sorted(json.loads(text))


def test_any_changed_word_is_another_hash(model: ReportModel) -> None:
    changed = model.model_copy(update={"subtitle": f"{model.subtitle}."})
    assert changed.sha256() != model.sha256()


def test_a_key_it_does_not_know_is_refused(model: ReportModel) -> None:
    with pytest.raises(pydantic.ValidationError, match="extra_forbidden"):
        ReportModel.model_validate({**model.model_dump(), "edition": 2})


def test_nothing_in_it_can_tell_a_time_a_path_or_an_edition() -> None:
    """What is no function of the month's inputs has no field to stand in."""
    fields = {
        f"{part.__name__}.{name}"
        for part in vars(report_model).values()
        if isinstance(part, type) and issubclass(part, report_model.Part)
        for name in part.model_fields
    }
    told = re.compile(r"edition|clock|path|pulled|created|generated|code_version|timestamp", re.IGNORECASE)
    assert fields
    assert [name for name in sorted(fields) if told.search(name)] == []
    source = Path(report_model.__file__).read_text("utf-8")
    assert "datetime" not in source
