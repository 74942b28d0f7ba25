"""Writes rows as CSV or Parquet, a part at a time."""

import csv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final, TextIO

from edge_agent.fleet.export.contract import TABLES, VERSION
from edge_agent.fleet.export.read import Row

_AT_ONCE: Final = 20_000  # rows of a row group
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def write_csv(table: str, rows: Iterable[Row], to: TextIO) -> int:
    """Write a table with its head; return the number of rows."""
    writer = csv.writer(to, lineterminator="\n")
    writer.writerow([column.name for column in TABLES[table]])
    count = 0
    for row in rows:
        writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in row])
        count += 1
    return count


def write_parquet(table: str, rows: Iterable[Row], to: Path) -> int:
    """Write a table; return the number of rows."""
    # It takes 0.3 s to load, and only this needs it.
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    kinds = {"text": pa.string(), "integer": pa.int64()}
    columns = TABLES[table]
    fields = [pa.field(c.name, kinds[c.kind], nullable=c.may_be_empty) for c in columns]
    schema = pa.schema(fields, metadata={"edge-agent": f"{VERSION} {table}"})
    count, source = 0, iter(rows)
    with pq.ParquetWriter(to, schema, compression="zstd") as writer:
        while part := list(islice(source, _AT_ONCE)):
            arrays = [pa.array(cells, field.type) for cells, field in zip(zip(*part, strict=True), fields, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            count += len(part)
    return count


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file to write to that takes the place of `path` when the block is done, and is gone when it fails."""
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as made:
        temporary = Path(made.name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
