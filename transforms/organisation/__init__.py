"""The organisation from hr rows: what was true of whom, which units rows count in, and the units of a month.

Belongs here, by module: `intervals` arithmetic on days, `rows` faulty rows set aside, `spells` what held when,
`hierarchy` who is above whom, `membership` whose rows count where, `units` titles and parents, `model` the result.
Does not belong here: reading or typing the extract, ids of other sources (`transforms.identities`), figures.
"""

from transforms.organisation.build import build_organisation
from transforms.organisation.model import Organisation

__all__ = ["Organisation", "build_organisation"]
