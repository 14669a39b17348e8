"""The sample reports, rendered once a session."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from flows.rendering.document import Document, render
from tests.flows.rendering.sample_models import SAMPLES


@pytest.fixture(scope="session")
def documents() -> Mapping[str, Document]:
    """Each sample as a finished PDF."""
    return {name: render(make(), "Edition 1") for name, make in SAMPLES.items()}


@pytest.fixture(scope="session")
def pdf_files(documents: Mapping[str, Document], tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """The same as files."""
    folder = tmp_path_factory.mktemp("samples")
    for name, document in documents.items():
        (folder / f"{name}.pdf").write_bytes(document.pdf)
    return {name: folder / f"{name}.pdf" for name in documents}
