"""What a browser makes of a comment, in figures: sizes, elements, texts, contrast."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.integration.browser.chromium import found
from tests.integration.browser.github_page import DESKTOP_PX, Theme, page

_LOOK = """(() => {
  const comment = document.querySelector('.markdown-body');
  const isSeen = element => element.checkVisibility();
  const light = color => {
    const [r, g, b] = color.match(/[\\d.]+/g).map(Number).map(c => c / 255)
      .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const isClear = color => /rgba\\(.*, 0\\)/.test(color);
  const behind = element => {
    const color = getComputedStyle(element).backgroundColor;
    return isClear(color) && element.parentElement ? behind(element.parentElement) : color;
  };
  const contrast = element => {
    const [a, b] = [light(getComputedStyle(element).color), light(behind(element))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const nodes = kind => {
    const walker = document.createTreeWalker(comment, kind), all = [];
    while (walker.nextNode()) all.push(walker.currentNode);
    return all;
  };
  const texts = nodes(NodeFilter.SHOW_TEXT);
  const pen = document.createElement('canvas').getContext('2d');
  pen.font = getComputedStyle(comment).font;
  return {
    letters_px: pen.measureText('The quick brown fox jumps over 0123456789').width,
    is_too_wide: comment.scrollWidth > comment.clientWidth,
    tables: [...comment.querySelectorAll('table')].map(table => ({
      is_seen: isSeen(table.rows[0]),
      is_too_wide: table.scrollWidth > table.clientWidth,
      heads: [...table.tHead.rows[0].cells].map(cell => cell.textContent),
      right_px: [...table.tHead.rows[0].cells].map(cell => cell.getBoundingClientRect().right),
      aligned: [...table.tBodies[0].rows[0].cells].map(cell => getComputedStyle(cell).textAlign),
      rows: [...table.tBodies[0].rows].map(row => [...row.cells].map(cell => cell.textContent)),
      heights_px: [...table.tBodies[0].rows].map(row => row.getBoundingClientRect().height),
    })),
    folds: [...comment.querySelectorAll('details')].map(fold => [fold.open, fold.querySelector('summary').innerText]),
    elements: [...new Set([...comment.querySelectorAll('*')].map(element => element.tagName.toLowerCase()))],
    attributes: [...new Set([...comment.querySelectorAll('*')].flatMap(element => element.getAttributeNames()))],
    comments: nodes(NodeFilter.SHOW_COMMENT).length,
    texts: texts.map(text => text.data),
    blocks: [...comment.children].filter(isSeen).map(block => [block.tagName.toLowerCase(), block.innerText]),
    contrast: Math.min(...texts.map(text => text.parentElement).filter(isSeen).map(contrast)),
  };
})()"""


def measured(text: str, theme: Theme = "light", width_px: int = DESKTOP_PX) -> dict:
    """What a browser makes of a comment's text."""
    with tempfile.TemporaryDirectory() as folder:
        html = Path(folder, "page.html")
        html.write_text(page(text, theme, width_px), encoding="utf-8")
        return found(html, _LOOK)
