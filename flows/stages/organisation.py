"""The organisation of a month, from its checked hr extract.

Does not belong here: how it is worked out (`transforms.organisation`).
"""

from config.errors import RefusedError
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
