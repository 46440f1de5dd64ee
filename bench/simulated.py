"""`python -m bench.simulated VERSIONS`: a portfolio of so many versions with evidence, judged by two packs."""

import statistics
import sys
import time
from types import SimpleNamespace

import django

django.setup()

from django.utils import timezone  # noqa: E402

from accounts.models import RoleGrant, User  # noqa: E402
from bench.portfolio import again  # noqa: E402
from evaluations.models import EvaluationRun  # noqa: E402
from policy.pack import load_pack  # noqa: E402
from policy.verdict import judge  # noqa: E402
from registry.models import CardRevision, ModelVersion, RegisteredModel  # noqa: E402
from riskreview.evidence import gather  # noqa: E402
from riskreview.models import (  # noqa: E402
    Review,
    SignOff,
    TierAssessment,
)
from riskreview.policies.packs import active_pack  # noqa: E402
from riskreview.policies.simulation import simulate  # noqa: E402
from tests import builders  # noqa: E402
from tests.conftest import AT, PASSWORD, PEOPLE  # noqa: E402

LIMIT_SECONDS, LIMIT_MICROSECONDS = 20.0, 100.0
CALLS = 3_000
STRICTER = ("at_least: 0.65, applies_to", "at_least: 0.79, applies_to")


def main(versions: int) -> int:
    """Make, measure, print the table, judge it."""
    cast = _cast()
    builders.active_policy(cast)
    first = builders.ready_to_sign(cast)
    review = first.reviews.get()
    builders.a_signature(review, cast.viktor, "validator")
    builders.a_signature(review, cast.ada, "risk_officer")
    _copy(first, versions - 1)
    active = active_pack()
    assert active is not None
    candidate = load_pack(active[0].source.replace(*STRICTER), source="candidate")
    began = time.perf_counter()
    impact = simulate(candidate, active[1], at=timezone.now(), told=lambda done, of: True)
    seconds = time.perf_counter() - began
    if (impact.versions, impact.denied) != (versions, versions):
        raise SystemExit(f"{impact.denied} of {impact.versions} versions would be denied, not all {versions}")
    micro = _verdict(first)
    print(f"{'':<44}{'measured':>10}  limit")
    print(f"{f'{versions:,} versions by two packs, 3 environments':<44}{seconds:>9.1f}s  {LIMIT_SECONDS:g} s")
    print(f"{'one verdict, pure function, median':<44}{micro:>8.0f}µs  {LIMIT_MICROSECONDS:g} µs")
    met = seconds <= LIMIT_SECONDS and micro <= LIMIT_MICROSECONDS
    print("met" if met else "MISSED")
    return 0 if met else 1


def _verdict(version: ModelVersion) -> float:
    """Microseconds of judging the evidence of a signed version for production."""
    active = active_pack()
    assert active is not None
    evidence, now = gather(version, "production"), timezone.now()
    times = []
    for _ in range(CALLS):
        began = time.perf_counter()
        verdict = judge(active[1], evidence, "production", now)
        times.append((time.perf_counter() - began) * 1e6)
    if verdict.decision != "allow":
        raise SystemExit(f"the verdict is not the one that was made ready: {verdict.summary}")
    return statistics.median(times)


def _cast() -> SimpleNamespace:
    cast = SimpleNamespace()
    for username, (first, last, role) in PEOPLE.items():
        user = User.objects.create_user(username, password=PASSWORD, first_name=first, last_name=last)
        RoleGrant.objects.create(user=user, role=role, granted_at=AT)
        setattr(cast, username, user)
    return cast


def _copy(first: ModelVersion, count: int) -> None:
    """So many versions more, each of a model of its own, with all the evidence and signatures of the first."""
    model, card, tier = first.model, CardRevision.objects.get(), TierAssessment.objects.get()
    review, signoffs = Review.objects.get(), list(SignOff.objects.order_by("pk"))
    runs = list(EvaluationRun.objects.order_by("pk"))
    models = RegisteredModel.objects.bulk_create(
        again(model, slug=f"use-{number}", name=f"Use {number}") for number in range(count)
    )
    TierAssessment.objects.bulk_create(again(tier, model=owner) for owner in models)
    versions = ModelVersion.objects.bulk_create(
        (again(first, model=owner) for owner in models),
        batch_size=2_000,
    )
    CardRevision.objects.bulk_create((again(card, version=version) for version in versions), batch_size=2_000)
    for run in runs:
        EvaluationRun.objects.bulk_create(
            (again(run, version=version) for version in versions), batch_size=2_000
        )
    reviews = Review.objects.bulk_create(
        (again(review, version=version) for version in versions), batch_size=2_000
    )
    for signoff in signoffs:
        SignOff.objects.bulk_create((again(signoff, review=copy) for copy in reviews), batch_size=2_000)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
