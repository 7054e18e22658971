"""Pictures of pages for docs/screenshots: made when bin/test is called with --pictures DIR, and only then."""

from pathlib import Path

from playwright.sync_api import Page

from .checks import sound

WIDTHS = (1280, 390)


class Album:
    """Where the pictures of a run go; without a folder pages are only checked."""

    def __init__(self, folder: str | None) -> None:
        self.folder = Path(folder) if folder else None

    def take(self, page: Page, name: str) -> None:
        """The page is sound at both widths; its picture at each is NAME-WIDTH.jpg."""
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            sound(page)
            if self.folder is not None:
                self.folder.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=self.folder / f"{name}-{width}.jpg", type="jpeg", quality=55, full_page=True)
        page.set_viewport_size({"width": 1280, "height": 900})
