"""Addresses of reviews, sign-offs, tiers and the policy."""

from django.urls import path

from riskreview.views import policies, reviews, signing, submitting, tiers

VERSION = "models/<slug:slug>/versions/<str:version>"

app_name = "riskreview"
urlpatterns = [
    path("reviews/", reviews.review_list, name="reviews"),
    path("reviews/<int:pk>/", reviews.review, name="review"),
    path("reviews/<int:pk>/sign/", signing.sign, name="sign"),
    path("reviews/<int:pk>/comment/", reviews.add_comment, name="comment"),
    path("signoffs/<int:pk>/withdraw/", signing.withdraw_signoff, name="withdraw"),
    path("conditions/<int:pk>/met/", signing.condition_met, name="condition_met"),
    path(f"{VERSION}/submit/", submitting.submit, name="submit"),
    path(f"{VERSION}/sign-offs/", signing.signoffs, name="signoffs"),
    path("models/<slug:slug>/tier/", tiers.tier, name="tier"),
    path("models/<slug:slug>/tier/preview/", tiers.preview, name="tier_preview"),
    path("models/<slug:slug>/tier/confirm/", tiers.confirm, name="tier_confirm"),
    path("policy/", policies.policy, name="policy"),
]
