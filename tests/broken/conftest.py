"""The healthy company, made once, and a copy of it for each test to break."""

from pathlib import Path

import pytest

from tests.broken.company import Company, write_company


@pytest.fixture(scope="session")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The company with its month made: nothing is told of it."""
    company = write_company(tmp_path_factory.mktemp("healthy") / "company")
    told = company.make()
    assert (told.status, told.messages) == (0, ())
    return company


@pytest.fixture
def company(healthy: Company, tmp_path: Path) -> Company:
    """A copy with what it keeps."""
    return healthy.copy(tmp_path / "company")
