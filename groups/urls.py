"""URLs of the groups app."""

from django.urls import URLPattern, path

from groups.views import (
    bank_accounts,
    constitution,
    facilitators,
    formation,
    groups,
    members,
    officers,
    partners,
    partnerships,
)

urlpatterns: list[URLPattern] = [
    path("groups/", groups.group_list, name="group-list"),
    path("groups/new/", groups.group_create, name="group-create"),
    path("g/<str:code>/edit/", groups.group_edit, name="group-edit"),
    path("g/<str:code>/members/new/", members.member_create, name="member-create"),
    path("g/<str:code>/members/new/many/", members.members_create, name="members-create"),
    path("g/<str:code>/members/<int:pk>/edit/", members.member_edit, name="member-edit"),
    path("g/<str:code>/constitution/", constitution.constitution, name="constitution"),
    path("g/<str:code>/officers/", officers.officers, name="officers"),
    path("g/<str:code>/officers/elect/", officers.election, name="election"),
    path("g/<str:code>/officers/<int:pk>/correct/", officers.term_correct, name="term-correct"),
    path("g/<str:code>/bank-accounts/", bank_accounts.bank_accounts, name="bank-accounts"),
    path("g/<str:code>/bank-accounts/new/", bank_accounts.bank_account_open, name="bank-account-open"),
    path("g/<str:code>/bank-accounts/<int:pk>/sign/", bank_accounts.bank_mandate, name="bank-mandate"),
    path("g/<str:code>/bank-accounts/<int:pk>/close/", bank_accounts.bank_account_close, name="bank-account-close"),
    path("partners/", partners.partner_list, name="partner-list"),
    path("partners/new/", partners.partner_create, name="partner-create"),
    path("partners/<int:pk>/", partners.partner, name="partner"),
    path("partners/<int:pk>/edit/", partners.partner_edit, name="partner-edit"),
    path("g/<str:code>/partnerships/", partnerships.partnerships, name="partnerships"),
    path("g/<str:code>/partnerships/new/", partnerships.partnership_create, name="partnership-create"),
    path("g/<str:code>/partnerships/<int:pk>/", partnerships.partnership, name="partnership"),
    path(
        "g/<str:code>/partnerships/<int:pk>/steps/<int:number>/", partnerships.partnership_step, name="partnership-step"
    ),
    path("g/<str:code>/partnerships/<int:pk>/close/", partnerships.partnership_close, name="partnership-close"),
    path("g/<str:code>/partnerships/<int:pk>/agree/", partnerships.agreement_create, name="agreement-create"),
    path(
        "g/<str:code>/partnerships/<int:pk>/documents/new/",
        partnerships.partnership_document,
        name="partnership-document",
    ),
    path("g/<str:code>/partnerships/agreements/<int:pk>/", partnerships.agreement, name="agreement"),
    path("g/<str:code>/partnerships/agreements/<int:pk>/end/", partnerships.agreement_end, name="agreement-end"),
    path(
        "g/<str:code>/partnerships/agreements/<int:pk>/withdraw/",
        partnerships.agreement_withdraw,
        name="agreement-withdraw",
    ),
    path(
        "g/<str:code>/partnerships/documents/<int:pk>/withdraw/",
        partnerships.document_withdraw,
        name="document-withdraw",
    ),
    path("g/<str:code>/partnerships/activities/new/", partnerships.activity_record, name="activity-record"),
    path(
        "g/<str:code>/partnerships/activities/<int:pk>/withdraw/",
        partnerships.activity_withdraw,
        name="activity-withdraw",
    ),
    path("g/<str:code>/formation/", formation.formation, name="formation"),
    path("g/<str:code>/formation/founding/new/", formation.founding_record, name="founding-record"),
    path("g/<str:code>/formation/founding/withdraw/", formation.founding_withdraw, name="founding-withdraw"),
    path("g/<str:code>/formation/found/", formation.group_found, name="group-found"),
    path(
        "g/<str:code>/formation/notes/<int:pk>/withdraw/",
        formation.formation_note_withdraw,
        name="formation-note-withdraw",
    ),
    path("g/<str:code>/formation/steps/<slug:step>/", formation.formation_step, name="formation-step"),
    path("g/<str:code>/revive/", formation.group_revive, name="group-revive"),
    path("g/<str:code>/facilitators/", facilitators.facilitators, name="facilitators"),
    path("g/<str:code>/facilitators/<int:pk>/end/", facilitators.facilitator_end, name="facilitator-end"),
]
