"""What may not be left behind on a loan that has ended, where nobody would ask for it any more.

Only taking something back can bring it about. Every step on the books is held to it, for `finance.apps` names
`require_nothing_left` among the checks of `finance.ledger.posting.Books`.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from finance.ledger.errors import NotAllowed
from finance.ledger.posting import Movement
from finance.ledger.reading import Balances
from finance.models import AccountKind


def require_nothing_left(books: Balances, moved: Mapping[int, Movement]) -> None:
    """Refuse with `NotAllowed` a step that sets an ended loan running, or leaves a fee on one paid off.

    `moved` is what the step moves, by account id.
    """
    for movement in moved.values():
        account, loan = movement.account, movement.account.loan
        if loan is None:
            continue
        loan_account = books.account(AccountKind.LOAN, loan=loan)
        loan_movement = moved.get(loan_account.pk)
        outstanding = loan_movement.balance_after if loan_movement is not None else loan_account.balance
        if account.kind == AccountKind.LOAN and loan.ended_as and outstanding > 0:
            raise NotAllowed(_("The loan was rescheduled or written off since; reverse that first."))
        is_taken_back = movement.balance_after < movement.balance_before
        if account.kind == AccountKind.SERVICE_FEE and is_taken_back and loan_movement is None and not outstanding:
            raise NotAllowed(
                _(
                    "Loan %s has come to its end since, and nobody would be asked for this fee any more; "
                    "reverse the payments after it first, the last one before the others."
                )
                % loan
            )
