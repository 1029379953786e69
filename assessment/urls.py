"""URLs of the assessment app."""

from django.urls import URLPattern, path

from assessment.views import dashboard, group

urlpatterns: list[URLPattern] = [
    path("g/<str:code>/assessment/", group.assessment, name="assessment"),
    path("g/<str:code>/assessment/judge/", group.judge, name="judge"),
    path("g/<str:code>/assessment/final/", group.assessment_finalise, name="assessment-finalise"),
    path("dashboard/", dashboard.dashboard, name="dashboard"),
    path("dashboard/score/", dashboard.dashboard_score, name="dashboard-score"),
]
