"""The page of marketing: which report to open. The report itself comes with the branch of reports."""

from starlette.requests import Request
from starlette.responses import Response

from edge_agent.fleet.pages.desk import page


def report(request: Request) -> Response:
    """`/report`: choose a site and a period."""
    return page(request, "message.html", title="report", what="report_none")


def download(request: Request) -> Response:
    """`/report/hours`."""
    return page(request, "message.html", title="report", what="report_none")
