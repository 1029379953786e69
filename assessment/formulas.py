"""How each metric is measured, for people: its formula, and when there is not enough data to measure it.

For programmers the docstrings of `assessment.metrics` say it, with the sources.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FORMULAS: dict[str, Promise] = {
    "meeting_regularity": _(
        "Meetings held ÷ meetings the agreed rhythm promises, in the last 182 days or the age of the group, at most 1. "
        "Not measured in a group younger than 56 days."
    ),
    "attendance": _(
        "(Present + late) ÷ members, over the last four meetings of 182 days; who was represented is shown apart. "
        "Not measured with fewer than two meetings."
    ),
    "agenda": _(
        "Meetings with an agenda item and a decision ÷ meetings, over the last four of 182 days. "
        "Not measured with fewer than two meetings."
    ),
    "savings_regularity": _(
        "Members who paid simpanan wajib ÷ members, over the last four meetings of 182 days. "
        "Not measured with fewer than two meetings."
    ),
    "rules_in_force": _("0 without written rules, 1 with rules, 2 with rules agreed in a meeting of the members."),
    "repayment_rate": _(
        "Paid towards what was due ÷ due up to the day, over all loans; a payment ahead does not hide another's "
        "arrears. Not measured before the first instalment is due."
    ),
    "books_complete": _(
        "Meetings with the cash counted, no open difference, and closed within 7 days ÷ meetings, over the last four "
        "of 182 days; a correction counts as the first closing. Not measured with fewer than two meetings."
    ),
    "bank_account": _(
        "0 without a bank account, 1 with one, 2 if at least two people must sign; always as the profile is today."
    ),
    "critical_matters": _(
        "0 if no critical matter was raised in 182 days, 1 if one was, 2 if one was decided, 3 if two or more were. "
        "Not measured with fewer than two meetings."
    ),
    "decisions_followed_up": _(
        "Decisions carried out ÷ decisions to be carried out in the last 182 days. Not measured with fewer than two."
    ),
    "savings_growth": _(
        "All savings per member now ÷ the same 182 days ago, less 1. Not measured without savings or members on either "
        "day, nor across a share-out."
    ),
    "portfolio_quality": _(
        "1 − PAR 30: balances of loans with nothing more than 30 days late ÷ all balances. Not measured without a "
        "running loan."
    ),
    "internal_lending": _(
        "Members with a running loan ÷ members. Not measured in a group younger than 182 days that has not lent yet."
    ),
    "officers_in_place": _(
        "How many of the offices ketua, sekretaris and bendahara are held, 0 to 3. Not measured before the first "
        "officer is written down."
    ),
    "cash_settled": _(
        "Cash counts that agreed or whose difference is settled ÷ the last eight counts of 182 days. Not measured with "
        "fewer than two counts."
    ),
    "social_fund_used": _(
        "0 if nothing came into the social fund in 182 days, 1 if something did, 2 if help was paid out as well. "
        "Not measured with fewer than two meetings."
    ),
}
