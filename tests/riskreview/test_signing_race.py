"""Signing while the right to sign is being lost: who asked before and is answered after does not sign."""

import threading
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.db import connection, transaction

from accounts.actions import revoke_role, set_active
from accounts.models import Role, User
from audit.actor import Actor
from audit.models import Event
from riskreview.judgement import judge_version
from riskreview.models import Review
from riskreview.reviews.given import CannotSign
from tests import builders
from tests.conftest import AT

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_SECONDS = 4.0
OPERATOR = Actor.system("operator")
Change = Callable[[User], None]


def role_taken(person: User) -> None:
    """A risk officer no more."""
    revoke_role(user=person, role=Role.RISK_OFFICER, actor=OPERATOR, at=AT)


def disabled(person: User) -> None:
    """The account is shut."""
    set_active(user=person, active=False, actor=OPERATOR, at=AT)


@pytest.mark.parametrize("lose", [role_taken, disabled])
def test_nobody_signs_who_loses_the_right_to_in_the_meantime(
    cast: SimpleNamespace, review: Review, lose: Change
) -> None:
    builders.a_signature(review, cast.viktor, "validator")
    ada, refused = User.objects.get(pk=cast.ada.pk), list[CannotSign]()
    held, signed = threading.Event(), threading.Event()

    def change() -> None:
        with transaction.atomic():
            lose(cast.ada)
            held.set()
            signed.wait(PATIENCE_SECONDS)  # the change is made and nobody else sees it yet
        connection.close()

    def sign() -> None:
        assert held.wait(20)
        try:
            builders.a_signature(review, ada, "risk_officer")
        except CannotSign as refusal:
            refused.append(refusal)
        signed.set()
        connection.close()

    threads = [threading.Thread(target=job) for job in (change, sign)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1, "signed on the strength of what was being taken away"
    assert Event.objects.filter(verb="review.signed").count() == 1
    assert Event.objects.filter(verb="review.sign_refused").count() == 1
    assert not judge_version(review.version, "production", at=AT).allows
