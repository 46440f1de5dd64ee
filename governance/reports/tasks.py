"""What a worker does with a report."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from accounts.refusals import Refusal
from evaluations.jobs import claim, heartbeat
from governance.reports.actions import REPORT_TASK, fail_report, succeed_report
from governance.reports.board import Say
from governance.reports.certificate import configured
from governance.reports.kinds import tell
from governance.reports.models import Report
from governance.reports.places import reports_folder, static_folder
from governance.reports.render import Beat, RenderFailed, Seal, render


@shared_task(name=REPORT_TASK)
def make_report(pk: int) -> None:
    """Make one report, if it still waits."""
    report = claim(Report, pk, at=timezone.now())
    if report is None:
        return
    as_of = report.as_of if report.past else timezone.now()
    heartbeat(report, progress=0.1, step="Gathering the evidence", at=timezone.now())
    try:
        told = tell(report, at=as_of, say=_teller(report))
        heartbeat(report, progress=0.4, step="Laying out the pages", at=timezone.now())
        rendered = render(
            html=told.html,
            evidence=told.facts,
            folder=reports_folder(),
            name=f"{report.uuid}.pdf",
            static=static_folder(),
            seconds=settings.REPORT_SECONDS,
            made_at=int(as_of.timestamp()),
            look=settings.REPORT_LOOK,
            parts=told.parts,
            seal=_seal(),
            beat=_beat(report),
        )
    except RenderFailed as failure:
        fail_report(report=report, failure=str(failure), at=timezone.now())
        return
    except Refusal as refused:
        fail_report(report=report, failure=f"{refused} {refused.remedy}".strip(), at=timezone.now())
        return
    succeed_report(report=report, rendered=rendered, as_of=as_of, at=timezone.now())


def _seal() -> Seal | None:
    """Reports are signed where a certificate is configured; one that cannot sign fails the report."""
    if not configured():
        return None
    return Seal(timezone.now().isoformat(), settings.TSA_URL, settings.TSA_ROOTS)


def _beat(report: Report) -> Beat:
    """Renews the lease while the pages are laid out, which may take longer than it holds."""
    return lambda: heartbeat(report, progress=0.4, step="Laying out the pages", at=timezone.now())


def _teller(report: Report) -> Say:
    """What a long gathering calls between its parts: it shows how far that is, and renews the lease."""

    def say(progress: float, step: str) -> None:
        heartbeat(report, progress=progress, step=step, at=timezone.now())

    return say
