"""The pages of risks: filtering, the heat map, exports, forms that keep what was typed, the scales."""

from collections.abc import Callable
from io import BytesIO
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from registry.models import RegisteredModel
from riskreview.models import Risk, RiskScale
from tests.builders import a_model, a_risk
from tests.downloads import streamed
from tests.forms import send

ClientOf = Callable[[User], Client]
REASON = "Looked at by the whole team; nothing of it is left."


@pytest.fixture
def model(cast: SimpleNamespace) -> RegisteredModel:
    return a_model(cast)


def body(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_the_register_filters_by_cell_level_and_words(
    cast: SimpleNamespace, model: RegisteredModel, client_of: ClientOf
) -> None:
    weak = a_risk(cast, model, "ACC-01")  # 3 × 4 to 2 × 3
    unfair = a_risk(cast, model, "FAI-01", (5, 5), (4, 4))
    bare = a_risk(cast, model, "DAT-01", None)
    viktor = client_of(cast.viktor)

    def listed(query: str) -> set[str]:
        page = body(viktor, f"/risks/?{query}")
        return {f"R-{risk.pk}" for risk in (weak, unfair, bare) if f'id="R-{risk.pk}"' in page}

    every = {f"R-{risk.pk}" for risk in (weak, unfair, bare)}
    assert listed("") == every == listed("likelihood=9&sort=nonsense&view=x&state=y")
    assert listed("view=residual&likelihood=2&impact=3") == {f"R-{weak.pk}"}
    assert listed("view=inherent&likelihood=5&impact=5") == {f"R-{unfair.pk}"}
    assert listed("level=unrated") == {f"R-{bare.pk}"}
    assert listed("level=high") == {f"R-{unfair.pk}"}
    assert listed(f"q=r-{weak.pk}") == {f"R-{weak.pk}"}
    assert listed("q=selection+unequal") == {f"R-{unfair.pk}"}
    assert listed("state=closed") == set()
    assert "1 high or critical and not accepted, 1 not rated" in body(viktor, "/risks/")


def test_the_number_of_queries_does_not_grow_with_the_risks(
    cast: SimpleNamespace, model: RegisteredModel, client_of: ClientOf
) -> None:
    viktor = client_of(cast.viktor)
    body(viktor, "/risks/")  # what is read once and kept
    counts = []
    for names in (["ACC-01"], ["FAI-01", "DAT-01", "DAT-03", "FIT-01"]):
        for name in names:
            a_risk(cast, model, name)
        with CaptureQueriesContext(connection) as asked:
            body(viktor, "/risks/")
            body(viktor, f"/models/{model.slug}/risks/")
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_exports_hold_every_matching_risk_and_no_formula(
    cast: SimpleNamespace, model: RegisteredModel, client_of: ClientOf
) -> None:
    risk = a_risk(cast, model)
    Risk.objects.filter(pk=risk.pk).update(title="=1+1")
    viktor = client_of(cast.viktor)
    csv = streamed(viktor.get("/risks/?format=csv"))
    assert f"R-{risk.pk}" in csv and "'=1+1" in csv and ",12,high,2,3,6,moderate," in csv
    excel = viktor.get("/risks/?format=xlsx")
    assert BytesIO(excel.content).read(2) == b"PK"


def test_forms_keep_what_was_typed_and_say_what_is_wrong(
    cast: SimpleNamespace, model: RegisteredModel, client_of: ClientOf
) -> None:
    risk = a_risk(cast, model)
    viktor, page = client_of(cast.viktor), f"/risks/{risk.pk}/"
    answer = viktor.post(f"{page}close/", {"reason": "Gone"})
    assert answer.status_code == 400 and "Write 20 to" in answer.content.decode()
    half = viktor.post(
        f"{page}rate/", {"inherent_likelihood": "3", "inherent_impact": "3", "residual_impact": "2"}
    )
    assert half.status_code == 400 and "likelihood and impact, or neither" in half.content.decode()
    assert send(viktor, page, to="close", reason=REASON).status_code == 302
    assert Risk.objects.get().closed_reason == REASON
    assert "Closed by Viktor Sahl" in body(viktor, page)
    assert client_of(cast.olga).post(f"{page}rate/", {"inherent_likelihood": "1"}).status_code == 400


def test_one_click_adds_what_is_suggested(
    cast: SimpleNamespace, model: RegisteredModel, client_of: ClientOf
) -> None:
    olga, page = client_of(cast.olga), f"/models/{model.slug}/risks/"
    assert "Weak discrimination" in body(olga, page)
    send(olga, page, to="add", risk="ACC-01")
    assert Risk.objects.get().catalogue_id == "ACC-01"
    assert "Not rated" in body(olga, page)
    assert "Nobody has said yet" not in body(olga, f"/models/{model.slug}/")


def test_handing_over_asks_first(cast: SimpleNamespace, model: RegisteredModel, client_of: ClientOf) -> None:
    risk = a_risk(cast, model)
    ada = client_of(cast.ada)
    given = {"risk": str(risk.pk), "owner": "bea", "note": "Bea runs the controls."}
    asked = ada.post("/risks/hand-over/", given)
    assert asked.status_code == 200 and Risk.objects.get().owner == cast.olga
    done = ada.post("/risks/hand-over/", given | {"sure": "yes"})
    assert done.status_code == 302 and Risk.objects.get().owner == cast.bea


def test_scales_are_kept_only_after_their_effect_was_seen(
    cast: SimpleNamespace, model: RegisteredModel, client_of: ClientOf
) -> None:
    a_risk(cast, model, after=(2, 3))
    ada = client_of(cast.ada)
    form = {"matrix.2.3": "moderate", "note": REASON}
    page = body(ada, "/risks/scales/")
    from tests.forms import forms_of

    values = next(form for form in forms_of("/risks/scales/", page) if "version" in form.known).values
    assert values["matrix.2.3"] == ["moderate"]
    wanted = values | {"matrix.2.3": "high", "matrix.2.4": "high", "matrix.3.3": "high", "note": REASON}
    seen = ada.post("/risks/scales/", wanted | {"save": "yes"})  # not seen yet: shown instead of kept
    assert "1 open risk would change level" in seen.content.decode() and not RiskScale.objects.exists()
    again = next(
        form for form in forms_of("/risks/scales/", seen.content.decode()) if "version" in form.known
    ).values
    assert ada.post("/risks/scales/", again | {"save": "yes"}).status_code == 302
    assert RiskScale.objects.get().version == 2 and form
    bad = ada.post("/risks/scales/", again | {"version": "3", "matrix.5.5": "low"})
    assert bad.status_code == 400 and "worse than it" in bad.content.decode()
    assert client_of(cast.viktor).post("/risks/scales/", again).status_code == 403


def test_machines_read_the_register(
    cast: SimpleNamespace, model: RegisteredModel, api: Callable[..., Client]
) -> None:
    weak, unfair = a_risk(cast, model, "ACC-01"), a_risk(cast, model, "FAI-01", (5, 5), (4, 4))
    bare = a_risk(cast, model, "DAT-01", None)
    reader = api("risks:read")

    def listed(**given: str) -> list[int]:
        return [row["id"] for row in reader.get("/api/v1/risks", given).json()["results"]]

    assert listed() == [bare.pk, unfair.pk, weak.pk] == listed(model=model.slug, state="open")
    assert listed(level="unrated") == [bare.pk] and listed(level="high") == [unfair.pk]
    assert listed(overdue="true") == [] == listed(model="no-such") == listed(state="closed")
    assert reader.get("/api/v1/risks", {"level": "grave"}).status_code == 400

    told = reader.get(f"/api/v1/risks/{unfair.pk}").json()
    assert told["residual"] == {"likelihood": 4, "impact": 4, "score": 16, "level": "high"}
    assert (told["treatment"], told["controls"], told["accepted_by"]) == (
        "mitigate",
        ["Monthly report"],
        None,
    )
    assert reader.get(f"/api/v1/risks/{bare.pk}").json()["inherent"] is None
    assert reader.get("/api/v1/risks/999999").status_code == 404
    assert api("findings:read").get("/api/v1/risks").status_code == 403
