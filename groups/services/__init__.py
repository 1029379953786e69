"""Every write to groups, members, offices and rules; a module for each concern, all of them callable from here.

Each service checks its actor and raises `PermissionDenied`; what a person can put right is a `ValidationError`
with its message at the field. Groups and members come in unsaved, as a form or a command made them.
"""

from groups.services.bank_accounts import BANK_ACCOUNT, bank_account_close, bank_account_open, bank_mandate_change
from groups.services.constitution import RULES, constitution_adopt
from groups.services.facilitators import assignment_end, facilitator_assign
from groups.services.federations import (
    CONTRIBUTION,
    FEDERATION_CONTACT,
    FEDERATION_MEETING,
    FEDERATION_PROFILE,
    contribution_agree,
    federation_contact_record,
    federation_create,
    federation_elect,
    federation_join,
    federation_leave,
    federation_meeting_record,
    federation_payment_record,
    federation_record_withdraw,
    federation_update,
)
from groups.services.formation import (
    formation_note_record,
    formation_note_withdraw,
    founding_record,
    founding_withdraw,
    group_found,
    group_revive,
)
from groups.services.groups import (
    CODE_ALPHABET,
    CODE_LENGTH,
    GROUP_PROFILE,
    group_register,
    group_status_change,
    group_update,
)
from groups.services.members import (
    MEMBER_PROFILE,
    MOST_AT_ONCE,
    key_of_row,
    member_leave,
    member_leave_undo,
    member_register,
    member_update,
    members_register,
)
from groups.services.mentoring import (
    EXIT_REVIEW,
    MENTORING_PHASE,
    mentoring_end,
    mentoring_phase_begin,
    mentoring_phase_withdraw,
)
from groups.services.officers import officers_elect, term_redate, term_remove
from groups.services.partners import PARTNER_PROFILE, partner_create, partner_update
from groups.services.partnerships import (
    AGREEMENT,
    DOCUMENT,
    PARTNER_ACTIVITY,
    PARTNERSHIP,
    agreement_end,
    agreement_sign,
    partner_activity_record,
    partnership_begin,
    partnership_close,
    partnership_document_add,
    partnership_record_withdraw,
    partnership_step,
)
from groups.services.profiles import FormUsed
from groups.services.rhythms import RHYTHM, move_record, move_withdraw, rhythm_adopt, rhythm_withdraw
