"""Remarks on a section: written by whoever has a say, resolved by their author or the people of the model."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.test import Client

from accounts.models import User
from accounts.refusals import Conflict, Invalid, NotAllowed
from audit.models import Event
from registry.actions import comment_on_card, resolve_card_comment
from registry.models import CardComment, ModelVersion, RegisteredModel
from riskreview.judgement import judge_version
from tests.builders import a_card, a_review, a_version, active_policy
from tests.conftest import AT, actor_of_user
from tests.forms import send

ClientOf = Callable[[User], Client]
CARD = "/models/credit-default/versions/1/card/"


@pytest.fixture
def version(cast: SimpleNamespace, model: RegisteredModel) -> ModelVersion:
    version = a_version(cast, model)
    a_card(cast, version)
    return version


def said(version: ModelVersion, author: User, text: str = "Which groups?") -> CardComment:
    return comment_on_card(
        version=version, section="caveats", text=text, author=author, actor=actor_of_user(author), at=AT
    )


def test_a_comment_is_on_the_record_and_decides_nothing(cast: SimpleNamespace, version: ModelVersion) -> None:
    active_policy(cast)
    before = judge_version(version, "production", at=AT).digest
    stamp = ModelVersion.objects.get(pk=version.pk).evidence_stamp

    comment = said(version, cast.viktor)

    assert (comment.revision, comment.section) == (1, "caveats")
    event = Event.objects.get(verb="card.commented")
    assert (event.subject, event.detail["text"]) == (version.ref, "Which groups?")
    assert judge_version(version, "production", at=AT).digest == before
    assert ModelVersion.objects.get(pk=version.pk).evidence_stamp == stamp


@pytest.mark.parametrize(
    ("section", "text", "wrong"),
    [("caveats", "  ", "empty"), ("caveats", "x" * 5_001, "5,001 characters"), ("secret", "x", "no section")],
)
def test_a_comment_must_say_something_about_a_section(
    cast: SimpleNamespace, version: ModelVersion, section: str, text: str, wrong: str
) -> None:
    with pytest.raises(Invalid, match=wrong):
        comment_on_card(
            version=version,
            section=section,
            text=text,
            author=cast.viktor,
            actor=actor_of_user(cast.viktor),
            at=AT,
        )
    assert not CardComment.objects.exists()


def test_an_auditor_and_somebody_without_a_role_do_not_comment(
    cast: SimpleNamespace, version: ModelVersion
) -> None:
    for reader in (cast.aud, User.objects.create_user(username="nobody")):
        with pytest.raises(NotAllowed):
            said(version, reader)


@pytest.mark.parametrize(
    ("who", "may"), [("viktor", True), ("olga", True), ("dev", True), ("ada", False), ("adam", False)]
)
def test_the_author_and_the_people_of_the_model_resolve(
    cast: SimpleNamespace, version: ModelVersion, who: str, may: bool
) -> None:
    comment, user = said(version, cast.viktor), getattr(cast, who)
    if may:
        resolved = resolve_card_comment(comment=comment, user=user, actor=actor_of_user(user), at=AT)
        assert (resolved.resolved_by, resolved.resolved_at) == (user, AT)
        with pytest.raises(Conflict, match="resolved already"):
            resolve_card_comment(comment=comment, user=user, actor=actor_of_user(user), at=AT)
        assert Event.objects.filter(verb="card.comment_resolved").count() == 1
    else:
        with pytest.raises(NotAllowed, match="Only Viktor Sahl and the owner"):
            resolve_card_comment(comment=comment, user=user, actor=actor_of_user(user), at=AT)
        assert CardComment.objects.get().resolved_at is None


def test_the_page_shows_counts_and_takes_comments(
    cast: SimpleNamespace, version: ModelVersion, client_of: ClientOf
) -> None:
    client = client_of(cast.viktor)
    sent = client.post(f"{CARD}comments/", {"section": "caveats", "text": "<b>Why</b> so?"})
    assert (sent.status_code, sent["Location"]) == (302, f"{CARD}#s-caveats")

    page = client_of(cast.dev).get(CARD).content.decode()
    assert "1 open comment<" in page
    assert "&lt;b&gt;Why&lt;/b&gt; so?" in page
    resolve = f"{CARD}comments/{CardComment.objects.get().pk}/resolve/"
    assert resolve in page
    assert resolve not in client_of(cast.ada).get(CARD).content.decode()
    assert send(client_of(cast.dev), CARD, to="resolve").status_code == 302
    page = client_of(cast.dev).get(CARD).content.decode()
    assert "1 resolved comment" in page
    assert "Resolved by Dev Menon" in page


def test_a_comment_that_is_empty_is_refused_in_its_place(
    cast: SimpleNamespace, version: ModelVersion, client_of: ClientOf
) -> None:
    answer = client_of(cast.viktor).post(f"{CARD}comments/", {"section": "caveats", "text": " "})

    assert answer.status_code == 400
    assert "The comment is empty." in answer.content.decode()
    assert client_of(cast.viktor).post(f"{CARD}comments/9/resolve/").status_code == 404


def test_the_review_says_how_many_remarks_are_open(
    cast: SimpleNamespace, version: ModelVersion, client_of: ClientOf
) -> None:
    active_policy(cast)
    review = a_review(cast, version)
    address = f"/reviews/{review.pk}/"
    assert "open comment" not in client_of(cast.viktor).get(address).content.decode()

    said(version, cast.viktor)

    page = client_of(cast.ada).get(address).content.decode()
    assert "1 open comment on the card" in page
    assert f'href="{CARD}"' in page
