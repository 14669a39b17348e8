"""What pydantic found wrong, told in our words: file, line, key, the value as written, and what would be right.

Does not belong here: finding the faults. No word of pydantic's own reaches a user through this module.
"""

import difflib
import re
import types
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from config.errors import ConfigError
from config.yaml_places import Document, Path_

T = TypeVar("T")
_VARIANTS = {"files": "a files source", "url": "a database source", "tables": "a query source"}


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like this one, or None where none is alike."""
    by_fold = {name.casefold(): name for name in sorted(known)}
    found = difflib.get_close_matches(word.casefold(), list(by_fold), n=1, cutoff=0.6)
    return by_fold[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str], *, what: str = "Known") -> str:
    """“Did you mean …?”, or the list of what is known."""
    names = sorted(known)
    guess = nearest(word, names)
    if guess:
        return f"Did you mean {guess}?"
    shown = ", ".join(names[:30]) + (" …" if len(names) > 30 else "")  # noqa: PLR2004 — a message, not a catalogue
    return f"{what}: {shown}." if names else f"{what}: none."


def validated(
    adapter: TypeAdapter[T], kind: Any, document: Document, path: Path_
) -> tuple[T | None, list[ConfigError]]:
    """The value at a path as its type, or None with every fault found in it."""
    try:
        return adapter.validate_python(document.at(path)), []
    except ValidationError as error:
        return None, _faults(error, kind, document, path)


def value_fault(error: ErrorDetails, shown: str) -> tuple[str, str]:
    """What is wrong with one value and what would be right, whatever file it stands in."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "literal_error" and context["expected"] == "True":
        return f"“{shown}” cannot stand here.", "Write true, or take the line away."
    if kind in ("enum", "literal_error"):
        allowed = re.findall(r"'([^']*)'", str(context["expected"]))
        guess = nearest(shown, allowed)
        return f"“{shown}” is not known here.", (f"Did you mean {guess}? " if guess else "") + (
            f"Allowed: {', '.join(allowed)}."
        )
    if kind == "value_error":
        text = str(context["error"])
        what, _, fix = text.partition(". ")
        return (f"{what}.", fix) if fix else (f"{text[:1].upper()}{text[1:].rstrip('.')}.", "")
    if kind == "too_short":
        return "Nothing is listed here.", "Write at least one."
    if kind.startswith("string_"):
        return _text_fault(kind, context, shown)
    return _other_fault(kind, context, shown)


def _text_fault(kind: str, context: Mapping[str, Any], shown: str) -> tuple[str, str]:
    if kind == "string_type":
        return f"“{shown}” is not a text.", f"Put it in quotes: '{shown}'." if shown[:2] != "a " else "Write one text."
    if kind == "string_too_short":
        least = context["min_length"]
        return f"“{shown}” is too short.", f"Write at least {least} character{'s' if least > 1 else ''}."
    if kind == "string_too_long":
        return f"“{shown}” is too long.", f"Write at most {context['max_length']} characters."
    form = {
        "^[a-z][a-z0-9_]*$": "a name: small letters, digits and _, beginning with a letter, such as net_sales",
        "^[A-Z]{3}$": "three capital letters, such as EUR",
    }.get(str(context.get("pattern")), "of the right form")
    return f"“{shown}” is not {form.split(',')[0].split(':')[0]}.", f"Write {form}." if form[:2] != "of" else ""


_EXPECTED: tuple[tuple[str, str, str], ...] = (
    ("bool", "is neither true nor false", "Write true or false."),
    ("int", "is no whole number", "Write a whole number, such as 3."),
    ("decimal", "is no number", "Write a number with a point, such as 0.03."),
    ("float", "is no number", "Write a number with a point, such as 0.03."),
    ("finite_number", "is no number", "Write a number with a point, such as 0.03."),
    ("date", "is no date", "Write year-month-day, such as 2026-10-31."),
    ("dict_type", "should be a mapping", "Write lines of “name: value” below it."),
    ("model_", "should be a mapping", "Write lines of “key: value” below it."),
    ("tuple_type", "should be a list", "Write - in front of each item, or [a, b]."),
    ("missing", "is missing", ""),
)
_BOUNDS = {
    "greater_than_equal": ("ge", "at least"),
    "less_than_equal": ("le", "at most"),
    "greater_than": ("gt", "more than"),
    "less_than": ("lt", "less than"),
}


def _other_fault(kind: str, context: Mapping[str, Any], shown: str) -> tuple[str, str]:
    if kind in _BOUNDS:
        name, words = _BOUNDS[kind]
        return f"“{shown}” is out of bounds.", f"Write {words} {context[name]}."
    for prefix, what, fix in _EXPECTED:
        if kind.startswith(prefix):
            subject = shown[:1].upper() + shown[1:] if shown in ("nothing", "a list", "a mapping") else f"“{shown}”"
            if subject[0] != "“" and what.startswith("should be"):
                return f"{subject} stands here; it {what}.", fix
            return f"{subject} {what}.", fix
    return f"“{shown}” cannot stand here.", ""


def _faults(error: ValidationError, kind: Any, document: Document, start: Path_) -> list[ConfigError]:
    found = []
    unknown: list[tuple[Path_, str | None]] = []
    details = error.errors(include_url=False)
    for detail in details:
        path, model = resolved(kind, detail["loc"])
        if detail["type"] == "extra_forbidden":
            unknown.append((path[:-1], nearest(str(path[-1]), known_keys(model))))
    for detail in details:
        path, model = resolved(kind, detail["loc"])
        if detail["type"] == "missing" and (path[:-1], str(path[-1])) in unknown:
            continue  # the misspelt key has its own message
        found.append(_fault(detail, path, model, document, start))
    return found


def _fault(detail: ErrorDetails, path: Path_, model: Any, document: Document, start: Path_) -> ConfigError:
    full: Path_ = (*start, *path)
    place = document.place(full)
    known = known_keys(model)
    tag = detail["loc"]
    if detail["type"] == "extra_forbidden":
        variant = _variant_of(model)
        of = f" of {variant}" if variant else ""
        return ConfigError(f"“{path[-1]}” is no key{of}.", place=place, fix=did_you_mean(str(path[-1]), known))
    if detail["type"] == "missing":
        help_text = known.get(str(path[-1]), "")
        return ConfigError(f"“{path[-1]}” is missing.", place=place, fix=f"Add it. {help_text}".strip())
    if detail["type"].startswith("union_tag"):
        return _no_variant(document, full)
    if tag and tag[-1] == "[key]":
        shown = str(path[-1])
    else:
        shown = document.written(full)
    what, fix = value_fault(detail, shown)
    if detail["type"] == "enum" and path[-1:] == ("type",) and document.at(full) is None:
        fix += f" If it is the heading in the source, write {{type: …, from: {shown}}}."
    return ConfigError(what, place=place, fix=fix)


def _no_variant(document: Document, path: Path_) -> ConfigError:
    value = document.at(path)
    right = "Write files: (a pattern), url: (a database) or tables: (a query over several) below it."
    if isinstance(value, dict):
        for key in value:
            guess = nearest(key, _VARIANTS)
            if guess:
                return ConfigError(
                    f"“{key}” is no key.", place=document.place((*path, key)), fix=f"Did you mean {guess}?"
                )
    return ConfigError("This says no source.", place=document.place(path), fix=right)


def _variant_of(model: Any) -> str:
    names = {"FilesSource": "files", "DatabaseSource": "url", "QuerySource": "tables"}
    key = names.get(getattr(model, "__name__", ""), "")
    return f"{_VARIANTS[key]} (it has {key}:)" if key else ""


# -- following an error's place through the types ---------------------------------------------------------------


def known_keys(model: Any) -> dict[str, str]:
    """The keys a model takes as a file writes them, each with the first sentence of its help.

    Fields that are excluded are filled by the loader and are no keys.
    """
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return {}
    return {
        field.alias or name: re.split(r"(?<=[.:;]) ", field.description.replace("\n", " "))[0].rstrip(":;")
        if field.description
        else ""
        for name, field in model.model_fields.items()
        if not field.exclude
    }


def resolved(kind: Any, location: tuple[int | str, ...]) -> tuple[Path_, Any]:
    """The path in the file (without union tags), and the model that holds its last key."""
    path: list[int | str] = []
    holder: Any = None
    here = kind
    rest = list(location)
    while rest:
        here = _without_annotation(here, rest)
        if not rest:
            break
        key = rest.pop(0)
        if key == "[key]":
            continue
        path.append(key)
        holder, here = here, _inner(here, key)
    return tuple(path), holder


def _without_annotation(kind: Any, rest: list[int | str]) -> Any:
    while True:
        if get_origin(kind) is Annotated:
            kind = get_args(kind)[0]
        elif get_origin(kind) in (Union, types.UnionType):
            kind = _arm(kind, rest)
        else:
            return kind


def _arm(kind: Any, rest: list[int | str]) -> Any:
    arms = [arm for arm in get_args(kind) if arm is not type(None)]
    for arm in arms:
        tags = [getattr(extra, "tag", None) for extra in get_args(arm)[1:]] if get_origin(arm) is Annotated else []
        if rest and rest[0] in tags and rest[0] is not None:
            rest.pop(0)
            return arm
    return arms[0]


def _inner(kind: Any, key: int | str) -> Any:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        field = next((f for name, f in kind.model_fields.items() if key in (name, f.alias)), None)
        return field.annotation if field else None
    arguments = get_args(kind)
    if get_origin(kind) is dict:
        return arguments[1]
    return arguments[0] if get_origin(kind) is tuple else None
