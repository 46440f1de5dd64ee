"""What stands in the database, as metrics: queues, jobs, the log, its checkpoints, and what waits for others.

Read at each scrape rather than counted by the processes: workers and scheduler publish nothing, a restart forgets
nothing, and every web server answers the same.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.db.models import Count, DurationField, F, Min, Q, Sum
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from accounts.mailing import waiting
from audit.models import AnchorState, Checkpoint
from audit.proofs import log_size
from audit.sequencer import lag_seconds, pending_count
from evaluations.models import Environment, EvaluationRun, Job, JobStatus
from evaluations.queues import HEAVY, LIGHT, LIGHT_KINDS
from governance.operation.scheduling import heartbeat_age_seconds
from governance.reports.models import Report
from governance.siem.forwarding import standing
from governance.webhooks.models import Delivery, DeliveryState
from riskreview.models import Simulation

GENERAL = "countersign"
JOBS: tuple[tuple[str, type[Job]], ...] = (
    ("evaluation", EvaluationRun),
    ("environment", Environment),
    ("report", Report),
    ("simulation", Simulation),
)
QUEUES: tuple[tuple[str, type[Job], Q], ...] = (
    (LIGHT, EvaluationRun, Q(kind__in=LIGHT_KINDS)),
    (HEAVY, EvaluationRun, ~Q(kind__in=LIGHT_KINDS)),
    (HEAVY, Environment, Q()),
    (GENERAL, Report, Q()),
    (GENERAL, Simulation, Q()),
)
ENDED = ("succeeded", "failed", "cancelled")


def standing_metrics() -> bytes:
    """Prometheus' text format. Without a database it says just that."""
    registry = CollectorRegistry()
    registry.register(Standing(timezone.now()))
    return generate_latest(registry)


class Standing(Collector):
    """All of it, at one moment."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: registering must not ask the database."""
        return ()

    def collect(self) -> Iterator[Metric]:
        silent = heartbeat_age_seconds()
        yield _gauge("scheduler_started", "1 once a scheduler has shown itself.", float(silent is not None))
        yield _gauge("scheduler_silent_seconds", "Since the scheduler last showed itself.", silent or 0.0)
        try:
            found = [*_queues(self._at), *_jobs(), *_log(self._at), *_outside(self._at)]
        except DatabaseError:
            found = []
        yield _gauge("database_up", "1 when the database answered this scrape.", float(bool(found)))
        yield from found


def _queues(at: datetime) -> Iterator[Metric]:
    jobs = dict.fromkeys((GENERAL, LIGHT, HEAVY), 0)
    oldest = dict.fromkeys(jobs, 0.0)
    for queue, model, which in QUEUES:
        rows = model._default_manager.filter(which, status=JobStatus.QUEUED)
        found = rows.aggregate(count=Count("pk"), since=Min("requested_at"))
        jobs[queue] += found["count"]
        if found["since"]:
            oldest[queue] = max(oldest[queue], (at - found["since"]).total_seconds())
    yield _labelled("queue_jobs", "Jobs that wait, by queue.", "queue", jobs)
    yield _labelled("queue_oldest_seconds", "How long the oldest of them has waited.", "queue", oldest)


def _jobs() -> Iterator[Metric]:
    running = dict[str, float]()
    ended = CounterMetricFamily(
        "countersign_jobs_ended", "Jobs that ended, by how.", labels=("job", "status")
    )
    spent = CounterMetricFamily("countersign_jobs_run_seconds", "How long they ran in all.", labels=("job",))
    took = Sum(F("finished_at") - F("started_at"), output_field=DurationField())
    for job, model in JOBS:
        rows = model._default_manager.order_by().values("status").annotate(count=Count("pk"), took=took)
        counts, seconds = dict[str, int](), 0.0
        for row in rows:
            counts[row["status"]] = row["count"]
            seconds += (row["took"] or timedelta()).total_seconds()
        running[job] = counts.get("running", 0)
        for status in ENDED:
            ended.add_metric((job, status), counts.get(status, 0))
        spent.add_metric((job,), seconds)
    yield _labelled("jobs_running", "Jobs that a worker has.", "job", running)
    yield ended
    yield spent


def _log(at: datetime) -> Iterator[Metric]:
    size, newest = log_size(), Checkpoint.objects.order_by("-size").first()
    age = (at - newest.signed_at).total_seconds() if newest else 0.0
    yield _gauge("log_entries", "Entries of the audit log.", size)
    yield _gauge("log_pending_events", "Events that wait for their place in the log.", pending_count())
    yield _gauge("log_lag_seconds", "How long the oldest of them has waited.", lag_seconds(at))
    yield _gauge("checkpoint_age_seconds", "Since the newest checkpoint was signed.", age)
    unsigned = size - (newest.size if newest else 0)
    yield _gauge("log_unsigned_entries", "Entries that no checkpoint covers yet.", unsigned)


def _outside(at: datetime) -> Iterator[Metric]:
    forwarded = standing(at)
    yield _gauge("siem_configured", "1 where a collector is named.", float(forwarded is not None))
    yield _gauge("siem_waiting_entries", "Entries not confirmed yet.", forwarded.waiting if forwarded else 0)
    yield _gauge(
        "siem_lag_seconds", "Age of the oldest of them.", forwarded.lag_seconds if forwarded else 0.0
    )
    unsent = Delivery.objects.filter(state=DeliveryState.WAITING)
    found = unsent.aggregate(count=Count("pk"), since=Min("created_at"))
    age = (at - found["since"]).total_seconds() if found["since"] else 0.0
    yield _gauge("webhooks_waiting", "Deliveries of webhooks not taken yet.", found["count"])
    yield _gauge("webhooks_oldest_seconds", "Age of the oldest of them.", age)
    failures = {"tsa": 0, "witness": 0} | dict(AnchorState.objects.values_list("kind", "failures"))
    yield _labelled("anchor_failures", "Failures in a row, by anchor.", "anchor", failures)
    yield _gauge("mail_waiting", "Notices whose mail is due.", waiting(at).count())


def _gauge(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(f"countersign_{name}", told, value=value)


def _labelled(name: str, told: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(f"countersign_{name}", told, labels=(label,))
    for key, value in values.items():
        family.add_metric((key,), value)
    return family
