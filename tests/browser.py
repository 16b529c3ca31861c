"""A headless Chromium, and pages in it that tell what went wrong. A package whose tests need it imports the fixtures in its
conftest.py."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="package")  # no longer: while Playwright runs, nothing else in this thread can use asyncio
def chromium() -> Iterator[Any]:
    """Debian's Chromium, driven by Playwright. Without one the tests are skipped, but not in CI."""
    program = shutil.which("chromium")
    if program is None:
        tell: Callable[[str], Any] = pytest.fail if os.environ.get("CI") else pytest.skip
        tell("no chromium: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@dataclass
class Opened:
    """A page in the browser. trouble: dialogs, errors, console messages of errors, and requests but the page's own.
    leaving: how often it asked whether to leave it, which is answered with yes."""

    page: Any
    trouble: list[str] = field(default_factory=list)
    leaving: int = 0

    def answer(self, dialog: Any) -> None:
        """Note a dialog, and close it."""
        if dialog.type == "beforeunload":
            self.leaving += 1
            dialog.accept()
        else:
            self.trouble.append(f"dialog: {dialog.message}")
            dialog.dismiss()

    def overflow(self) -> int:
        """Pixels by which the document is wider than the window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


@pytest.fixture
def opened(chromium: Any) -> Iterator[Callable[..., Opened]]:
    """Opens a file: opened(file, hash="#…", size=PHONE, dark=True, language="zh-CN"); first: a script that runs before it."""
    contexts = []

    def go(
        file: Path,
        hash: str = "",
        size: dict[str, int] = WIDE,
        dark: bool = False,
        language: str = "en-GB",
        first: str = "",
    ) -> Opened:
        context = chromium.new_context(viewport=size, color_scheme="dark" if dark else "light", locale=language)
        contexts.append(context)
        context.set_default_timeout(120_000)
        if first:
            context.add_init_script(first)
        page = context.new_page()
        one = Opened(page)
        page.on("dialog", one.answer)
        page.on("pageerror", lambda error: one.trouble.append(f"error: {error}"))
        page.on(
            "console", lambda said: said.type in ("error", "warning") and one.trouble.append(f"console: {said.text}")
        )
        page.on("popup", lambda other: one.trouble.append(f"popup: {other.url}"))
        own = (file.as_uri(), "blob:")
        page.on("request", lambda asked: asked.url.startswith(own) or one.trouble.append(f"request: {asked.url}"))
        page.goto(file.as_uri() + hash)
        return one

    yield go
    for context in contexts:
        context.close()
