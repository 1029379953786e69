"""URLs of the minute book."""

from django.urls import URLPattern, path

from meetings.views import corrections, decisions, minute_book, sheet

urlpatterns: list[URLPattern] = [
    path("decisions/", decisions.decisions, name="decisions"),
    path("g/<str:code>/meetings/", minute_book.meeting_list, name="meeting-list"),
    path("g/<str:code>/meetings/new/", sheet.meeting_new, name="meeting-new"),
    path("g/<str:code>/meetings/<int:number>/", minute_book.meeting_detail, name="meeting"),
    path("g/<str:code>/meetings/<int:number>/edit/", sheet.meeting_edit, name="meeting-edit"),
    path("g/<str:code>/meetings/<int:number>/discard/", sheet.draft_discard, name="draft-discard"),
    path("g/<str:code>/meetings/<int:number>/correct/", corrections.meeting_correct, name="meeting-correct"),
    path(
        "g/<str:code>/meetings/<int:number>/versions/<int:version>/", minute_book.meeting_detail, name="meeting-version"
    ),
    path("g/<str:code>/decisions/", decisions.decision_list, name="decision-list"),
    path("g/<str:code>/decisions/<int:pk>/done/", decisions.decision_done, name="decision-done"),
]
