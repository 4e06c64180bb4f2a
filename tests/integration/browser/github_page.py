"""A comment as GitHub would show it: Markdown to HTML, sanitised, in a page with the style of a comment.

GitHub's own renderer cannot be had; what it lets through is published. What it makes of text afterwards (mentions,
references, links without brackets) is not done here: tests look for what would become one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import nh3
from markdown_it import MarkdownIt

Theme = Literal["light", "dark"]
DESKTOP_PX = 780
"""About what a comment's text has on a desktop, beside the avatars and the sidebar of a pull request."""
PHONE_PX = 360
"""The same in a window 400 pixels wide."""
BACKGROUND = {"light": "#ffffff", "dark": "#0d1117"}
_STYLES = Path(__file__).parents[2] / "data" / "github-markdown-css"
_ELEMENTS = (
    "a abbr b bdo blockquote br caption cite code dd del details dfn div dl dt em figcaption figure h1 h2 h3 h4 h5 h6"
    " hr i img ins kbd li mark ol p pre q rp rt ruby s samp small span strike strong sub summary sup table tbody td"
    " tfoot th thead time tr tt ul var wbr"
)
_ATTRIBUTES = {
    "*": "align alt border cellpadding cellspacing colspan color dir height id label lang name open role rowspan rules"
    " scope size span start summary tabindex title type valign value width",
    "a": "href",
    "img": "src longdesc",
    "div": "itemscope itemtype",
}


def shown(text: str) -> str:
    """The HTML of a comment's text, as far as GitHub lets it through.

    References
    ----------
    https://github.com/gjtorikian/html-pipeline, ``sanitization_filter.rb``: the elements and attributes let through.
    """
    # In a comment, other than in a file, the end of a line is one on the page too.
    html = MarkdownIt("gfm-like", {"linkify": False, "html": True, "breaks": True}).render(text)
    # markdown-it aligns cells by a style, GitHub's renderer by the attribute, which is let through.
    for side in ("left", "right", "center"):
        html = html.replace(f'style="text-align:{side}"', f'align="{side}"')
    attributes = {tag: set(names.split()) for tag, names in _ATTRIBUTES.items()}
    return nh3.clean(html, tags=set(_ELEMENTS.split()), attributes=attributes, link_rel=None)


def page(text: str, theme: Theme = "light", width_px: int = DESKTOP_PX) -> str:
    """A whole page with one comment and nothing else."""
    style = (_STYLES / f"github-markdown-{theme}.css").read_text(encoding="utf-8")
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>comment</title><style>{style}
html {{ color-scheme: {theme} }}
body {{ margin: 0; background: {BACKGROUND[theme]} }}
.markdown-body {{ width: {width_px}px; font-size: 14px }}
</style></head><body><div class="markdown-body">{shown(text)}</div></body></html>"""
