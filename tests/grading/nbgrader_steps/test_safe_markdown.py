"""Texts of submissions become HTML in which nothing runs and every link leads to a web page."""

import re

import pytest

from s2s_ref.grading.nbgrader_steps.safe_markdown import safe_markdown


def rendered(source, attachments=()):
    return safe_markdown({"cell": {"attachments": dict(attachments)}}, source)


@pytest.mark.parametrize(
    "link",
    ["javascript:x()", r"javascript\:x()", "javascript&colon;x()", "java&#115;cript:x()",
     "JaVaScRiPt:x()", "data:text/html,x", "data&colon;text/html,x", "vbscript:x()",
     "file:///etc/passwd", "//evil.example/x", "java\tscript:x()", " javascript:x()"],
)  # fmt: skip
@pytest.mark.parametrize("form", ["[a]({})", "![a]({})", '<a href="{}">a</a>', "[a]\n\n[a]: {}"])
def test_no_link_leads_anywhere_but_to_web_pages(link, form):
    html = rendered(form.format(link))
    assert not re.search(r"(href|src)=", html)


@pytest.mark.parametrize(
    "source",
    ["<script>x()</script>", "<img src=x onerror=x()>", "<svg onload=x()>", "<iframe src=x>",
     "<style>body{}</style>", '<p style="position:fixed" onclick="x()">a</p>', "<form action=x>",
     "<math><a xlink:href=javascript:x()>", "<base href=x>", "<meta http-equiv=refresh>"],
)  # fmt: skip
def test_no_html_runs(source):
    html = rendered(source)
    assert not re.search(r"<(script|svg|iframe|style|form|math|base|meta)|<[^>]*\son\w+=", html)
    assert "style=" not in html


def test_texts_look_as_they_should():
    html = rendered("# T\n\n*a* `<bos>` $x < 3$\n\n| a |\n|---|\n| 1 |\n\n[w](https://a.example/b)")
    for part in ("<h1", "<em>a</em>", "<code>&lt;bos&gt;</code>", "<td>1</td>", "$x &lt; 3$"):
        assert part in html
    assert '<a href="https://a.example/b">w</a>' in html


def test_pictures_that_are_attached_are_shown():
    html = rendered("![p](attachment:a.png)", {"a.png": {"image/png": "AAAA"}})
    assert '<img src="data:image/png;base64,AAAA" alt="p">' in html


@pytest.mark.parametrize("part", ["[", "![", "[a](", "> ", "`a", "*a **b ", "<a ", "|a"])
def test_a_text_of_any_size_is_shown_at_once(part):
    """Without the limit, a page of nested brackets took minutes."""
    html = rendered(part * 10**6)
    assert "cut here" in html
