"""The browser's fixtures; the running system's are in tests/conftest.py, because tests above use them too."""

from tests.e2e.browser import chromium, visit

__all__ = ["chromium", "visit"]
