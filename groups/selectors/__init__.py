"""Every read of groups, members, offices and rules; a module for each concern, all of them callable from here."""

from groups.selectors.bank_accounts import AccountOnDay, bank_accounts, bank_accounts_on
from groups.selectors.calendars import (
    days_around,
    meeting_calendar,
    meeting_calendars,
    meeting_moves,
    meeting_rhythm,
    rhythm_versions,
    with_rhythms,
)
from groups.selectors.facilitators import effective_assignments, facilitator_options, free_facilitators
from groups.selectors.federations import (
    Contribution,
    contributions_due,
    contributions_of,
    federation_contacts,
    federation_meetings,
    federation_of,
    federation_officers,
    federation_payments,
    federations_find,
    groups_that_may_join,
    memberships_of,
)
from groups.selectors.formation import (
    FormationState,
    GroupsNear,
    formation_of,
    founding_of,
    groups_near,
    names_near,
    steps_left,
)
from groups.selectors.groups import (
    groups_alike,
    groups_alive,
    groups_find,
    groups_within,
    places_on,
    status_of,
    statuses_on,
)
from groups.selectors.leadership import LeadershipNotice, TermOnDay, leadership_notices, terms_on
from groups.selectors.members import member_counts, members_alike, members_and_offices, members_of
from groups.selectors.mentoring import Mentoring, days_of_mentoring, mentoring_of, mentoring_phases
from groups.selectors.officers import (
    Term,
    TermCorrection,
    correction_id,
    officer_terms,
    offices_held,
    term_corrections,
    terms_in_order,
)
from groups.selectors.partners import activities_with, agreements_with, partners_find, partners_to_choose
from groups.selectors.partnerships import (
    PartnershipLine,
    PartnershipOnDay,
    StepOnDay,
    StepState,
    partner_activities,
    partner_of,
    partnership_line,
    partnership_on,
    partnerships_on,
)
from groups.selectors.profile import GroupProfile, group_profile
from groups.selectors.regions import MOST_VILLAGES, places_named, regency_names, region_options, villages_named
from groups.selectors.rule_changes import RuleChange, rule_changes, versions_with_changes
from groups.selectors.rules import rules_by_day, rules_in_force
from groups.selectors.users import colleagues, people_named
from groups.selectors.writers import writers_since
