"""Whether the parts, one after another, are row for row the table of a single run: python compare.py whole.parquet rows/"""

import sys
from pathlib import Path

import pyarrow.dataset
import pyarrow.parquet

whole = pyarrow.parquet.read_table(sys.argv[1]).combine_chunks()
parts = pyarrow.dataset.dataset([str(path) for path in sorted(Path(sys.argv[2]).glob("part-*.parquet"))])
parts = parts.to_table().combine_chunks()
if not parts.equals(whole):
    first = next((i for i in range(min(len(parts), len(whole))) if parts.slice(i, 1) != whole.slice(i, 1)), "the number")
    sys.exit(f"they differ: {len(parts)} rows and {len(whole)}; first in row {first}")
print(f"{len(whole)} rows are the same")
