"""The project's URLs; those other tools rely on are listed in docs/decisions.md."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from kelompok import calendar, rhythms, views

handler500 = "kelompok.views.server_error"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("healthz", views.healthz, name="healthz"),
    path("login/", views.login, name="login"),
    path("logout/", views.logout, name="logout"),
    path("language/", views.language, name="language"),
    path("g/<str:code>/", views.group, name="group"),
    path("calendar/move/", calendar.meetings_move, name="meetings-move"),
    path("g/<str:code>/rhythm/", rhythms.rhythm, name="rhythm"),
    path("g/<str:code>/rhythm/new/", rhythms.rhythm_adopt, name="rhythm-adopt"),
    path("g/<str:code>/rhythm/<int:pk>/withdraw/", rhythms.rhythm_withdraw, name="rhythm-withdraw"),
    path("g/<str:code>/calendar/", calendar.calendar, name="calendar"),
    path("g/<str:code>/calendar/move/", calendar.meeting_move, name="meeting-move"),
    path(
        "g/<str:code>/calendar/moves/<int:pk>/withdraw/", calendar.meeting_move_withdraw, name="meeting-move-withdraw"
    ),
    path("g/<str:code>/members/<int:pk>/leave/", views.member_leave, name="member-leave"),
    path("g/<str:code>/members/<int:pk>/leave/undo/", views.member_leave_undo, name="member-leave-undo"),
    path("g/<str:code>/dissolve/", views.group_dissolve, name="group-dissolve"),
    path("g/<str:code>/dissolution/", views.dissolution, name="dissolution"),
    path("g/<str:code>/dissolution/take-back/", views.dissolution_take_back, name="dissolution-take-back"),
    path("g/<str:code>/dissolution/close-case/", views.dissolution_close_case, name="dissolution-close-case"),
    path("", include("groups.urls")),
    path("", include("finance.urls")),
    path("", include("meetings.urls")),
    path("", include("assessment.urls")),
    path("admin/login/", views.admin_login, name="admin-login"),
    path("admin/", admin.site.urls),
]
