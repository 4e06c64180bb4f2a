"""A comment as GitHub would show it: Markdown to HTML, sanitised, in a page with the style of a comment.

GitHub's own renderer cannot be had; what it lets through is published. What it makes of text afterwards (mentions,
references, links without brackets) is not done here: tests look for what would have become one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import nh3
from markdown_it import MarkdownIt

Theme = Literal["light", "dark"]
DESKTOP_PX = 780
"""About what is left for a comment's text beside the avatars and the sidebar of a pull request on a desktop."""
PHONE_PX = 360
"""The same of a window 400 pixels wide."""
_STYLES = Path(__file__).parents[2] / "data" / "github-markdown-css"
_ELEMENTS = """h1 h2 h3 h4 h5 h6 br b i strong em a pre code img tt div ins del sup sub p ol ul table thead tbody tfoot
blockquote dl dt dd kbd q samp var hr ruby rt rp li tr td th s strike summary details caption figure figcaption abbr
bdo cite dfn mark small span time wbr""".split()
_OF_ALL = """abbr align alt aria-describedby aria-hidden aria-label aria-labelledby border cellpadding cellspacing
colspan color dir height id label lang name nowrap open role rowspan scope size span start summary tabindex title type
valign value width""".split()
_OF_ONE = {"a": ["href"], "img": ["src", "longdesc"], "div": ["itemscope", "itemtype"], "q": ["cite"]}


def shown(text: str) -> str:
    """The HTML of a comment's text, as far as GitHub lets it through.

    References
    ----------
    https://github.com/gjtorikian/html-pipeline, ``sanitization_filter.rb``: the elements and attributes let through.
    """
    # A line break in a comment is one on the page, other than in a file.
    html = MarkdownIt("gfm-like", {"linkify": False, "html": True, "breaks": True}).render(text)
    # markdown-it aligns by style where GitHub's renderer has the attribute, which the list lets through.
    for side in ("left", "right", "center"):
        html = html.replace(f'style="text-align:{side}"', f'align="{side}"')
    attributes = {"*": set(_OF_ALL)} | {tag: set(names) for tag, names in _OF_ONE.items()}
    return nh3.clean(html, tags=set(_ELEMENTS), attributes=attributes, link_rel=None)


def page(text: str, theme: Theme = "light", width_px: int = DESKTOP_PX, script: str = "") -> str:
    """A whole page with one comment and nothing else.

    Parameters
    ----------
    script : str, optional
        Runs when the comment is laid out.
    """
    style = (_STYLES / f"github-markdown-{theme}.css").read_text(encoding="utf-8")
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>comment</title><style>{style}
html {{ color-scheme: {theme} }} body {{ margin: 0; background: {"#ffffff" if theme == "light" else "#0d1117"} }}
.markdown-body {{ box-sizing: border-box; width: {width_px}px; font-size: 14px }}
</style></head><body><div class="markdown-body">{shown(text)}</div><script>{script}</script></body></html>"""
