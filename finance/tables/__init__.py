"""One definition for each book and report, from which its page, its print and its files come.

A report is a function that returns a `Table`; `respond` answers with the page or the file.
"""

from finance.tables.accounts import general_ledger, trial_balance
from finance.tables.arrears import loan_ageing, portfolio
from finance.tables.files import respond
from finance.tables.loans import external_card, external_loans, loan_book, loan_card, member_loans, passed_on
from finance.tables.money_book import cash_book, passbook
from finance.tables.owed import owed
from finance.tables.savings_book import savings_book
from finance.tables.statements import balance_sheet, income_statement
from finance.tables.surplus import division_list, share_out_list
