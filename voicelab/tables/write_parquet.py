"""Parquet: typed columns that carry their own explanation."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from voicelab.errors import UsageError
from voicelab.tables.summary import Heading, headings, provenance

if TYPE_CHECKING:
    import pyarrow

    from voicelab.tables.comparison import Comparison

_ALIASES = {str: "string", bool: "bool", int: "int64", float: "double"}


def write(comparison: "Comparison", path: Path) -> None:
    """Write every column, with titles, units and explanations in the schema's metadata.

    Raises
    ------
    UsageError
        When pyarrow is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise UsageError(
            'Parquet needs pyarrow, which is not installed: pip install "voicelab[parquet]"'
        ) from None
    columns = headings(comparison)
    schema = pyarrow.schema([_field(column) for column in columns])
    texts = {column.name: "string" for column in columns if column.type is str}
    table = pyarrow.Table.from_pandas(
        comparison.frame.astype(texts), schema=schema, preserve_index=False
    )
    origin = {"voicelab": json.dumps(provenance(comparison), ensure_ascii=False)}
    pyarrow.parquet.write_table(
        table.replace_schema_metadata({**table.schema.metadata, **origin}), path
    )


def _field(column: Heading) -> "pyarrow.Field":
    import pyarrow

    explained = {"title": column.title, "unit": column.unit, "doc": column.doc}
    kind = pyarrow.type_for_alias(_ALIASES[column.type])
    return pyarrow.field(column.name, kind, metadata=explained)
