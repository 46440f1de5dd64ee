"""Second factors: added and removed by their owner, reset by an administrator, taken at a log-in or a signature."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts.models import Factor, FactorKind, RecoveryCode, Role, User
from accounts.notices import notify
from accounts.proving import totp
from accounts.refusals import Conflict, Invalid
from audit.actions import record
from audit.actor import Actor
from audit.rows import wrote
from audit.verbs import Verb

RECOVERY_CODES = 10
CODE_BYTES = 10  # 80 bits: nobody tries them all, so a plain keyed digest keeps them
MOST_FACTORS = 10
SHORTEST_REASON = 10
EVERYBODY = "everybody"


def must_have_factor(person: User) -> bool:
    """Whether the installation asks a second factor of somebody with these roles."""
    asked = settings.SECOND_FACTOR_ROLES
    return EVERYBODY in asked or person.holds(*asked)


@transaction.atomic
def add_app(*, person: User, key: str, code: str, name: str, actor: Actor, at: datetime) -> list[str]:
    """Take an authenticator app whose code proves that it holds the key. Answers recovery codes, if they are the
    person's first."""
    step = totp.matching_step(key, code.replace(" ", ""), after=0, at=at) if key else None
    if step is None:
        raise Invalid(
            "This is not the code that the app should show now.",
            "Wait for the next one. If it never fits, the clock of the phone or of this server is wrong.",
            field="code",
        )
    return add_factor(person, FactorKind.TOTP, name, totp.seal(key), step, actor, at)


def add_factor(
    person: User, kind: FactorKind, name: str, secret: str, position: int, actor: Actor, at: datetime
) -> list[str]:
    """Keep a factor that proved itself, within the caller's transaction; recovery codes where there were none."""
    User.objects.select_for_update().get(pk=person.pk)
    if person.factors.filter(name=name).exists():
        raise Conflict("You have a second factor named {name} already.", "Choose another name.", name=name)
    if person.factors.count() >= MOST_FACTORS:
        raise Conflict(
            "You have {number} second factors.",
            "Remove one that you no longer use.",
            number=MOST_FACTORS,
        )
    Factor.objects.create(
        person=person, kind=kind, name=name, secret=secret, position=position, added_at=at, used_at=at
    )
    detail = {"kind": kind.value, "name": name}
    record(Verb.FACTOR_ADDED, subject=person.ref, actor=actor, at=at, detail=detail)
    _tell([person], f"A second factor was added to your account: {name}.", f"added:{kind}:{name}", at)
    if person.recovery_codes.filter(used_at=None).exists():
        return []
    return make_recovery_codes(person=person, actor=actor, at=at)


@transaction.atomic
def make_recovery_codes(*, person: User, actor: Actor, at: datetime) -> list[str]:
    """New codes in place of the old ones. Their text is returned once and kept nowhere."""
    if not person.factors.exists():
        raise Conflict("Recovery codes stand in for a second factor, and you have none.", "Add one first.")
    for old in person.recovery_codes.all():
        old.delete()
    codes = [_spelled(secrets.token_bytes(CODE_BYTES)) for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(person=person, digest=_digest(code)) for code in codes)
    wrote(person.recovery_codes.all())
    record(Verb.RECOVERY_CODES_MADE, subject=person.ref, actor=actor, at=at, detail={"codes": len(codes)})
    return codes


@transaction.atomic
def remove_factor(*, person: User, pk: int, actor: Actor, at: datetime) -> None:
    """Take one of one's own factors away, unless it is the last and the roles held ask for one."""
    User.objects.select_for_update().get(pk=person.pk)
    found = person.factors.filter(pk=pk).first()
    if found is None:
        return
    last = person.factors.count() == 1
    if last and must_have_factor(person):
        raise Conflict("Your roles ask for a second factor, and this is the only one.", "Add another first.")
    detail = {"kind": found.kind, "name": found.name}
    found.delete()
    if last:
        _forget_codes(person)
    record(Verb.FACTOR_REMOVED, subject=person.ref, actor=actor, at=at, detail=detail)
    _tell([person], f"A second factor was removed from your account: {found.name}.", f"removed:{pk}", at)


@transaction.atomic
def reset_factors(*, person: User, reason: str, by: User, actor: Actor, at: datetime) -> None:
    """Take every factor of somebody who lost theirs away and end their sessions. Loud: the person and every other
    administrator are told, and the reason stands in the record."""
    if by.pk == person.pk:
        raise Invalid("You cannot reset your own second factors.", "Ask another administrator.")
    if len(reason.strip()) < SHORTEST_REASON:
        raise Invalid(
            "A reason is needed; it stands in the record.",
            "Say how you know that it is really {person} who asks.",
            field="reason",
            person=person.name,
        )
    factors = list(person.factors.all())
    if not factors:
        raise Conflict("{person} has no second factor.", "There is nothing to reset.", person=person.name)
    for found in factors:
        found.delete()
    _forget_codes(person)
    person.sessions.all().delete()
    detail = {"reason": reason.strip(), "factors": [found.name for found in factors]}
    record(Verb.FACTORS_RESET, subject=person.ref, actor=actor, at=at, detail=detail)
    administrators = User.objects.filter(grants__role=Role.ADMINISTRATOR).exclude(pk=by.pk)
    told = f"{by.name} reset the second factors of {person.name}: {reason.strip()}"
    _tell([person, *administrators], told, f"reset:{person.pk}", at)


@transaction.atomic
def take_code(*, person: User, code: str, actor: Actor, at: datetime) -> str:
    """What the code is of: "totp" or "recovery code"; empty where it opens nothing. Each code opens once."""
    given = code.replace(" ", "").strip()
    apps = Factor.objects.select_for_update().filter(person=person, kind=FactorKind.TOTP)
    for factor in apps:
        key = totp.unseal(factor.secret)
        step = totp.matching_step(key, given, after=factor.position, at=at) if key else None
        if step is not None:
            factor.position, factor.used_at = step, at
            factor.save(update_fields=["position", "used_at"])
            return "totp"
    return _take_recovery_code(person, given, actor, at)


def _take_recovery_code(person: User, given: str, actor: Actor, at: datetime) -> str:
    digest = _digest(given.replace("-", "").upper())
    row = RecoveryCode.objects.select_for_update().filter(person=person, digest=digest, used_at=None).first()
    if row is None:
        return ""
    row.used_at = at
    row.save(update_fields=["used_at"])
    left = person.recovery_codes.filter(used_at=None).count()
    detail = {"kind": "recovery code", "left": left}
    record(Verb.FACTOR_USED, subject=person.ref, actor=actor, at=at, detail=detail)
    _tell([person], f"A recovery code of yours was used; {left} are left.", f"recovery:{row.pk}", at)
    return "recovery code"


def _forget_codes(person: User) -> None:
    for code in person.recovery_codes.all():
        code.delete()


def _tell(people: Iterable[User], text: str, what: str, at: datetime) -> None:
    url = reverse("accounts:factors")
    notify(people, kind="account.factor", text=text, url=url, key=f"factor:{what}:{at.isoformat()}", at=at)


def _spelled(code: bytes) -> str:
    text = base64.b32encode(code).decode()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def _digest(code: str) -> str:
    plain = code.replace("-", "")
    return hmac.new(
        settings.SECRET_KEY.encode(), f"recovery code {plain}".encode(), hashlib.sha256
    ).hexdigest()
