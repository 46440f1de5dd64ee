"""Addresses of reviews, sign-offs, waivers, break-glass, tiers and the policy."""

from django.urls import path

from riskreview.exceptions import break_glass_views as break_glass
from riskreview.exceptions import waiver_views as waivers
from riskreview.findings import raising_views as raising
from riskreview.findings import views as findings
from riskreview.policies import impact_views as impact
from riskreview.policies import views as policies
from riskreview.reviews.views import (
    conditions,
    delegations,
    renewals,
    reviews,
    signing,
    steering,
    submitting,
    threads,
)
from riskreview.risks import page_views as risk_page
from riskreview.risks import proposal_views as risk_proposals
from riskreview.risks import scale_views as risk_scales
from riskreview.risks import views as risks
from riskreview.tiering import list_views as tier_list
from riskreview.tiering import questionnaire_views as questionnaires
from riskreview.tiering import views as tiers

PACK = "policy/packs/<slug:name>/<int:version>"
VERSION = "models/<slug:slug>/versions/<str:version>"

app_name = "riskreview"
urlpatterns = [
    path("reviews/", reviews.review_list, name="reviews"),
    path("reviews/<int:pk>/", reviews.review, name="review"),
    path("reviews/<int:pk>/sign/", signing.sign, name="sign"),
    path("reviews/<int:pk>/comment/", threads.add_comment, name="comment"),
    path("reviews/comments/<int:pk>/reply/", threads.reply, name="reply"),
    path("reviews/comments/<int:pk>/resolve/", threads.resolve, name="resolve"),
    path("reviews/<int:pk>/assign/", steering.assign_review, name="assign"),
    path("reviews/assignments/<int:pk>/end/", steering.end_assignment, name="unassign"),
    path("reviews/<int:pk>/recuse/", steering.step_back, name="recuse"),
    path("reviews/<int:pk>/due/", steering.move_due, name="due"),
    path("reviews/<int:pk>/again/", steering.next_round, name="again"),
    path("reviews/<int:pk>/close/", steering.close, name="close"),
    path("reviews/attest-again/", renewals.renew, name="renewals"),
    path("reviews/delegations/", delegations.delegations, name="delegations"),
    path("reviews/delegations/<int:pk>/end/", delegations.end, name="delegation_end"),
    path("signoffs/<int:pk>/withdraw/", signing.withdraw_signoff, name="withdraw"),
    path("obligations/", conditions.obligation_list, name="obligations"),
    path("conditions/<int:pk>/met/", conditions.condition_met, name="condition_met"),
    path("conditions/<int:pk>/verify/", conditions.condition_verify, name="condition_verify"),
    path(f"{VERSION}/submit/", submitting.submit, name="submit"),
    path(f"{VERSION}/sign-offs/", signing.signoffs, name="signoffs"),
    path("models/<slug:slug>/tier/", tiers.tier, name="tier"),
    path("models/<slug:slug>/tier/preview/", tiers.preview, name="tier_preview"),
    path("models/<slug:slug>/tier/confirm/", tiers.confirm, name="tier_confirm"),
    path("findings/", findings.finding_list, name="findings"),
    path("findings/new/", raising.finding_new, name="finding_new"),
    path("findings/due-dates/", raising.due_days, name="due_days"),
    path("findings/<int:pk>/", findings.finding, name="finding"),
    path("findings/<int:pk>/<slug:deed>/", findings.finding_step, name="finding_step"),
    path("risks/", risks.portfolio, name="risks"),
    path("risks/hand-over/", risks.hand_over, name="risks_hand_over"),
    path("risks/scales/", risk_scales.scales, name="risk_scales"),
    path("risks/<int:pk>/", risk_page.risk, name="risk"),
    *(
        path(f"risks/<int:pk>/{step.__name__}/", step, name=f"risk_{step.__name__}")
        for step in (
            risk_page.rate,
            risk_page.treat,
            risk_page.assign,
            risk_page.accept,
            risk_page.withdraw,
            risk_page.close,
            risk_page.reopen,
        )
    ),
    path("models/<slug:slug>/risks/", risks.model_risks, name="model_risks"),
    path("models/<slug:slug>/risks/add/", risks.add, name="risks_add"),
    path("models/<slug:slug>/risks/new/", risks.new, name="risk_new"),
    path("evaluations/<int:number>/propose/", risk_proposals.propose, name="propose"),
    path("waivers/", waivers.waiver_list, name="waivers"),
    path("waivers/<int:pk>/", waivers.waiver, name="waiver"),
    path("waivers/<int:pk>/decide/", waivers.decide, name="waiver_decide"),
    path("waivers/<int:pk>/end/", waivers.end, name="waiver_end"),
    path(f"{VERSION}/waivers/new/", waivers.ask, name="waiver_new"),
    path("break-glass/", break_glass.break_glass_list, name="break_glass_list"),
    path("break-glass/<int:pk>/", break_glass.one, name="break_glass"),
    path("break-glass/<int:pk>/consent/", break_glass.consent, name="break_glass_consent"),
    path("break-glass/<int:pk>/end/", break_glass.end, name="break_glass_end"),
    path(f"{VERSION}/break-glass/", break_glass.ask, name="break_glass_new"),
    path("models/<slug:slug>/policy/", policies.applies, name="applies"),
    path("models/<slug:slug>/tier/<int:pk>/", tiers.tier_answers, name="tier_answers"),
    path("tiers/", tier_list.tier_list, name="tiers"),
    path("tiers/questionnaire/", questionnaires.questionnaire, name="questionnaire"),
    path("tiers/questionnaire/new/", questionnaires.questionnaire_new, name="questionnaire_new"),
    path(
        "tiers/questionnaire/<int:version>/",
        questionnaires.questionnaire_version,
        name="questionnaire_version",
    ),
    path(
        "tiers/questionnaire/<int:version>/activate/",
        questionnaires.questionnaire_activate,
        name="questionnaire_activate",
    ),
    path("policy/", policies.policy, name="policy"),
    path("policy/packs/", policies.packs, name="packs"),
    path("policy/packs/new/", policies.pack_new, name="pack_new"),
    path(f"{PACK}/", policies.pack, name="pack"),
    path(f"{PACK}/source/", policies.pack_source, name="pack_source"),
    path(f"{PACK}/preview/", impact.simulate, name="simulate"),
    path("policy/diff/", policies.pack_diff, name="pack_diff"),
    path("policy/previews/<int:pk>/", impact.simulation, name="simulation"),
    path("policy/previews/<int:pk>/changes.csv", impact.changes, name="simulation_changes"),
    path("policy/previews/<int:pk>/stop/", impact.cancel, name="simulation_cancel"),
    path("policy/previews/<int:pk>/ask/", impact.ask, name="activation_ask"),
    path("policy/activations/<int:pk>/confirm/", impact.confirm, name="activation_confirm"),
    path("policy/activations/<int:pk>/refuse/", impact.refuse, name="activation_refuse"),
    path("policy/activations/<int:pk>/withdraw/", impact.withdraw_wish, name="activation_withdraw"),
]
