"""URLs of the finance app."""

from django.urls import URLPattern, path

from finance.views import (
    books,
    cash,
    covers,
    entries,
    external_loans,
    health,
    loans,
    opening,
    other_money,
    owed,
    period,
    reports,
    requests,
    share_out,
    surplus,
)

urlpatterns: list[URLPattern] = [
    *reports.urlpatterns,
    path("g/<str:code>/books/", books.books, name="books"),
    path("g/<str:code>/books/cash/", books.cash_book, name="cash-book"),
    path("g/<str:code>/books/savings/", books.savings_book, name="savings-book"),
    path("g/<str:code>/books/loans/", books.loan_book, name="loan-book"),
    path("g/<str:code>/books/loans/<int:number>/", books.loan, name="loan"),
    path("g/<str:code>/books/loans/<int:number>/pay/", loans.loan_pay, name="loan-pay"),
    path("g/<str:code>/books/loans/<int:number>/reschedule/", loans.loan_reschedule, name="loan-reschedule"),
    path("g/<str:code>/books/loans/<int:number>/write-off/", loans.loan_write_off, name="loan-write-off"),
    path("g/<str:code>/books/loans/<int:number>/fines/", loans.late_fines_take_back, name="loan-fines-take-back"),
    path("g/<str:code>/books/loans/<int:number>/recover/", loans.loan_recover, name="loan-recover"),
    path("g/<str:code>/books/loans/requests/", requests.loan_requests, name="loan-requests"),
    path("g/<str:code>/books/loans/requests/new/", requests.loan_request_new, name="loan-request-new"),
    path(
        "g/<str:code>/books/loans/requests/<int:pk>/decide/", requests.loan_request_decide, name="loan-request-decide"
    ),
    path("g/<str:code>/books/loans/requests/<int:pk>/pay/", requests.loan_request_pay_out, name="loan-request-pay-out"),
    path(
        "g/<str:code>/books/loans/requests/<int:pk>/cancel/", requests.loan_request_cancel, name="loan-request-cancel"
    ),
    path("g/<str:code>/books/entries/<int:number>/", entries.entry, name="entry"),
    path("g/<str:code>/books/entries/<int:number>/reverse/", entries.entry_reverse, name="entry-reverse"),
    path("g/<str:code>/books/differences/", cash.cash_differences, name="cash-differences"),
    path("g/<str:code>/books/differences/<int:pk>/settle/", cash.cash_difference_settle, name="cash-difference-settle"),
    path("g/<str:code>/books/opening/", opening.opening, name="opening"),
    path("g/<str:code>/books/periods/", period.periods, name="periods"),
    path("g/<str:code>/books/periods/close/", period.period_close, name="period-close"),
    path("g/<str:code>/books/loans/<int:number>/cover/", covers.loan_cover, name="loan-cover"),
    path("g/<str:code>/members/<int:pk>/owed/", owed.member_owed, name="member-owed"),
    path("g/<str:code>/waivers/<int:pk>/take-back/", owed.waiver_take_back, name="waiver-take-back"),
    path("g/<str:code>/members/<int:pk>/fine/", owed.fine_charge, name="fine-charge"),
    path("g/<str:code>/members/<int:pk>/pay-back/", covers.cover_recover, name="cover-recover"),
    path("g/<str:code>/books/outside/", external_loans.external_loans, name="external-loans"),
    path("g/<str:code>/books/outside/receive/", external_loans.external_loan_receive, name="external-loan-receive"),
    path("g/<str:code>/books/outside/<int:number>/", external_loans.external_loan, name="external-loan"),
    path(
        "g/<str:code>/books/outside/<int:number>/pay/", external_loans.external_loan_repay, name="external-loan-repay"
    ),
    path("g/<str:code>/books/surplus/", surplus.surplus, name="surplus"),
    path("g/<str:code>/books/surplus/divide/", surplus.surplus_divide, name="surplus-divide"),
    path("g/<str:code>/books/surplus/<int:pk>/", surplus.surplus_division, name="surplus-division"),
    path("g/<str:code>/books/surplus/<int:pk>/post/", surplus.surplus_post, name="surplus-post"),
    path("g/<str:code>/books/surplus/<int:pk>/withdraw/", surplus.surplus_withdraw, name="surplus-withdraw"),
    path("g/<str:code>/books/share-out/", share_out.share_out, name="share-out"),
    path("g/<str:code>/books/share-out/post/", share_out.share_out_post, name="share-out-post"),
    path("g/<str:code>/books/share-out/<int:number>/", share_out.share_out_list, name="share-out-list"),
    path("g/<str:code>/books/share-out/<int:number>/reverse/", share_out.share_out_reverse, name="share-out-reverse"),
    path("g/<str:code>/books/health/", health.health, name="health"),
    path("g/<str:code>/books/money/", other_money.money_record, name="money-record"),
    path("g/<str:code>/books/inventory/", other_money.inventory, name="inventory"),
    path("g/<str:code>/books/inventory/buy/", other_money.inventory_buy, name="inventory-buy"),
    path(
        "g/<str:code>/books/inventory/<int:pk>/write-down/",
        other_money.inventory_write_down,
        name="inventory-write-down",
    ),
    path("g/<str:code>/books/count/", cash.cash_count, name="cash-count"),
    path("g/<str:code>/books/bank-statement/", cash.bank_statement, name="bank-statement"),
    path("g/<str:code>/books/bank-statement/tick/", cash.bank_tick, name="bank-tick"),
]
