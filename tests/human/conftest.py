"""The browser in which the pages of this package are opened, and pages for it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from odw_harness.human.form import form_page
from odw_harness.human.sheet import Sheet
from tests.browser import chromium, opened
from tests.human.forms import sheet

__all__ = ["chromium", "opened"]


@pytest.fixture
def page_of(tmp_path: Path) -> Callable[[Sheet], Path]:
    def write(given: Sheet) -> Path:
        file = tmp_path / f"{given.grader[:8]}.html"
        file.write_text(form_page(given), encoding="utf-8")
        return file

    return write


@pytest.fixture
def form(page_of: Callable[[Sheet], Path]) -> Path:
    return page_of(sheet())


@pytest.fixture
def plain(page_of: Callable[[Sheet], Path]) -> Path:
    """Without dimensions."""
    return page_of(sheet(dimensions=False))
