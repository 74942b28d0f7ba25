"""Reports for marketing: figures in words, tables and charts."""

from edge_agent.fleet.report.page import body_of, page_of, report_css, report_page

__all__ = ["body_of", "page_of", "report_css", "report_page"]
