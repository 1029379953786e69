"""URLs of the minute book."""

from django.urls import URLPattern, path

from meetings import views

urlpatterns: list[URLPattern] = [
    path("decisions/", views.decisions, name="decisions"),
    path("g/<str:code>/meetings/", views.meeting_list, name="meeting-list"),
    path("g/<str:code>/meetings/new/", views.meeting_new, name="meeting-new"),
    path("g/<str:code>/meetings/<int:number>/", views.meeting_detail, name="meeting"),
    path("g/<str:code>/meetings/<int:number>/edit/", views.meeting_edit, name="meeting-edit"),
    path("g/<str:code>/meetings/<int:number>/discard/", views.draft_discard, name="draft-discard"),
    path("g/<str:code>/meetings/<int:number>/correct/", views.meeting_correct, name="meeting-correct"),
    path("g/<str:code>/meetings/<int:number>/versions/<int:version>/", views.meeting_detail, name="meeting-version"),
    path("g/<str:code>/decisions/", views.decision_list, name="decision-list"),
    path("g/<str:code>/decisions/<int:pk>/done/", views.decision_done, name="decision-done"),
]
