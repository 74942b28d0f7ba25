"""The store's rows for other programs: CSV and Parquet with columns that stay as they are."""

from edge_agent.fleet.export.contract import TABLES, VERSION, Column, document
from edge_agent.fleet.export.read import Row, rows_of
from edge_agent.fleet.export.write import harmless, replacing, write_csv, write_parquet

__all__ = [
    "TABLES",
    "VERSION",
    "Column",
    "Row",
    "document",
    "harmless",
    "replacing",
    "rows_of",
    "write_csv",
    "write_parquet",
]
