"""Says in a PDF's structure tree what WeasyPrint leaves out, before the objects are written.

Which way a table's headings reach; where figures stand; that running feet are decoration, not content. Follows
ISO 14289-1 (PDF/UA-1): 7.5 for tables, 7.8 for running heads and feet. Does not belong here: what is on the pages.
"""

from typing import Any

import pydyf

_POINTS_PER_PIXEL = 0.75
_Element = dict[str, Any]


def complete_structure(pdf: pydyf.PDF, page_height: float) -> None:
    """Change the objects of a tagged PDF in place. `page_height` is in points."""
    objects = pdf.objects
    for element in objects:
        kind = element.get("S") if type(element) is pydyf.Dictionary else None
        if kind == "/TH":
            _say_scope(element, objects)
        elif kind == "/TD":
            element["A"].pop("Headers", None)
            if len(element["A"]) == 1:
                del element["A"]
        elif kind == "/Figure":
            left, top, right, bottom = (value * _POINTS_PER_PIXEL for value in element["A"]["BBox"])
            element["A"]["BBox"] = pydyf.Array([left, page_height - bottom, right, page_height - top])
    _feet_as_decoration(pdf)


def _say_scope(element: _Element, objects: list[Any]) -> None:
    """A column's or a row's heading. One over a whole group of rows is a cell: PDF has no such scope."""
    element.pop("ID", None)
    if "ColSpan" in element["A"]:
        element["S"] = "/TD"
        return
    row = _at(objects, element["P"])
    element["A"]["Scope"] = "/Column" if _at(objects, row["P"])["S"] == "/THead" else "/Row"


def _feet_as_decoration(pdf: pydyf.PDF) -> None:
    """Running feet have structure elements that hang on nothing: their marks on the page become artifacts."""
    objects = pdf.objects
    root = _at(objects, pdf.catalog["StructTreeRoot"])
    whole = _at(objects, root["K"][0])
    kept, reference = set(whole["K"]), whole.reference
    loose = [
        element
        for element in objects
        if type(element) is pydyf.Dictionary and element.get("P") == reference and element.reference not in kept
        and element.get("Type") == "/StructElem"
    ]  # fmt: skip
    marks: dict[bytes, set[int]] = {}
    for element in loose:
        _gather(element, objects, marks)
    parents = _at(objects, root["ParentTree"])["Nums"]
    pages = [entry for entry in objects if type(entry) is pydyf.Dictionary and entry.get("Type") == "/Page"]
    for page in pages:
        numbers = marks.get(page.reference, set())
        table = parents[parents.index(page["StructParents"]) + 1] if numbers else []
        for number in numbers:
            table[number] = b"null"
        _unmark(_at(objects, page["Contents"]).stream, numbers)


def _gather(element: _Element, objects: list[Any], marks: dict[bytes, set[int]]) -> None:
    """Collect the marks below an element by page; the element itself is emptied and freed from the tree."""
    for kid in element["K"]:
        if isinstance(kid, int):
            marks.setdefault(element["Pg"], set()).add(kid)
        else:
            _gather(_at(objects, kid), objects, marks)
    element.clear()


def _unmark(stream: list[Any], numbers: set[int]) -> None:
    for place, item in enumerate(stream):
        if type(item) is pydyf.Dictionary and item.get("MCID") in numbers:
            stream[place - 1] = b"/Artifact"
            stream[place] = b"<</Type /Pagination /Subtype /Footer>>"


def _at(objects: list[Any], reference: bytes) -> Any:
    return objects[int(reference.split(b" ", 1)[0])]
