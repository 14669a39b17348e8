"""Great Expectations, set up so that it is a part of ours: imported late, quiet, and gone from the run's surroundings.

Its context is ephemeral, its progress bars are off, it sends nothing anywhere, and neither its log lines nor its
warnings reach the terminal. Not here: what is asked of it (`judging`, `row_suites`).
"""

import importlib.util
import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final

from config.errors import OutsideError

if TYPE_CHECKING:
    from types import ModuleType

    import pandas as pd
    from great_expectations.core.expectation_validation_result import ExpectationValidationResult
    from great_expectations.data_context.data_context.ephemeral_data_context import EphemeralDataContext
    from great_expectations.expectations.expectation import Expectation

PACKAGE: Final = "great_expectations"
DISTRIBUTION: Final = "great-expectations"
_ANALYTICS: Final = "GX_ANALYTICS_ENABLED"
_FIX: Final = "Run `make`: it installs what requirements.lock names."
_RESULT_FORMAT: Final = {
    "result_format": "COMPLETE", "partial_unexpected_count": 0, "exclude_unexpected_values": True,
    "return_unexpected_index_query": False,
}  # fmt: skip
"""Which rows fail, and nothing of their values: half the cost."""
_LONGEST_REASON: Final = 300


@dataclass(frozen=True, slots=True)
class Question:
    """One check in the library's words: `kind` is the name of one of its classes, `given` what it is made with.

    `only`: a column and the value it has in the rows that are asked; by default all are.
    """

    kind: str
    given: Mapping[str, object] = field(default_factory=dict)
    only: tuple[str, str | bool] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What Great Expectations found: rows asked, and the index labels of those that failed; or why it crashed."""

    asked: int = 0
    failed: tuple[int, ...] = ()
    crashed: str = ""


def library_missing() -> str | None:
    """What is missing of Great Expectations, in a sentence; None where it is installed. Imports nothing of it."""
    try:
        spec = importlib.util.find_spec(PACKAGE)
        installed = version(DISTRIBUTION) if spec is not None and spec.origin is not None else ""
    except (ImportError, ValueError, PackageNotFoundError):
        installed = ""
    return None if installed else f"{DISTRIBUTION} is not installed, and without it nothing can be checked."


def require_library() -> str:
    """The version of Great Expectations. Raises OutsideError where it is not installed."""
    missing = library_missing()
    if missing:
        raise OutsideError(missing, fix=_FIX)
    return version(DISTRIBUTION)


def load_library() -> "ModuleType":
    """Great Expectations as a module, ready for use. Raises OutsideError where it is missing or does not start."""
    gx = _imported()
    _new_context(gx)
    return gx


def ask(name: str, frame: "pd.DataFrame", questions: Mapping[str, Question]) -> dict[str, Answer]:
    """Run one suite once over a frame: the answers by the ids of the questions.

    The frame's index must be whole numbers without repetition: answers name rows by it. What cannot be asked, raised
    an exception or has no result has crashed. Raises OutsideError where the run itself fails.
    """
    gx = _imported()
    context = _new_context(gx)
    crashed: dict[str, Answer] = {}
    try:
        with _quiet():
            expectations = []
            for id_, question in questions.items():
                try:
                    expectations.append(_expectation(gx, id_, question))
                except Exception as error:  # noqa: BLE001 (what cannot be asked has crashed, and the others are asked)
                    crashed[id_] = Answer(crashed=_said(error))
            asset = context.data_sources.add_pandas(name).add_dataframe_asset(name)
            batch = asset.add_batch_definition_whole_dataframe(name).get_batch({"dataframe": frame})
            suite = gx.ExpectationSuite(name=name, expectations=expectations)
            results = batch.validate(suite, result_format=_RESULT_FORMAT).results
    except Exception as error:
        raise _broken("does not run", error) from error
    # Results come in another order than the suite's.
    found = {str(result.expectation_config.meta["id"]): _answer(result) for result in results} | crashed
    return {id_: found.get(id_, Answer(crashed="Great Expectations gave no result")) for id_ in questions}


def _expectation(gx: "ModuleType", id_: str, question: Question) -> "Expectation":
    given = dict(question.given)
    if question.only:
        column, value = question.only
        given["row_condition"] = gx.expectations.row_conditions.Column(column) == value
    expectation: Expectation = getattr(gx.expectations, question.kind)(**given, meta={"id": id_})
    return expectation


def _imported() -> "ModuleType":
    require_library()
    before = os.environ.get(_ANALYTICS)
    os.environ[_ANALYTICS] = "false"
    try:
        with _quiet():
            import great_expectations as gx
            import great_expectations.expectations
    except Exception as error:
        raise _broken("cannot be imported", error) from error
    finally:
        if before is None:
            del os.environ[_ANALYTICS]
        else:
            os.environ[_ANALYTICS] = before
    return gx


def _new_context(gx: "ModuleType") -> "EphemeralDataContext":
    try:
        with _quiet():
            from great_expectations.data_context.types.base import (
                DataContextConfig,
                InMemoryStoreBackendDefaults,
                ProgressBarsConfig,
            )

            in_memory = InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
            config = DataContextConfig(
                store_backend_defaults=in_memory,
                progress_bars=ProgressBarsConfig(globally=False),
                analytics_enabled=False,
            )
            context: EphemeralDataContext = gx.get_context(mode="ephemeral", project_config=config)
    except Exception as error:
        raise _broken("does not start", error) from error
    return context


@contextmanager
def _quiet() -> Iterator[None]:
    """Neither warnings nor log lines of the library's; what it changes for the whole process is put back."""
    logger, nowhere = logging.getLogger(PACKAGE), logging.NullHandler()
    propagates = logger.propagate
    logger.addHandler(nowhere)
    # Some loggers below it set levels of their own.
    logger.propagate = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            shown_by = warnings.showwarning
            yield
            if warnings.showwarning is not shown_by:
                # Importing it makes all of Python's warnings log lines.
                logging.captureWarnings(capture=False)
    finally:
        logger.propagate = propagates
        logger.removeHandler(nowhere)


def _broken(how: str, error: Exception) -> OutsideError:
    return OutsideError(f"{DISTRIBUTION} {how}, and without it nothing can be checked: {_said(error)}.", fix=_FIX)


def _said(error: BaseException) -> str:
    text = " ".join(str(error).split())[:_LONGEST_REASON].rstrip(". ")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _answer(result: "ExpectationValidationResult") -> Answer:
    raised = _raised(result.exception_info or {})
    if raised:
        return Answer(crashed=raised)
    content: dict[str, Any] = result.result
    asked = int(content["element_count"]) - int(content.get("missing_count") or 0)
    failed = tuple(sorted(int(label) for label in content.get("unexpected_index_list") or ()))
    if len(failed) != int(content["unexpected_count"]):
        return Answer(crashed="Great Expectations counts other rows than it lists")
    return Answer(asked, failed)


def _raised(info: dict[str, Any]) -> str:
    """Why an expectation crashed: it is told at once, or by each metric that was needed."""
    told = [info] if "raised_exception" in info else [one for one in info.values() if isinstance(one, dict)]
    reasons = sorted(
        {
            " ".join(str(one.get("exception_message") or "no reason is given").split())[:_LONGEST_REASON].rstrip(". ")
            for one in told
            if one.get("raised_exception")
        }
    )
    return "; ".join(reasons)
