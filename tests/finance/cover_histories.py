"""Random histories of joint liability and loans from outside: a group with loans late and covered, and a lender."""

from __future__ import annotations

from datetime import date

from hypothesis.stateful import RuleBasedStateMachine

from tests.factories import borrow_outside, cover, facilitator_of, lend, make_group, make_members, save
from tests.finance.histories import History


class CoverHistory(RuleBasedStateMachine):
    """The rules and promises of `History` that covers and lenders are about, so that a few steps reach them."""

    def __init__(self) -> None:
        super().__init__()
        self.group = make_group()
        self.members = make_members(self.group, 4)
        self.actor = facilitator_of(self.group)
        borrow_outside(self.group)
        for member, other in zip(self.members, reversed(self.members), strict=True):
            save(member, 1_000_000)
            save(other, 1_000_000)
            cover(lend(member, principal=600_000, periods=3), {other: 100_000}, on=date(2025, 3, 5))

    attempt = History.attempt
    repay = History.repay
    withdraw = History.withdraw
    cover = History.cover
    pay_back = History.pay_back
    pay_lender = History.pay_lender
    reverse = History.reverse

    total = History.total
    has_fee = History.has_fee
    stored_balances_are_those_of_the_transfers = History.stored_balances_are_those_of_the_transfers
    the_books_balance = History.the_books_balance
    loans_owe_principal_less_what_was_repaid = History.loans_owe_principal_less_what_was_repaid
    nobody_gets_back_more_than_was_covered = History.nobody_gets_back_more_than_was_covered
    lenders_are_owed_principal_less_what_was_repaid = History.lenders_are_owed_principal_less_what_was_repaid
