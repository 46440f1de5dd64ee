"""What must hold after every drill of the gate: no decision lost, none doubled, all of them in the log."""

from collections import Counter

from tests.faults.pipelines import NOBODY, Kept
from tests.faults.site import Site
from tests.ops.processes import eventually

IN_THE_LOG = """
    SELECT e.detail->>'decision' FROM audit_event e JOIN audit_logentry l ON l.event_id = e.id
    WHERE e.verb LIKE 'gate.%'
"""


def each_was_decided_once(site: Site, kept: Kept) -> None:
    """Every question has one decision, which every retry was told; a scheduler must run."""
    assert {len(names) for names in kept.decisions.values()} == {1}, "a retry was told another decision"
    assert set(kept.answers) == {"allow"}
    assert set(kept.statuses) <= {NOBODY, 200, 409, 503}, kept.statuses
    told = {name for names in kept.decisions.values() for name in names}
    calls = site.ask("SELECT token, decision_id::text FROM gate_idempotentcall WHERE decision_id IS NOT NULL")
    assert {token: name for token, name in calls} == {
        token: name for token, (name,) in kept.decisions.items()
    }
    assert {name for (name,) in site.ask("SELECT id::text FROM gate_gatedecision")} == told
    waiting = "SELECT count(*) FROM audit_pending"
    assert eventually(lambda: site.number(waiting) == 0, within=60), site.log()
    entries = site.ask(IN_THE_LOG)
    assert Counter(name for (name,) in entries) == Counter(told), "each decision stands in the log once"
    site.run("manage.py", "audit", "verify")
