"""What every configuration model shares: frozen, and unknown keys refused."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, GetPydanticSchema
from pydantic_core import core_schema

from config.errors import UsageError
from config.months import Month


class Model(BaseModel):
    """A frozen model that refuses keys it does not know. Docstrings of fields become the editor's help."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        validate_default=True,
        populate_by_name=True,
        arbitrary_types_allowed=True,
    )


def _to_month(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return Month.parse(value)
    except UsageError as error:  # pydantic collects ValueErrors, so that all faults are told together
        raise ValueError(str(error)) from error


MonthField = Annotated[
    Month,
    GetPydanticSchema(
        lambda _source, _handler: core_schema.no_info_before_validator_function(
            _to_month,
            core_schema.is_instance_schema(Month),
            serialization=core_schema.to_string_ser_schema(),
        ),
        lambda _schema, _handler: {"type": "string", "pattern": r"^\d{4}-\d{2}$", "examples": ["2026-10"]},
    ),
]
"""A month in a configuration file, written 2026-10."""


def _one_or_more(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_one_or_more, json_schema_input_type=str | tuple[str, ...])]
"""One text or a list of texts."""
