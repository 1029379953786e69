"""URLs of the finance app."""

from django.urls import URLPattern, path

from finance.views import books, opening, period

urlpatterns: list[URLPattern] = [
    path("g/<str:code>/members/<int:pk>/", books.member, name="member"),
    path("g/<str:code>/books/", books.books, name="books"),
    path("g/<str:code>/books/cash/", books.cash_book, name="cash-book"),
    path("g/<str:code>/books/savings/", books.savings_book, name="savings-book"),
    path("g/<str:code>/books/loans/", books.loan_book, name="loan-book"),
    path("g/<str:code>/books/loans/<int:number>/", books.loan, name="loan"),
    path("g/<str:code>/books/entries/<int:pk>/", books.entry, name="entry"),
    path("g/<str:code>/books/differences/", books.cash_differences, name="cash-differences"),
    path(
        "g/<str:code>/books/differences/<int:pk>/settle/", books.cash_difference_settle, name="cash-difference-settle"
    ),
    path("g/<str:code>/books/opening/", opening.opening, name="opening"),
    path("g/<str:code>/books/periods/", period.periods, name="periods"),
    path("g/<str:code>/books/periods/close/", period.period_close, name="period-close"),
]
