"""Triggers of groups: what was recorded stays, offices lie within memberships, a closed period stays closed."""

from groups.models import (
    BankAccount,
    BankMandate,
    BankSigner,
    Constitution,
    Dissolution,
    EarlierPlace,
    ExitReview,
    Federation,
    FederationAttendance,
    FederationContact,
    FederationContribution,
    FederationMeeting,
    FederationMembership,
    FederationOfficer,
    FederationPayment,
    FormationNote,
    Founding,
    Group,
    GroupStatusChange,
    MeetingMove,
    MeetingRhythm,
    Member,
    MentoringPhase,
    OfficerTerm,
    Partner,
    PartnerActivity,
    Partnership,
    PartnershipAgreement,
    PartnershipAspect,
    PartnershipCandidate,
    PartnershipDocument,
    PartnershipStep,
    User,
)
from groups.shared.triggers import (
    WITHDRAWN,
    Trigger,
    any_row,
    changes,
    forbid_change,
    forbid_delete,
    forbid_insert,
    forbid_overlap,
    forbid_update,
    forbid_update_but_withdrawal,
    forbid_write,
    mark_namesakes,
    same_group,
)

MEMBERSHIP_MOVES = changes(Member, ("joined_on", "left_on"))
"""The condition that an update of a member moves a day of the membership."""

_MEMBER, _MANDATE = Member._meta.db_table, BankMandate._meta.db_table
_OF_PARTNERSHIP = (PartnershipStep, PartnershipAgreement, PartnershipDocument, PartnerActivity)
_OF_FEDERATION = (FederationMeeting, FederationContact, FederationContribution)
_OF_MEMBER_GROUPS = (FederationMembership, FederationOfficer, FederationPayment)
_ENDED = ("ended_on", "ended_why", "ended_by")
_CLOSED = ("closed_on", "closed_why", "closed_by")
_OTHER_FEDERATION = any_row(
    f"{Federation._meta.db_table} f JOIN {Group._meta.db_table} g ON g.id = NEW.group_id",
    "f.id = NEW.federation_id AND f.organisation_id <> g.organisation_id",
)
_OTHER_ORGANISATION = any_row(
    f"{Partner._meta.db_table} p JOIN {Group._meta.db_table} g ON g.id = NEW.group_id",
    "p.id = NEW.partner_id AND p.organisation_id <> g.organisation_id",
)

_CASE = ("case_closed_on", "case_closed_how", "case_closed_at", "case_closed_by")
_TAKEN_BACK = ("taken_back_why", "taken_back_at", "taken_back_by")

AFTER_THE_END = any_row(
    f"{Dissolution._meta.db_table} z",
    "z.group_id = NEW.group_id AND z.taken_back_at IS NULL AND {day} > z.ended_on{unless}",
)
"""The condition that a row of a group is about a `{day}` after its end, `{unless}` something more."""
OPEN_CASE = " AND (z.unsettled_why = '' OR z.case_closed_at IS NOT NULL)"
"""What `AFTER_THE_END` has for what settles a case that is open."""

TRIGGERS: tuple[Trigger, ...] = (
    mark_namesakes(Member, "group"),
    mark_namesakes(User, "organisation"),
    same_group(OfficerTerm, "member"),
    forbid_overlap(OfficerTerm, "role", "member"),
    forbid_write(
        "membership",
        OfficerTerm,
        when=any_row(
            f"{_MEMBER} m",
            "m.id = NEW.member_id "
            "AND (NEW.started_on < m.joined_on OR COALESCE(NEW.ended_on, '9999-12-31') > m.left_on)",
        ),
    ),
    forbid_change(
        "keeps_offices",
        Member,
        when=f"{MEMBERSHIP_MOVES} AND "
        + any_row(
            f"{OfficerTerm._meta.db_table} t",
            "t.member_id = NEW.id "
            "AND (t.started_on < NEW.joined_on OR COALESCE(t.ended_on, '9999-12-31') > NEW.left_on)",
        ),
    ),
    forbid_change(
        "keeps_members",
        Group,
        when=f"{changes(Group, ('founded_on',))} AND "
        + any_row(f"{_MEMBER} m", "m.group_id = NEW.id AND m.joined_on < NEW.founded_on"),
    ),
    forbid_change(
        "keeps_founding",
        Group,
        when=f"{changes(Group, ('founded_on',))} AND "
        + any_row(
            f"{Founding._meta.db_table} f",
            "f.group_id = NEW.id AND f.withdrawn_at IS NULL AND f.held_on < NEW.founded_on",
        ),
    ),
    same_group(Group, "rules", own="id"),
    forbid_update(Constitution),
    forbid_delete(Constitution),
    # An account stays as it was recorded and is closed once; who signs from another day on is another mandate.
    forbid_update(BankAccount, but=("closed_on",), or_when="OLD.closed_on IS NOT NULL"),
    forbid_delete(BankAccount),
    *(forbid_update(model) for model in (BankMandate, BankSigner)),
    *(forbid_delete(model) for model in (BankMandate, BankSigner)),
    same_group(BankMandate, "account"),
    same_group(BankSigner, "mandate"),
    same_group(BankSigner, "member"),
    forbid_insert(
        "membership",
        BankSigner,
        when=any_row(
            f"{_MANDATE} d JOIN {_MEMBER} m ON m.id = NEW.member_id",
            "d.id = NEW.mandate_id AND (d.valid_from < m.joined_on OR d.valid_from >= m.left_on)",
        ),
    ),
    forbid_insert(
        "while_open",
        BankMandate,
        when=any_row(
            f"{BankAccount._meta.db_table} a",
            "a.id = NEW.account_id AND (NEW.valid_from < a.opened_on OR NEW.valid_from >= a.closed_on)",
        ),
    ),
    # A dissolution stays as recorded; closing its case and taking it back are added to it, once each.
    forbid_update(
        Dissolution,
        but=(*_CASE, *_TAKEN_BACK),
        or_when=f"(OLD.case_closed_at IS NOT NULL AND {changes(Dissolution, _CASE)}) "
        f"OR (OLD.taken_back_at IS NOT NULL AND {changes(Dissolution, _TAKEN_BACK)})",
    ),
    forbid_delete(Dissolution),
    same_group(Dissolution, "change"),
    # A phase of mentoring is withdrawn, once; the review with which it ended stays with it.
    forbid_update_but_withdrawal(MentoringPhase),
    forbid_update(ExitReview),
    *(forbid_delete(model) for model in (MentoringPhase, ExitReview)),
    forbid_insert("after_end", MentoringPhase, when=AFTER_THE_END.format(day="NEW.started_on", unless="")),
    same_group(ExitReview, "phase"),
    forbid_update(GroupStatusChange),
    forbid_delete(GroupStatusChange),
    forbid_update(EarlierPlace),
    forbid_delete(EarlierPlace),
    # A rhythm and a move are withdrawn, once; nothing else about them changes.
    *(
        rule
        for model in (MeetingRhythm, MeetingMove)
        for rule in (
            forbid_update_but_withdrawal(model),
            forbid_delete(model),
        )
    ),
    # A partner's profile changes, which the audit log keeps; what groups did with it stays as recorded.
    forbid_update(Partner, but=("name", "name_key", "kind", "region", "criteria", "contact_person", "phone")),
    forbid_delete(Partner),
    forbid_update(Partnership, but=_CLOSED, or_when="OLD.closed_on IS NOT NULL"),
    forbid_update(
        PartnershipAgreement,
        but=(*_ENDED, *WITHDRAWN),
        or_when="OLD.withdrawn_at IS NOT NULL "
        f"OR (OLD.ended_on IS NOT NULL AND {changes(PartnershipAgreement, _ENDED)})",
    ),
    *(forbid_update_but_withdrawal(model) for model in (PartnershipDocument, PartnerActivity)),
    *(forbid_update(model) for model in (PartnershipStep, PartnershipAspect, PartnershipCandidate)),
    *(forbid_delete(model) for model in (Partnership, PartnershipAspect, PartnershipCandidate, *_OF_PARTNERSHIP)),
    *(same_group(model, "partnership") for model in _OF_PARTNERSHIP),
    *(same_group(model, "step") for model in (PartnershipAspect, PartnershipCandidate)),
    *(
        forbid_insert("same_organisation", model, when=_OTHER_ORGANISATION)
        for model in (PartnershipStep, PartnershipCandidate, PartnershipAgreement, PartnerActivity)
    ),
    *(
        forbid_insert("after_end", model, when=AFTER_THE_END.format(day=f"NEW.{day}", unless=""))
        for model, day in (
            (Partnership, "started_on"),
            (PartnershipStep, "done_on"),
            (PartnershipAgreement, "agreed_on"),
            (PartnerActivity, "held_on"),
        )
    ),
    forbid_update(Federation, but=("name", "name_key", "founded_on", "region", "purpose")),
    forbid_update(FederationMembership, but=("ended_on", "ended_why"), or_when="OLD.ended_on IS NOT NULL"),
    forbid_update(FederationOfficer, but=("ended_on",), or_when="OLD.ended_on IS NOT NULL"),
    *(forbid_update(model) for model in (FederationAttendance, FederationContribution)),
    *(forbid_update_but_withdrawal(model) for model in (FederationMeeting, FederationContact, FederationPayment)),
    *(forbid_delete(model) for model in (Federation, *_OF_FEDERATION, *_OF_MEMBER_GROUPS, FederationAttendance)),
    same_group(FederationOfficer, "member"),
    *(forbid_insert("same_organisation", model, when=_OTHER_FEDERATION) for model in _OF_MEMBER_GROUPS),
    forbid_insert(
        "same_organisation",
        FederationAttendance,
        when=any_row(
            f"{FederationMeeting._meta.db_table} m JOIN {Federation._meta.db_table} f ON f.id = m.federation_id "
            f"JOIN {Group._meta.db_table} g ON g.id = NEW.group_id",
            "m.id = NEW.meeting_id AND f.organisation_id <> g.organisation_id",
        ),
    ),
    forbid_insert(
        "same_organisation",
        FederationContact,
        when=any_row(
            f"{Partner._meta.db_table} p JOIN {Federation._meta.db_table} f ON f.id = NEW.federation_id",
            "p.id = NEW.partner_id AND p.organisation_id <> f.organisation_id",
        ),
    ),
    *(
        forbid_insert("after_end", model, when=AFTER_THE_END.format(day=f"NEW.{day}", unless=""))
        for model, day in ((FederationMembership, "started_on"), (FederationPayment, "paid_on"))
    ),
    # So are the notes of forming a group and its founding, with the reason.
    *(
        rule
        for model in (FormationNote, Founding)
        for rule in (
            forbid_update_but_withdrawal(model),
            forbid_delete(model),
        )
    ),
    # The day through which the books are closed moves forward only.
    forbid_change(
        "stays_closed",
        Group,
        when="OLD.books_closed_through IS NOT NULL AND (NEW.books_closed_through IS NULL "
        "OR NEW.books_closed_through < OLD.books_closed_through)",
    ),
)
