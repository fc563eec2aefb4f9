"""Writes a table of continuous numbers: continuous.py <folder> <train rows> <columns>

train.parquet, test.parquet and spec.json, as datasets.py writes them. The target follows from a dozen columns, with steps, products and noise.
"""

import json
import pathlib
import sys

import numpy
import pandas

folder, rows, columns = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
random = numpy.random.default_rng(1)
held_out = min(rows // 5, 100_000)
values = random.standard_normal((rows + held_out, columns), dtype=numpy.float32)
a, b, c, d, e, f, g, h = (values[:, i % columns] for i in range(8))
target = 3 * a + numpy.sin(3 * b) + 2 * c * d + numpy.abs(e) * (f > 0.5) + numpy.exp(-g * g) * h
target = (target + random.standard_normal(rows + held_out)).astype(numpy.float64)
table = pandas.DataFrame(values, columns=[f"x{i}" for i in range(columns)]).assign(y=target)
folder.mkdir(parents=True)
table[:rows].to_parquet(folder / "train.parquet", index=False)
table[rows:].to_parquet(folder / "test.parquet", index=False)
features = [{"name": f"x{i}", "kind": "number"} for i in range(columns)]
sizes = {"train": rows, "test": held_out}
spec = {"features": features, "target": "y", "task": "regression", "classes": [], "rows": sizes}
(folder / "spec.json").write_text(json.dumps(spec))
