"""Pictures of every kind of comment, to be looked at: ``python -m tests.integration.browser.pictures FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.integration.browser.chromium import picture
from tests.integration.browser.github_page import BACKGROUND, DESKTOP_PX, PHONE_PX, page
from tests.integration.browser.situations import SITUATIONS

_HEIGHT_PX = 900
_SMALLEST_WINDOW_PX = 500


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    html = folder / "page.html"
    for name, situation in SITUATIONS.items():
        text = situation()
        for width_px in (DESKTOP_PX, PHONE_PX):
            for theme in BACKGROUND:
                html.write_text(page(text, theme, width_px), encoding="utf-8")
                picture(html, folder / f"{name}-{width_px}-{theme}.png", max(width_px, _SMALLEST_WINDOW_PX), _HEIGHT_PX)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
