"""Triggers of the ledger: what is posted is never changed or deleted, and stays within one group."""

from groups.triggers import (
    Trigger,
    forbid_change,
    forbid_delete,
    forbid_insert,
    forbid_insert_of_any,
    forbid_update,
    run_after,
    same_group,
)

_STALE = "UPDATE finance_groupfigures SET is_stale = TRUE WHERE group_id = NEW.group_id AND NOT is_stale AND as_of >= "

TRIGGERS: tuple[Trigger, ...] = (
    # Figures that are kept of a day are true until something is posted on or before it, or a loan changes.
    run_after("finance_entry_makes_stale", "finance_entry", f"{_STALE} NEW.effective_on", "INSERT"),
    run_after("finance_loan_makes_stale", "finance_loan", f"{_STALE} NEW.disbursed_on", "INSERT"),
    run_after(
        "finance_loan_change_makes_stale",
        "finance_loan",
        f"{_STALE} CASE WHEN OLD.disbursed_on < NEW.disbursed_on THEN OLD.disbursed_on ELSE NEW.disbursed_on END",
        "UPDATE",
    ),
    forbid_delete("finance_entry"),
    forbid_update("finance_entry"),
    forbid_insert(
        "finance_entry_period_closed",
        "finance_entry",
        when="EXISTS (SELECT 1 FROM groups_group g WHERE g.id = NEW.group_id "
        "AND NEW.effective_on <= g.books_closed_through)",
    ),
    forbid_insert(
        # Opening balances come first: nothing recorded before them still stands. What is recorded after them may come
        # in the same statement, which PostgreSQL looks at when it is done.
        "finance_entry_opening_first",
        "finance_entry",
        when="NEW.kind = 'OPENING' AND EXISTS (SELECT 1 FROM finance_entry e WHERE e.group_id = NEW.group_id "
        "AND e.number < NEW.number AND e.kind <> 'REVERSAL' "
        "AND NOT EXISTS (SELECT 1 FROM finance_entry r WHERE r.reverses_id = e.id))",
    ),
    forbid_delete("finance_transfer"),
    forbid_update("finance_transfer"),
    same_group("finance_transfer", "entry_id", "finance_entry"),
    same_group("finance_transfer", "debit_account_id", "finance_account"),
    same_group("finance_transfer", "credit_account_id", "finance_account"),
    same_group("finance_transfer", "member_id", "groups_member"),
    forbid_insert_of_any(
        # What is reversed is dated like it, which may be before the day a meeting was moved to.
        "finance_transfer_before_loan",
        "finance_transfer",
        when="EXISTS (SELECT 1 FROM finance_account a JOIN finance_loan l ON l.id = a.loan_id "
        "JOIN finance_entry e ON e.id = {row}.entry_id "
        "WHERE a.id = {row}.credit_account_id AND e.effective_on < l.disbursed_on AND e.reverses_id IS NULL)",
    ),
    same_group("finance_entry", "reverses_id", "finance_entry"),
    same_group("finance_account", "member_id", "groups_member"),
    same_group("finance_account", "loan_id", "finance_loan"),
    same_group("finance_account", "external_loan_id", "finance_externalloan"),
    same_group("finance_loan", "member_id", "groups_member"),
    same_group("finance_loan", "funded_by_id", "finance_externalloan"),
    same_group("finance_instalment", "loan_id", "finance_loan"),
    # Balances move; what an account is does not.
    forbid_update(
        "finance_account",
        when="OLD.group_id <> NEW.group_id OR OLD.kind <> NEW.kind OR OLD.normal_side <> NEW.normal_side "
        "OR OLD.may_go_negative <> NEW.may_go_negative OR OLD.code <> NEW.code "
        "OR COALESCE(OLD.member_id, 0) <> COALESCE(NEW.member_id, 0) "
        "OR COALESCE(OLD.loan_id, 0) <> COALESCE(NEW.loan_id, 0) "
        "OR COALESCE(OLD.external_loan_id, 0) <> COALESCE(NEW.external_loan_id, 0)",
    ),
    forbid_delete("finance_account"),
    # The terms of a loan are those of the day it was decided.
    forbid_update(
        "finance_loan",
        when="OLD.principal <> NEW.principal OR OLD.rate <> NEW.rate OR OLD.periods <> NEW.periods "
        "OR OLD.method <> NEW.method OR OLD.first_due <> NEW.first_due OR OLD.member_id <> NEW.member_id "
        "OR OLD.every <> NEW.every OR OLD.round_up_to <> NEW.round_up_to OR OLD.number <> NEW.number "
        "OR OLD.group_id <> NEW.group_id OR COALESCE(OLD.funded_by_id, 0) <> COALESCE(NEW.funded_by_id, 0) "
        "OR OLD.payoff_fee <> NEW.payoff_fee OR OLD.fine_first <> NEW.fine_first "
        "OR OLD.fine_late_instalment <> NEW.fine_late_instalment "
        "OR COALESCE(OLD.request_id, 0) <> COALESCE(NEW.request_id, 0) "
        "OR COALESCE(OLD.replaces_id, 0) <> COALESCE(NEW.replaces_id, 0)",
    ),
    forbid_change(
        "finance_loan_after_payment",
        "finance_loan",
        when="NEW.disbursed_on > OLD.disbursed_on AND EXISTS (SELECT 1 FROM finance_transfer t "
        "JOIN finance_account a ON a.id = t.credit_account_id JOIN finance_entry e ON e.id = t.entry_id "
        "WHERE a.loan_id = NEW.id AND e.effective_on < NEW.disbursed_on AND e.reverses_id IS NULL "
        "AND NOT EXISTS (SELECT 1 FROM finance_entry r WHERE r.reverses_id = e.id))",
    ),
    forbid_delete("finance_loan"),
    same_group("finance_loan", "request_id", "finance_loanrequest"),
    same_group("finance_loan", "replaces_id", "finance_loan"),
    forbid_insert(
        "finance_loan_of_its_request",
        "finance_loan",
        when="EXISTS (SELECT 1 FROM finance_loanrequest r WHERE r.id = NEW.request_id "
        "AND (r.member_id <> NEW.member_id OR r.status IN ('REFUSED', 'CANCELLED')))",
    ),
    forbid_insert(
        "finance_loan_of_its_borrower",
        "finance_loan",
        when="EXISTS (SELECT 1 FROM finance_loan l WHERE l.id = NEW.replaces_id AND l.member_id <> NEW.member_id)",
    ),
    # What was asked for stays, and so does what was decided: an approved request can only be cancelled.
    forbid_update(
        "finance_loanrequest",
        when="OLD.group_id <> NEW.group_id OR OLD.member_id <> NEW.member_id OR OLD.amount <> NEW.amount "
        "OR OLD.periods <> NEW.periods OR OLD.asked_on <> NEW.asked_on OR OLD.key <> NEW.key "
        "OR OLD.status IN ('REFUSED', 'CANCELLED') OR (OLD.status = 'APPROVED' AND NEW.status <> 'CANCELLED')",
    ),
    forbid_delete("finance_loanrequest"),
    same_group("finance_loanrequest", "member_id", "groups_member"),
    forbid_insert(
        "finance_loanrequest_one_running",
        "finance_loanrequest",
        when="NEW.status IN ('ASKED', 'APPROVED') AND EXISTS (SELECT 1 FROM finance_loanrequest r "
        "WHERE r.member_id = NEW.member_id AND r.key <> NEW.key AND r.status IN ('ASKED', 'APPROVED') "
        "AND NOT EXISTS (SELECT 1 FROM finance_loan l WHERE l.request_id = r.id AND l.cancelled_at IS NULL)) "
        # One that comes with its loan, as demo data does, is not running either.
        "AND NOT EXISTS (SELECT 1 FROM finance_loan l WHERE l.request_id = NEW.id AND l.cancelled_at IS NULL)",
    ),
    forbid_update(
        "finance_externalloan",
        when="OLD.principal <> NEW.principal OR OLD.rate <> NEW.rate OR OLD.periods <> NEW.periods "
        "OR OLD.method <> NEW.method OR OLD.first_due <> NEW.first_due OR OLD.group_id <> NEW.group_id "
        "OR OLD.every <> NEW.every OR OLD.round_up_to <> NEW.round_up_to OR OLD.number <> NEW.number "
        "OR OLD.received_on <> NEW.received_on OR OLD.lender <> NEW.lender",
    ),
    forbid_delete("finance_externalloan"),
    forbid_update("finance_externalpayment"),
    forbid_delete("finance_externalpayment"),
    same_group("finance_externalpayment", "external_loan_id", "finance_externalloan"),
    same_group("finance_externalpayment", "entry_id", "finance_entry"),
    forbid_update("finance_cover"),
    forbid_delete("finance_cover"),
    same_group("finance_cover", "loan_id", "finance_loan"),
    same_group("finance_cover", "coverer_id", "groups_member"),
    same_group("finance_cover", "entry_id", "finance_entry"),
    forbid_insert(
        "finance_cover_of_another",
        "finance_cover",
        when="EXISTS (SELECT 1 FROM finance_loan l WHERE l.id = NEW.loan_id AND l.member_id = NEW.coverer_id)",
    ),
    forbid_update("finance_coverrecovery"),
    forbid_delete("finance_coverrecovery"),
    same_group("finance_coverrecovery", "cover_id", "finance_cover"),
    same_group("finance_coverrecovery", "entry_id", "finance_entry"),
    # What was paid back and then reversed is owed again.
    forbid_insert(
        "finance_coverrecovery_owed",
        "finance_coverrecovery",
        when="NEW.amount + (SELECT COALESCE(SUM(r.amount), 0) FROM finance_coverrecovery r "
        "WHERE r.cover_id = NEW.cover_id AND r.entry_id <> NEW.entry_id "
        "AND NOT EXISTS (SELECT 1 FROM finance_entry e WHERE e.reverses_id = r.entry_id)) "
        "> (SELECT c.amount FROM finance_cover c WHERE c.id = NEW.cover_id)",
    ),
    forbid_update("finance_instalment"),
    forbid_delete("finance_instalment"),
    # A count stays as it was written; only its settlement is added.
    forbid_update(
        "finance_cashcount",
        when="OLD.group_id <> NEW.group_id OR OLD.counted_on <> NEW.counted_on OR OLD.expected <> NEW.expected "
        "OR OLD.counted <> NEW.counted OR OLD.explanation <> NEW.explanation "
        "OR COALESCE(CAST(OLD.pieces AS TEXT), '') <> COALESCE(CAST(NEW.pieces AS TEXT), '') "
        "OR COALESCE(CAST(OLD.key AS TEXT), '') <> COALESCE(CAST(NEW.key AS TEXT), '')",
    ),
    forbid_delete("finance_cashcount"),
    same_group("finance_cashcount", "settlement_id", "finance_entry"),
    forbid_update("finance_periodclosing"),
    forbid_delete("finance_periodclosing"),
    forbid_update("finance_periodbalance"),
    forbid_delete("finance_periodbalance"),
    same_group("finance_periodbalance", "account_id", "finance_account"),
    forbid_update("finance_inventoryitem"),
    forbid_delete("finance_inventoryitem"),
    same_group("finance_inventoryitem", "entry_id", "finance_entry"),
    forbid_update("finance_inventorywritedown"),
    forbid_delete("finance_inventorywritedown"),
    same_group("finance_inventorywritedown", "item_id", "finance_inventoryitem"),
    same_group("finance_inventorywritedown", "entry_id", "finance_entry"),
    forbid_update("finance_banktick"),
    forbid_delete("finance_banktick"),
    same_group("finance_banktick", "transfer_id", "finance_transfer"),
    # A division of the surplus stays as it was decided; posting and withdrawing are added to it, once.
    forbid_update(
        "finance_surplusdivision",
        when="OLD.group_id <> NEW.group_id OR OLD.period_start <> NEW.period_start OR OLD.period_end <> NEW.period_end "
        "OR OLD.surplus <> NEW.surplus OR OLD.rounding <> NEW.rounding OR OLD.rules_id <> NEW.rules_id "
        "OR OLD.decided_on <> NEW.decided_on OR OLD.note <> NEW.note OR OLD.key <> NEW.key "
        "OR OLD.withdrawn_at IS NOT NULL "
        "OR (OLD.entry_id IS NOT NULL AND OLD.entry_id <> COALESCE(NEW.entry_id, 0)) "
        "OR (OLD.entry_id IS NOT NULL AND OLD.paid_to <> NEW.paid_to)",
    ),
    forbid_delete("finance_surplusdivision"),
    forbid_insert(
        "finance_surplusdivision_overlap",
        "finance_surplusdivision",
        when="NEW.withdrawn_at IS NULL AND EXISTS (SELECT 1 FROM finance_surplusdivision d "
        "WHERE d.group_id = NEW.group_id AND d.id <> COALESCE(NEW.id, 0) AND d.withdrawn_at IS NULL "
        "AND d.period_start <= NEW.period_end AND d.period_end >= NEW.period_start)",
    ),
    forbid_update("finance_surplusshare"),
    forbid_delete("finance_surplusshare"),
    forbid_update("finance_surpluspart"),
    forbid_delete("finance_surpluspart"),
    same_group("finance_surplusdivision", "rules_id", "groups_constitution"),
    same_group("finance_surplusdivision", "entry_id", "finance_entry"),
    same_group("finance_surplusshare", "division_id", "finance_surplusdivision"),
    same_group("finance_surplusshare", "member_id", "groups_member"),
    same_group("finance_surpluspart", "division_id", "finance_surplusdivision"),
)
