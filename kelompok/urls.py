"""The project's URLs; those other tools rely on are listed in docs/decisions.md."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from kelompok import calendar, federations, founding, mentoring, rhythms, rules, views

handler500 = "kelompok.views.server_error"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("healthz", views.healthz, name="healthz"),
    path("login/", views.login, name="login"),
    path("logout/", views.logout, name="logout"),
    path("language/", views.language, name="language"),
    path("g/<str:code>/", views.group, name="group"),
    path("calendar/move/", calendar.meetings_move, name="meetings-move"),
    path("g/<str:code>/constitution/new/", rules.constitution_adopt, name="constitution-adopt"),
    path("g/<str:code>/rhythm/", rhythms.rhythm, name="rhythm"),
    path("g/<str:code>/rhythm/new/", rhythms.rhythm_adopt, name="rhythm-adopt"),
    path("g/<str:code>/rhythm/<int:pk>/withdraw/", rhythms.rhythm_withdraw, name="rhythm-withdraw"),
    path("g/<str:code>/calendar/", calendar.calendar, name="calendar"),
    path("g/<str:code>/calendar/move/", calendar.meeting_move, name="meeting-move"),
    path(
        "g/<str:code>/calendar/moves/<int:pk>/withdraw/", calendar.meeting_move_withdraw, name="meeting-move-withdraw"
    ),
    path("g/<str:code>/visits/brief/", mentoring.visit_brief, name="visit-brief"),
    path("mentoring/", mentoring.workload, name="workload"),
    path("mentoring/handover/", mentoring.handover, name="handover"),
    path("mentoring/month/", mentoring.month_report, name="month-report"),
    path("mentoring/months/", mentoring.month_report_list, name="month-reports"),
    path("mentoring/months/<int:pk>/", mentoring.month_report_shown, name="month-report-shown"),
    path("g/<str:code>/mentoring/", mentoring.mentoring, name="mentoring"),
    path("g/<str:code>/mentoring/phase/", mentoring.mentoring_phase, name="mentoring-phase"),
    path("g/<str:code>/mentoring/end/", mentoring.mentoring_end, name="mentoring-end"),
    path("g/<str:code>/mentoring/<int:pk>/review/", mentoring.exit_review, name="exit-review"),
    path("g/<str:code>/mentoring/<int:pk>/withdraw/", mentoring.mentoring_withdraw, name="mentoring-withdraw"),
    path("g/<str:code>/members/<int:pk>/leave/", views.member_leave, name="member-leave"),
    path("g/<str:code>/members/<int:pk>/leave/undo/", views.member_leave_undo, name="member-leave-undo"),
    path("g/<str:code>/formation/founding/", founding.founding, name="founding"),
    path("g/<str:code>/dissolve/", views.group_dissolve, name="group-dissolve"),
    path("g/<str:code>/dissolution/", views.dissolution, name="dissolution"),
    path("g/<str:code>/dissolution/take-back/", views.dissolution_take_back, name="dissolution-take-back"),
    path("g/<str:code>/dissolution/close-case/", views.dissolution_close_case, name="dissolution-close-case"),
    path("federations/", federations.federation_list, name="federation-list"),
    path("federations/new/", federations.federation_create, name="federation-create"),
    path("federations/<int:pk>/", federations.federation, name="federation"),
    path("federations/<int:pk>/edit/", federations.federation_edit, name="federation-edit"),
    path("federations/<int:pk>/join/", federations.federation_join, name="federation-join"),
    path("federations/<int:pk>/elect/", federations.federation_elect, name="federation-elect"),
    path("federations/<int:pk>/meetings/", federations.federation_meetings, name="federation-meetings"),
    path("federations/<int:pk>/meetings/new/", federations.federation_meeting_record, name="federation-meeting-record"),
    path("federations/<int:pk>/contacts/new/", federations.federation_contact_record, name="federation-contact-record"),
    path("federations/<int:pk>/contributions/", federations.federation_contributions, name="federation-contributions"),
    path("federations/<int:pk>/contributions/agree/", federations.contribution_agree, name="contribution-agree"),
    path("federations/<int:pk>/contributions/pay/", federations.contribution_payment, name="contribution-payment"),
    path("federations/memberships/<int:pk>/leave/", federations.federation_leave, name="federation-leave"),
    path(
        "federations/meetings/<int:pk>/withdraw/",
        federations.federation_meeting_withdraw,
        name="federation-meeting-withdraw",
    ),
    path(
        "federations/contacts/<int:pk>/withdraw/",
        federations.federation_contact_withdraw,
        name="federation-contact-withdraw",
    ),
    path("federations/payments/<int:pk>/withdraw/", federations.contribution_withdraw, name="contribution-withdraw"),
    path("", include("groups.urls")),
    path("", include("finance.urls")),
    path("", include("meetings.urls")),
    path("", include("assessment.urls")),
    path("admin/login/", views.admin_login, name="admin-login"),
    path("admin/", admin.site.urls),
]
