"""Render the texts of submissions for feedback and formgrader, without anything a browser runs."""

import re
from typing import Any

import bleach
from jinja2 import pass_context
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

MOST_CHARACTERS = 20_000
"""What is shown of one text: the time of rendering nested brackets grows with their square."""

# fmt: off
TAGS = frozenset((
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "dd", "del", "details", "div", "dl",
    "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "kbd",
    "li", "mark", "ol", "p", "pre", "rp", "rt", "ruby", "s", "small", "span", "strong", "sub",
    "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul",
))
# fmt: on
SHOWN_AS_DATA = re.compile(r"data:image/(?:png|jpeg);base64,[A-Za-z0-9+/=\s]*")


@pass_context
def safe_markdown(context: Any, source: str) -> str:
    """Return a text as HTML, in which links lead only to web pages and pictures are PNG or JPEG."""
    if len(source) > MOST_CHARACTERS:
        source = source[:MOST_CHARACTERS] + "\n\n(The text was cut here: it is too long.)"
    cell = context.get("cell", {})
    renderer = IPythonRenderer(
        escape=False,
        attachments=cell.get("attachments", {}),
        embed_images=False,
        anchor_link_text="",
    )
    html = MarkdownWithMath(renderer=renderer).render(source)
    return bleach.clean(html, tags=TAGS, attributes=_may_stay, protocols={"http", "https", "data"})


def _may_stay(tag: str, name: str, value: str) -> bool:
    """Tell whether an attribute is harmless; its value has been decoded."""
    if name == "src":
        return tag == "img" and bool(SHOWN_AS_DATA.fullmatch(value))
    if name == "href":
        return tag == "a" and re.match(r"https?://|#", value.strip(), re.IGNORECASE) is not None
    return name in ("alt", "title", "class", "align", "lang", "id", "colspan", "rowspan", "scope")
