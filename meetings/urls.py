"""URLs of the minute book and of the visits."""

from django.urls import URLPattern, path

from meetings.views import corrections, decisions, letters, minute_book, sheet, trainings, visits

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
    path("g/<str:code>/visits/", visits.visit_list, name="visits"),
    path("g/<str:code>/visits/plan/", visits.visit_plan, name="visit-plan"),
    path("g/<str:code>/visits/plans/<int:pk>/withdraw/", visits.visit_plan_withdraw, name="visit-plan-withdraw"),
    path("g/<str:code>/visits/new/", visits.visit_record, name="visit-record"),
    path("g/<str:code>/visits/guest-book/", visits.guest_book, name="guest-book"),
    path("g/<str:code>/letters/", letters.letters, name="letters"),
    path("g/<str:code>/letters/new/", letters.letter_record, name="letter-record"),
    path("g/<str:code>/letters/<int:pk>/", letters.letter, name="letter"),
    path("g/<str:code>/letters/<int:pk>/withdraw/", letters.letter_withdraw, name="letter-withdraw"),
    path("trainings/", trainings.training_list, name="trainings"),
    path("g/<str:code>/trainings/new/", trainings.training_record, name="training-record"),
    path("g/<str:code>/trainings/attendance/", trainings.attendance_list, name="training-attendance"),
    path("g/<str:code>/trainings/<int:pk>/", trainings.training, name="training"),
    path("g/<str:code>/trainings/<int:pk>/withdraw/", trainings.training_withdraw, name="training-withdraw"),
    path("g/<str:code>/visits/<int:pk>/", visits.visit, name="visit"),
    path("g/<str:code>/visits/<int:pk>/withdraw/", visits.visit_withdraw, name="visit-withdraw"),
    path("g/<str:code>/visits/follow-ups/<int:pk>/done/", visits.follow_up_done, name="follow-up-done"),
]
