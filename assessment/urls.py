"""URLs of the assessment app."""

from django.urls import URLPattern, URLResolver, include, path

from assessment.views import bank, evidence, group, instruments, judging

urlpatterns: list[URLPattern | URLResolver] = [
    path("g/<str:code>/assessment/", group.assessment, name="assessment"),
    path("g/<str:code>/assessment/judge/", judging.judge, name="judge"),
    path("g/<str:code>/assessment/override/<slug:indicator>/", judging.override_give, name="override-give"),
    path("g/<str:code>/assessment/override/<int:pk>/withdraw/", judging.override_withdraw, name="override-withdraw"),
    path("g/<str:code>/assessment/evidence/<slug:indicator>/", evidence.evidence, name="assessment-evidence"),
    path("g/<str:code>/profile/", bank.profile, name="bank-profile"),
    path("g/<str:code>/assessment/final/", group.assessment_finalise, name="assessment-finalise"),
    path("instruments/", instruments.instrument_list, name="instrument-list"),
    path("instruments/<int:pk>/", instruments.instrument, name="instrument"),
    path("instruments/<int:pk>/compare/", instruments.instrument_compare, name="instrument-compare"),
    path("dashboard/", include("assessment.dashboard_urls")),
]
