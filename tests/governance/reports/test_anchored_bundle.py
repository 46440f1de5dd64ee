"""The evidence bundle of a log whose checkpoints an authority stamped."""

import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from audit.anchors import anchor
from governance.reports.bundle import bundle_of
from governance.reports.models import Report
from tests.audit.test_anchors import Outside, authority, outside, stamping
from tests.governance.reports.test_bundle import Auditor, auditor, files_of, noted, packed, report, yesterday

__all__ = ["auditor", "authority", "outside", "report", "stamping", "yesterday"]
pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_time_stamps_come_along_and_are_checked_against_the_authoritys_certificates(
    cast: SimpleNamespace, stamping: Outside, yesterday: str, report: Report, auditor: Auditor
) -> None:
    now = timezone.now()
    anchor(now - timedelta(days=1))
    bundle_of(report, at=now)  # signs the checkpoint that covers the report
    anchor(now)
    anchor(now + timedelta(days=1))  # nothing new: once stamped is stamped
    bundle = bundle_of(report, at=now)
    files = files_of(bundle)
    sizes = [json.loads(line)["size"] for line in files["anchors/index.jsonl"].splitlines()]
    assert len(sizes) == 2 and sizes == sorted(
        sizes
    )  # the last of the day before it, and the first that covers all of it
    root = stamping.folder / "ca.pem"

    code, said = auditor.checks(bundle)
    assert code == 0 and "give --tsa-roots to check" in said, said
    code, said = auditor.checks(bundle, noted(), roots=root)
    assert f"The log's first {sizes[-1]:,} entries existed on {now:%Y-%m-%d}" in said, said
    assert code == 0, said
    code, said = auditor.checks(bundle, roots=stamping.folder / "other.pem")
    assert code == 1 and "the time-stamp does not hold" in said
    code, said = auditor.checks(bundle, roots=stamping.folder / "tsa.cnf")
    assert code == 2 and "cannot be read as certificates" in said

    name = f"anchors/{sizes[-1]}"
    ways = {
        "moved": ({f"{name}.tsr": files[f"{name}.tsr"][:-5] + b"01234"}, "does not hold"),
        "other": ({f"{name}.note": files["witnesses.jsonl"]}, "cannot be relied on"),
        "earlier": ({f"{name}.note": yesterday.encode()}, "is not of this log, or its proof was changed"),
    }
    for way, (changed, words) in ways.items():
        code, said = auditor.checks(packed(files | changed), roots=root)
        assert code == 1 and words in said, (way, said)
    less = {other: content for other, content in files.items() if other != f"{name}.tsr"}
    code, said = auditor.checks(packed(less), roots=root)
    assert code == 1 and "time-stamp is missing" in said
