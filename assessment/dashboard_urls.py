"""URLs of the dashboards, below `dashboard/`; `assessment.views.frame.TABS` says in which order they stand."""

from django.urls import URLPattern, path

from assessment.views import bank, comparison, dashboard, finalising, heatmap, moves, needs, quality, signals

urlpatterns: list[URLPattern] = [
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
