"""Who there is: organisations, users, regions, groups, members, officers and the rules they agreed."""

from groups.models.bank_account import BankAccount, BankMandate, BankSigner
from groups.models.changed import ChangedGroup
from groups.models.constitution import (
    PURPOSES,
    BorrowingBase,
    Constitution,
    LateFineBy,
    LoanDue,
    LoanKind,
    Method,
    MissedWajib,
    PayoffFee,
    RatePer,
    SavingsBase,
    SavingsCounted,
    WajibEvery,
)
from groups.models.dissolution import Dissolution
from groups.models.federation import (
    ContributionEvery,
    Federation,
    FederationAttendance,
    FederationContact,
    FederationContribution,
    FederationMeeting,
    FederationMembership,
    FederationOfficer,
    FederationPayment,
)
from groups.models.formation import WRITTEN_STEPS, FormationNote, FormationStep, Founding
from groups.models.group import (
    EarlierPlace,
    FacilitatorAssignment,
    Group,
    GroupKind,
    GroupStatus,
    GroupStatusChange,
)
from groups.models.member import Gender, Member, OfficerRole, OfficerTerm
from groups.models.mentoring import ExitReview, MentoringPhase, MentoringStage
from groups.models.organisation import PERSON_FIELDS, Organisation, Role, User, person_name
from groups.models.partner import Partner, PartnerKind
from groups.models.partnership import (
    ActivityKind,
    Aspect,
    PartnerActivity,
    Partnership,
    PartnershipAgreement,
    PartnershipAspect,
    PartnershipCandidate,
    PartnershipDocument,
    PartnershipPattern,
    PartnershipStep,
    StepNumber,
)
from groups.models.region import Region, RegionLevel, in_regions
from groups.models.rhythm import MeetingEvery, MeetingMove, MeetingRhythm, Pasaran, Weekday, WeekOfMonth
from groups.models.sign_in import SignInTry
