"""The ledger, loans and cash counts of a group."""

from finance.models.bank import BankTick
from finance.models.cash import CashCount
from finance.models.cover import Cover, CoverRecovery
from finance.models.external_loan import ExternalLoan, ExternalPayment
from finance.models.inventory import InventoryItem, InventoryWriteDown
from finance.models.ledger import Account, AccountKind, Entry, EntryKind, Side, Transfer
from finance.models.loan import Instalment, Loan, LoanEnd, Repayment
from finance.models.obligation import Obligation, ObligationKind, ObligationPayment, OpeningDue, Waiver
from finance.models.period import PeriodBalance, PeriodClosing
from finance.models.request import LoanRequest, RequestStatus
from finance.models.sent_form import SentForm
from finance.models.surplus import DivisionStatus, PaidTo, Purpose, SurplusDivision, SurplusPart, SurplusShare
from finance.models.terms import LoanEvery, RateSaid
from finance.models.verification import LedgerVerification
