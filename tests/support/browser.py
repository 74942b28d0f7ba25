"""A real headless Chromium, and what every page must keep to in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from playwright.sync_api import Browser, Dialog, Page, sync_playwright
from support.needs import needs

PHONE_PX = 375
DESK_PX = 1280


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needs("chromium"), args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


class Watched:
    """A page that remembers what the console, and requests that failed, said."""

    def __init__(self, browser: Browser, width_px: int = DESK_PX, *, locale: str = "en-GB", dark: bool = False) -> None:
        self._context = browser.new_context(
            viewport={"width": width_px, "height": 800}, locale=locale, color_scheme="dark" if dark else "light"
        )
        self.page: Page = self._context.new_page()
        self.wrong: list[str] = []
        self.page.on(
            "console", lambda told: self.wrong.append(told.text) if told.type in {"error", "warning"} else None
        )
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("dialog", self._dialog)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._context.close()

    def _dialog(self, dialog: Dialog) -> None:
        self.wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def overflow_px(self) -> int:
        """By how much the page is wider than the window, once its style sheet is there."""
        self.page.wait_for_load_state()
        return int(self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
