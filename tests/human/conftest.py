"""The browser in which the pages of this package are opened."""

from tests.browser import chromium, opened

__all__ = ["chromium", "opened"]
