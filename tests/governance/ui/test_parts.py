"""Every part as HTML: what it says, that nothing in it acts, and that its pieces refer to each other."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.template import Context, Template
from django.test import Client, RequestFactory

from accounts.models import User
from governance.states import SampleForm, states

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
SPRITE = (settings.BASE_DIR / "templates/partials/sprite.html").read_text()
HOSTILE = "<script>alert(1)</script>\"onx='y"


def render(source: str, **context: object) -> str:
    """A template's text with the builtin tags."""
    return Template(source).render(Context(context))


@pytest.fixture
def page() -> str:
    """The page of all states."""
    request = RequestFactory().get("/styleguide/")
    request.user = AnonymousUser()
    return states(request).content.decode()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_carries_style_or_script_of_its_own(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"\sstyle=|<style", text)
    assert not re.search(r"\son[a-z]+=", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_icon_and_shape_that_is_named_exists(path: Path) -> None:
    for prefix, name in re.findall(r'{% (icon|shape) "([^"]+)"', path.read_text()):
        assert f'id="{prefix[0]}-{name}"' in SPRITE, f"{path.name} names the {prefix} {name}"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_comments_end_on_their_line(path: Path) -> None:
    for line in path.read_text().splitlines():
        assert line.count("{#") == line.count("#}"), f"{path.name}: Django shows a comment that spans lines"


def test_ids_are_unique_and_every_reference_has_its_target(page: str) -> None:
    ids = Counter(re.findall(r'\sid="([^"]+)"', page))
    assert [name for name, times in ids.items() if times > 1] == []
    references = re.findall(r'(?:\sfor|aria-labelledby|aria-describedby)="([^"]+)"', page)
    assert {name for group in references for name in group.split()} - set(ids) == set()


def test_no_template_comment_leaks_into_the_page(page: str) -> None:
    assert "{#" not in page
    assert "{%" not in page


@pytest.mark.parametrize(
    "source",
    [
        "{% digest text %}",
        "{% tag text %}",
        "{% person text role=text %}",
        "{% tier_badge text %}",
        "{% status text %}",
        "{% verdict text label=text %}",
        '{% include "partials/requirement.html" with requirement=requirement %}',
        '{% include "partials/loud_banner.html" with kind="plain" title=text text=text %}',
        '{% include "partials/signoff.html" with signoff=requirement %}',
    ],
)
def test_what_people_wrote_is_shown_and_never_acts(source: str) -> None:
    requirement = {name: HOSTILE for name in ("id", "title", "reason", "remedy", "name", "rationale")}
    html = render(source, text=HOSTILE, requirement=requirement | {"result": "error", "who": [HOSTILE]})
    assert "<script" not in html
    assert "\"onx='" not in html


def test_markdown_keeps_its_meaning_and_loses_its_weapons() -> None:
    wrote = "# Use\n\n**Not** for [this](javascript:alert(1)) but ![x](http://a/b.png)"
    html = render("{{ text|markdown }}", text=wrote)
    assert "<h4>Use</h4>" in html
    assert "<strong>Not</strong>" in html
    assert "javascript:" not in html.split("<a")[-1].split(">")[0]
    assert "<img" not in html


def test_a_proposed_tier_says_that_it_awaits_confirmation() -> None:
    assert "to confirm" in render('{% tier_badge "high" confirmed=False %}')
    assert "to confirm" not in render('{% tier_badge "high" %}')
    assert render('{% tier_badge "high" %}').count('class="on"') == 3
    assert "No tier" in render("{% tier_badge None %}")


def test_a_verdict_that_nobody_gave_is_no_allow() -> None:
    for nothing in ("", None, "maybe"):
        html = render("{% verdict answer %}", answer=nothing)
        assert "No rule" in html
        assert "#s-ok" not in html


def test_an_environment_that_was_not_judged_is_drawn_as_not_asked() -> None:
    html = render("{% env_strip strip %}", strip={"development": "ok"})
    assert html.count("not asked") == 2
    assert html.count("#s-ok") == 1


def test_a_digest_copies_the_whole_of_itself() -> None:
    whole = "sha256:" + "ab" * 32
    assert f'data-copy="{whole}"' in render("{% digest value %}", value=whole)


def test_machines_wear_the_robots_face() -> None:
    assert "#i-robot" in render("{% person name %}", name="CI retail-risk")
    assert ">CL<" in render("{% person name %}", name="Cian Lund")


def test_errors_are_tied_to_their_controls_and_summed_up_with_links() -> None:
    form = SampleForm({"name": "", "kind": "fairness"})
    html = render("{% form_errors form %}{% field form.name %}", form=form)
    assert 'href="#id_name"' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'aria-invalid="true"' in html
    assert "is-bad" in html


def test_a_form_without_errors_has_no_summary() -> None:
    assert render("{% form_errors form %}", form=SampleForm()).strip() == ""


def test_other_pages_of_a_list_keep_its_filters() -> None:
    request = RequestFactory().get("/models/?tier=high&page=2")
    template = Template('{% include "partials/pager.html" with page=page noun="models" %}')
    html = template.render(Context({"request": request, "page": Paginator(range(100), 25).page(2)}))
    assert "26 to 50 of 100 models" in html
    assert 'href="?tier=high&amp;page=3"' in html


def test_an_overdue_date_says_so_in_words() -> None:
    html = render("{% due when today %}", when=date(2026, 11, 18), today=date(2026, 11, 21))
    assert "3 days overdue" in html
    assert "#i-alert" in html


def test_only_administrators_see_administration(
    cast: SimpleNamespace, client_of: Callable[[User], Client]
) -> None:
    assert "Administration" in client_of(cast.adam).get("/settings/").content.decode()
    assert "Administration" not in client_of(cast.ada).get("/settings/").content.decode()


@pytest.mark.parametrize(("theme", "attribute"), [("dark", 'data-bs-theme="dark"'), ("system", "")])
def test_the_theme_is_the_readers_own(
    cast: SimpleNamespace, client_of: Callable[[User], Client], theme: str, attribute: str
) -> None:
    cast.ada.theme = theme
    cast.ada.save()
    html = client_of(cast.ada).get("/settings/").content.decode()
    assert attribute in html
    assert ("data-bs-theme" in html) is bool(attribute)
