"""Who there is: organisations, users, regions, groups, members, officers and the rules they agreed."""

from groups.models.constitution import Constitution, Method
from groups.models.group import FacilitatorAssignment, Group, GroupKind, GroupStatus, MeetingEvery, Weekday
from groups.models.member import Gender, Member, OfficerRole, OfficerTerm
from groups.models.organisation import Organisation, Role, User
from groups.models.region import Region, RegionLevel

__all__ = [
    "Constitution",
    "FacilitatorAssignment",
    "Gender",
    "Group",
    "GroupKind",
    "GroupStatus",
    "MeetingEvery",
    "Member",
    "Method",
    "OfficerRole",
    "OfficerTerm",
    "Organisation",
    "Region",
    "RegionLevel",
    "Role",
    "User",
    "Weekday",
]
