"""Loads model.onnx for MLflow.

mlflow.onnx hands each column of a DataFrame over as [N]; the graph's inputs are [N, 1], and its texts may be missing.
"""

import numpy
import onnxruntime
import pandas


class Model:
    """Predicts rows by column name: one DataFrame column per output, a list per row where an output has several values."""

    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])

    def predict(self, data, params=None):
        frame = data if isinstance(data, pandas.DataFrame) else pandas.DataFrame(data)
        feeds = {each.name: column(frame[each.name], each.type) for each in self.session.get_inputs()}
        names = [each.name for each in self.session.get_outputs()]
        outputs = {name: rows(values) for name, values in zip(names, self.session.run(names, feeds))}
        return pandas.DataFrame(outputs, index=frame.index)


def column(series, kind):
    """[N, 1] as the graph wants it: a missing number is NaN, a missing text the empty one."""
    if kind == "tensor(string)":
        texts = ["" if missing else str(value) for value, missing in zip(series, series.isna())]
        return numpy.array(texts, dtype=object).reshape(-1, 1)
    return pandas.to_numeric(series).to_numpy(dtype=numpy.float32, na_value=numpy.nan).reshape(-1, 1)


def rows(values):
    values = numpy.asarray(values)
    single = values.ndim == 1 or values.shape[1] == 1
    return values.reshape(-1) if single else values.tolist()


def _load_pyfunc(path):
    return Model(path)
