"""The database holds every trigger, and migrating from nothing gives what the models declare."""

import os
import re
import subprocess
import sys

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections

from assessment.triggers import TRIGGERS as OF_ASSESSMENT
from finance.ledger.triggers import TRIGGERS as OF_FINANCE
from groups.shared.integrity import parts_of
from groups.shared.triggers import installed
from groups.triggers import TRIGGERS as OF_GROUPS
from meetings.triggers import TRIGGERS as OF_MEETINGS

pytestmark = pytest.mark.django_db

STAYS = """
    finance_account finance_banktick finance_cashcount finance_cover finance_coverrecovery finance_entry
    finance_externalloan finance_externalpayment finance_instalment finance_inventoryitem
    finance_inventorywritedown finance_loan finance_loanrequest finance_obligation finance_obligationpayment
    finance_openingdue finance_periodbalance finance_periodclosing
    finance_sentform finance_surplusdivision finance_surpluspart finance_surplusshare finance_transfer finance_waiver
    groups_bankaccount groups_bankmandate groups_banksigner groups_dissolution
    groups_exitreview groups_mentoringphase
    groups_formationnote groups_founding
    groups_constitution groups_earlierplace groups_groupstatuschange groups_meetingmove groups_meetingrhythm
    groups_federation groups_federationattendance groups_federationcontact groups_federationcontribution
    groups_federationmeeting groups_federationmembership groups_federationofficer groups_federationpayment
    groups_partner groups_partneractivity groups_partnership groups_partnershipagreement groups_partnershipaspect
    groups_partnershipcandidate groups_partnershipdocument groups_partnershipstep
    meetings_agendaitem meetings_attendance meetings_followup meetings_meeting meetings_monthreport
    meetings_letter meetings_plannedvisit meetings_training meetings_trainingparticipant meetings_visit
    assessment_assessment assessment_instrument assessment_judgement assessment_review assessment_scorerevision
"""
SAME_GROUP = {
    "finance_account": "external_loan loan member",
    "finance_banktick": "transfer",
    "finance_cashcount": "settlement",
    "finance_cover": "coverer entry loan",
    "finance_coverrecovery": "cover entry",
    "finance_entry": "reverses",
    "finance_externalpayment": "entry external_loan",
    "finance_instalment": "loan",
    "finance_inventoryitem": "entry",
    "finance_inventorywritedown": "entry item",
    "finance_loan": "funded_by member replaces request",
    "finance_loanrequest": "member",
    "finance_obligation": "entry loan member",
    "finance_obligationpayment": "entry obligation",
    "finance_openingdue": "entry member",
    "finance_periodbalance": "account",
    "finance_surplusdivision": "entry rules",
    "finance_surpluspart": "division",
    "finance_surplusshare": "division member",
    "finance_transfer": "credit_account debit_account entry member",
    "finance_waiver": "member obligation",
    "groups_bankmandate": "account",
    "groups_banksigner": "mandate member",
    "groups_dissolution": "change",
    "groups_exitreview": "phase",
    "groups_federationofficer": "member",
    "groups_group": "rules",
    "groups_officerterm": "member",
    "groups_partneractivity": "partnership",
    "groups_partnershipagreement": "partnership",
    "groups_partnershipaspect": "step",
    "groups_partnershipcandidate": "step",
    "groups_partnershipdocument": "partnership",
    "groups_partnershipstep": "partnership",
    "meetings_agendaitem": "meeting responsible",
    "meetings_attendance": "meeting member",
    "meetings_followup": "visit",
    "meetings_meeting": "cash_count corrects entry leader note_taker",
    "meetings_training": "visit",
    "meetings_trainingparticipant": "member training",
    "meetings_visit": "planned",
}
ALONE = """
    finance_entry_period_closed_insert finance_entry_opening_first_insert
    finance_transfer_before_loan_insert
    finance_loan_after_payment_update finance_loan_of_its_request_insert finance_loan_of_its_borrower_insert
    finance_loanrequest_one_running_insert
    finance_cover_of_another_insert finance_coverrecovery_owed_insert
    finance_obligation_of_its_borrower_insert finance_obligationpayment_owed_insert finance_waiver_of_its_member_insert
    finance_surplusdivision_overlap_insert
    groups_member_namesakes_insert groups_member_namesakes_update
    groups_user_namesakes_insert groups_user_namesakes_update
    finance_entry_after_end_insert meetings_meeting_after_end_insert meetings_meeting_after_end_update
    meetings_visit_after_end_insert meetings_plannedvisit_after_end_insert meetings_training_after_end_insert
    groups_mentoringphase_after_end_insert
    finance_loan_membership_insert finance_loan_membership_update finance_cover_membership_insert
    groups_officerterm_membership_insert groups_officerterm_membership_update groups_banksigner_membership_insert
    groups_bankmandate_while_open_insert meetings_attendance_membership_insert
    meetings_trainingparticipant_membership_insert groups_member_keeps_trainings_update
    groups_federationattendance_same_organisation_insert groups_federationcontact_same_organisation_insert
    groups_federationmembership_same_organisation_insert groups_federationofficer_same_organisation_insert
    groups_federationpayment_same_organisation_insert
    groups_federationmembership_after_end_insert groups_federationpayment_after_end_insert
    groups_partneractivity_same_organisation_insert groups_partnershipagreement_same_organisation_insert
    groups_partnershipcandidate_same_organisation_insert groups_partnershipstep_same_organisation_insert
    groups_partneractivity_after_end_insert groups_partnershipagreement_after_end_insert
    groups_partnership_after_end_insert groups_partnershipstep_after_end_insert
    groups_member_keeps_offices_update groups_member_keeps_meetings_update groups_member_keeps_loans_update
    groups_member_keeps_money_update
    groups_group_keeps_founding_update
    groups_group_keeps_members_update groups_group_keeps_meetings_update groups_group_keeps_money_update
    groups_group_stays_closed_update groups_officerterm_overlap_insert groups_officerterm_overlap_update
    assessment_judgement_below_levels_insert assessment_judgement_until_insert
"""
FROZEN = "assessment_gate assessment_indicator assessment_level assessment_stagerule"
OF_CACHES = re.compile("marks_changed")
"""Triggers that mark groups as changed; tests/assessment/test_changes.py sees them at work."""


def written_down():
    return {
        *(f"{table}_{rule}" for table in STAYS.split() for rule in ("no_update", "no_delete")),
        *(
            f"{table}_{field}_id_same_group_{event}"
            for table, fields in SAME_GROUP.items()
            for field in fields.split()
            for event in ("insert", "update")
        ),
        *ALONE.split(),
        *(f"{table}_frozen_{event}" for table in FROZEN.split() for event in ("insert", "update", "delete")),
    }


def test_every_trigger_is_in_the_database():
    assert {name for name, _table in installed() if not OF_CACHES.search(name)} == written_down()


def test_the_triggers_in_the_database_are_those_the_apps_declare():
    declared = (*OF_GROUPS, *OF_FINANCE, *OF_MEETINGS, *OF_ASSESSMENT)
    assert installed() == {(part, trigger.table) for trigger in declared for part in trigger.installed}


def test_the_triggers_are_there_after_a_second_migrate():
    before = installed()
    call_command("migrate", verbosity=0)
    assert installed() == before


OWN = [
    model
    for label in ("groups", "finance", "meetings", "assessment")
    for model in apps.get_app_config(label).get_models()
]


@pytest.fixture(scope="module")
def migrated(django_db_setup, django_db_blocker, tmp_path_factory):
    """The alias of a database of its own, migrated from nothing; that of the other tests is made from the models."""
    with django_db_blocker.unblock():
        database = {**connection.settings_dict, "NAME": f"{connection.settings_dict['NAME']}_migrated"}
        url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database)
        if connection.vendor == "sqlite":
            database["NAME"] = str(tmp_path_factory.mktemp("migrated") / "db.sqlite3")
            url = f"sqlite:///{database['NAME']}"
        else:
            on_server('DROP DATABASE IF EXISTS "{NAME}"', 'CREATE DATABASE "{NAME}"', database)
        command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(command, cwd=settings.BASE_DIR, env={**os.environ, "DATABASE_URL": url}, check=True)
        connections.settings["migrated"] = database
        yield "migrated"
        connections["migrated"].close()
        del connections["migrated"], connections.settings["migrated"]
        if connection.vendor == "postgresql":
            on_server('DROP DATABASE "{NAME}"', database)


def on_server(*statements_and_database):
    """Run statements about a whole PostgreSQL database, which no transaction may hold."""
    *statements, database = statements_and_database
    with connection._nodb_cursor() as cursor:
        for statement in statements:
            cursor.execute(statement.format(**database))


def definitions_in_sqlite(database):
    with database.cursor() as cursor:
        cursor.execute("SELECT tbl_name, type, sql FROM sqlite_master WHERE sql IS NOT NULL AND type <> 'trigger'")
        found = cursor.fetchall()
    tables = {model._meta.db_table for model in OWN}
    return sorted(
        (table, part)
        for table, kind, sql in found
        if table in tables
        for part in (parts_of(sql) if kind == "table" else [sql])
    )


def definitions_in_postgresql(database):
    """Columns, constraints and indexes of our tables, as PostgreSQL writes them down."""
    statement = """
        SELECT c.relname, a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || a.attnotnull::text
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT c.relname, o.conname || ' ' || pg_get_constraintdef(o.oid)
        FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid WHERE c.relnamespace = 'public'::regnamespace
        UNION ALL
        SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'
    """
    with database.cursor() as cursor:
        cursor.execute(statement)
        tables = {model._meta.db_table for model in OWN}
        return sorted((table, text) for table, text in cursor.fetchall() if table in tables)


@pytest.mark.django_db(databases="__all__")
def test_migrating_from_nothing_gives_what_the_models_declare(migrated):
    definitions = definitions_in_sqlite if connection.vendor == "sqlite" else definitions_in_postgresql
    assert definitions(connections[migrated]) == definitions(connection)


@pytest.mark.django_db(databases="__all__")
def test_migrating_from_nothing_gives_every_trigger(migrated):
    assert installed(migrated) == installed()
