"""The organisation of a month, from its checked hr extract.

Does not belong here: how it is worked out (`transforms.organisation`).
"""

from pathlib import Path

from config.checks import Severity
from config.errors import Place, RefusedError
from config.models import Config
from config.months import Month
from flows.checks import read_checked
from flows.stages.land import Inputs
from transforms.organisation import Organisation, build_organisation
from transforms.stages import Checked


def organisation_of(config: Config, month: Month, hr: Checked) -> Organisation:
    """The organisation as the hr extract of a month has it."""
    _, extract = config.hr()
    return build_organisation(read_checked(hr), extract, month, organisation_title=config.company.name)


def hr_of(inputs: Inputs, month: Month) -> Checked:
    """The checked hr extract of a month. Raises RefusedError where there is none."""
    for checked in inputs.checked:
        if checked.month == month:
            return checked
    raise RefusedError(f"There is no hr extract of {month}.", fix="Land it first: nothing can be attributed without.")


def refuse_broken_organisation(organisation: Organisation, hr: Checked) -> None:
    """Raise RefusedError where no organisation can be made of hr."""
    broken = [finding for finding in organisation.findings if finding.severity is Severity.CRITICAL]
    if broken:
        # A column that is missing says more than the rows that are useless without it.
        cause = next((finding for finding in hr.findings if finding.severity is Severity.CRITICAL), broken[0])
        raise RefusedError(cause.message, place=Place(Path(cause.file), cause.line) if cause.file else None)
