"""Forms of groups, members, officers and rules, a module for each concern; what other apps use is named here."""

from groups.forms.fields import (
    ComingDayField,
    CountField,
    DateInput,
    DayField,
    KeyField,
    MemberField,
    MonthField,
    PastDateField,
    PercentField,
    PlainSelect,
    ShareField,
    TickedField,
    change_data,
    more_rows,
    renew_key,
)
from groups.forms.groups import GroupFilterForm
