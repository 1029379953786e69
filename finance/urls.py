"""URLs of the finance app."""

from django.urls import URLPattern, path

from finance import views

urlpatterns: list[URLPattern] = [
    path("g/<str:code>/members/<int:pk>/", views.member, name="member"),
    path("g/<str:code>/books/", views.books, name="books"),
    path("g/<str:code>/books/cash/", views.cash_book, name="cash-book"),
    path("g/<str:code>/books/savings/", views.savings_book, name="savings-book"),
    path("g/<str:code>/books/loans/", views.loan_book, name="loan-book"),
    path("g/<str:code>/books/loans/<int:number>/", views.loan, name="loan"),
    path("g/<str:code>/books/entries/<int:pk>/", views.entry, name="entry"),
    path("g/<str:code>/books/differences/", views.cash_differences, name="cash-differences"),
    path(
        "g/<str:code>/books/differences/<int:pk>/settle/", views.cash_difference_settle, name="cash-difference-settle"
    ),
]
