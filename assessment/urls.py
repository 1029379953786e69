"""URLs of the assessment app."""

from datetime import date

from django.urls import URLPattern, URLResolver, include, path, register_converter

from assessment.views import (
    bank,
    comparison,
    dashboard,
    evidence,
    finalising,
    group,
    group_list,
    heatmap,
    instruments,
    judging,
    moves,
    needs,
    portfolio,
    quality,
    reviews,
    signals,
    stored,
    what_if,
)


class DayConverter:
    """A day in an address: 2026-11-21."""

    regex = "[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def to_python(self, value: str) -> date:
        """Return the day; a day that no calendar has matches nothing."""
        return date.fromisoformat(value)

    def to_url(self, value: date) -> str:
        """Return the day as an address has it."""
        return value.isoformat()


register_converter(DayConverter, "day")

DASHBOARDS: list[URLPattern] = [
    path("", dashboard.dashboard, name="dashboard"),
    path("month/", dashboard.dashboard_month, name="dashboard-month"),
    path("score/", dashboard.dashboard_score, name="dashboard-score"),
    path("final/", finalising.final_list, name="dashboard-final"),
    path("final/confirm/", finalising.final_confirm, name="dashboard-final-confirm"),
    path("final/run/", finalising.final_run, name="dashboard-final-run"),
    path("moves/", moves.moves, name="dashboard-moves"),
    path("compare/", comparison.comparison, name="dashboard-compare"),
    path("signals/", signals.signals, name="dashboard-signals"),
    path("quality/", quality.quality, name="dashboard-quality"),
    path("needs/", needs.needs, name="dashboard-needs"),
    path("heatmap/", heatmap.heatmap, name="dashboard-heatmap"),
    path("bank/", bank.bank, name="dashboard-bank"),
    path("moves/groups/", moves.moved, name="dashboard-moved"),
]
"""Below `dashboard/`; `assessment.views.frame.TABS` says in which order they stand."""

urlpatterns: list[URLPattern | URLResolver] = [
    path("g/<str:code>/assessment/", group.assessment, name="assessment"),
    path("g/<str:code>/assessment/judge/", judging.judge, name="judge"),
    path("g/<str:code>/assessment/override/<slug:indicator>/", judging.override_give, name="override-give"),
    path("g/<str:code>/assessment/override/<int:pk>/withdraw/", judging.override_withdraw, name="override-withdraw"),
    path("g/<str:code>/assessment/evidence/<slug:indicator>/", evidence.evidence, name="assessment-evidence"),
    path("g/<str:code>/assessment/review/", reviews.review, name="review"),
    path("g/<str:code>/assessment/review/<int:pk>/withdraw/", reviews.review_withdraw, name="review-withdraw"),
    path("g/<str:code>/profile/", bank.profile, name="bank-profile"),
    path("g/<str:code>/assessment/what-if/", what_if.assessment_what_if, name="assessment-what-if"),
    path("g/<str:code>/assessment/final/", stored.assessment_finalise, name="assessment-finalise"),
    path("g/<str:code>/assessment/<day:day>/", stored.assessment_stored, name="assessment-stored"),
    path(
        "g/<str:code>/assessment/<day:day>/certificate/", stored.assessment_certificate, name="assessment-certificate"
    ),
    path("g/<str:code>/assessment/shown/<int:pk>/", stored.assessment_shown, name="assessment-shown"),
    path("groups/file/", group_list.group_list_file, name="group-list-file"),
    path("instruments/", instruments.instrument_list, name="instrument-list"),
    path("instruments/<int:pk>/", instruments.instrument, name="instrument"),
    path("instruments/<int:pk>/compare/", instruments.instrument_compare, name="instrument-compare"),
    path("dashboard/", include(DASHBOARDS)),
    path("portfolio/", portfolio.portfolio, name="portfolio"),
    path("portfolio/class/", portfolio.portfolio_class, name="portfolio-class"),
]
