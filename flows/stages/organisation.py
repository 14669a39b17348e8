"""The organisation of a month, from its checked hr extract.

Does not belong here: how it is worked out (`transforms.organisation`).
"""

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from config.checks import Severity
from config.errors import Place, RefusedError
from config.models import Config
from config.months import Month
from flows.checks import read_checked
from flows.stages.land import Inputs
from transforms.organisation import Organisation, build_organisation
from transforms.stages import Checked


@dataclass(frozen=True, slots=True)
class _Made:
    """What an organisation is made of: its checked rows and the configuration, told apart by their hashes."""

    path: Path
    month: Month
    config_sha256: str
    hr: Checked = field(compare=False)
    config: Config = field(compare=False)


def organisation_of(config: Config, month: Month, hr: Checked) -> Organisation:
    """The organisation as the hr extract of a month has it; made once, since several stages need it."""
    return _built(_Made(hr.path, month, config.sha256, hr, config))


@lru_cache(maxsize=8)
def _built(made: _Made) -> Organisation:
    _, extract = made.config.hr()
    rows = read_checked(made.hr)
    return build_organisation(rows, extract, made.month, organisation_title=made.config.company.name)


def hr_of(inputs: Inputs, month: Month) -> Checked:
    """The checked hr extract of a month. Raises RefusedError where there is none."""
    for checked in inputs.checked:
        if checked.month == month:
            return checked
    raise RefusedError(f"There is no hr extract of {month}.", fix="Land it first: nothing can be attributed without.")


def refuse_broken_organisation(organisation: Organisation, hr: Checked, file: str) -> None:
    """Raise RefusedError where no organisation can be made of hr; `file` is what hr came in."""
    broken = [finding for finding in organisation.findings if finding.severity is Severity.CRITICAL]
    if broken:
        # A column that is missing says more than the rows that are useless without it.
        cause = next((finding for finding in hr.findings if finding.severity is Severity.CRITICAL), broken[0])
        file = cause.file or file
        raise RefusedError(cause.message, place=Place(Path(file), cause.line) if file else None)
