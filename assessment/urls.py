"""URLs of the assessment app."""

from django.urls import URLPattern, path

from assessment import views

urlpatterns: list[URLPattern] = [
    path("g/<str:code>/assessment/", views.assessment, name="assessment"),
    path("g/<str:code>/assessment/judge/", views.judge, name="judge"),
    path("g/<str:code>/assessment/final/", views.assessment_finalise, name="assessment-finalise"),
    path("dashboard/", views.dashboard, name="dashboard"),
    path("dashboard/score/", views.dashboard_score, name="dashboard-score"),
]
