"""Scores a Parquet file with onnxruntime and writes it back with the scores: predict_onnx.py <model.onnx> <input> <output>."""

import sys

import numpy
import onnxruntime
import pyarrow
from pyarrow import compute, parquet

model, source, target = sys.argv[1:]
session = onnxruntime.InferenceSession(model)
table = parquet.read_table(source)
batches = []
for batch in table.to_batches(max_chunksize=100_000):
    feeds = {}
    for wanted in session.get_inputs():
        column = batch.column(wanted.name)
        if "string" in wanted.type:
            feeds[wanted.name] = numpy.asarray(column.to_pylist(), dtype=object).reshape(-1, 1)
        else:
            feeds[wanted.name] = compute.cast(column, pyarrow.float32()).to_numpy(zero_copy_only=False).reshape(-1, 1)
    batches.append(session.run(None, feeds)[0].reshape(-1))
parquet.write_table(table.append_column("prediction", pyarrow.array(numpy.concatenate(batches))), target, compression="zstd")
