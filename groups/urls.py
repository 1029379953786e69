"""URLs of the groups app."""

from django.urls import URLPattern, path

from groups import views

urlpatterns: list[URLPattern] = [
    path("groups/", views.group_list, name="group-list"),
    path("groups/new/", views.group_create, name="group-create"),
    path("g/<str:code>/edit/", views.group_edit, name="group-edit"),
    path("g/<str:code>/members/new/", views.member_create, name="member-create"),
    path("g/<str:code>/members/<int:pk>/edit/", views.member_edit, name="member-edit"),
    path("g/<str:code>/constitution/", views.constitution, name="constitution"),
    path("g/<str:code>/constitution/new/", views.constitution_adopt, name="constitution-adopt"),
    path("g/<str:code>/officers/", views.officers, name="officers"),
    path("g/<str:code>/officers/elect/", views.election, name="election"),
    path("g/<str:code>/officers/<int:pk>/correct/", views.term_correct, name="term-correct"),
    path("g/<str:code>/facilitators/", views.facilitators, name="facilitators"),
    path("g/<str:code>/facilitators/<int:pk>/end/", views.facilitator_end, name="facilitator-end"),
]
