"""Loads model.onnx for MLflow, when it is the model that the record beside it names, and all of it.

mlflow.onnx hands each column of a DataFrame over as [N]; the graph's inputs are [N, 1], and its texts may be missing.
"""

import hashlib
import json
import os

import numpy
import onnxruntime
import pandas


class Model:
    """Predicts rows by column name: one DataFrame column per output, a list per row where an output has several values."""

    def __init__(self, path):
        # From the bytes that were checked: the file may change meanwhile.
        self.session = onnxruntime.InferenceSession(checked_bytes(path), providers=["CPUExecutionProvider"])

    def predict(self, data, params=None):
        frame = data if isinstance(data, pandas.DataFrame) else pandas.DataFrame(data)
        feeds = {each.name: column(frame[each.name], each.type) for each in self.session.get_inputs()}
        names = [each.name for each in self.session.get_outputs()]
        outputs = {name: rows(values, frame.index) for name, values in zip(names, self.session.run(names, feeds))}
        return pandas.DataFrame(outputs)


def checked_bytes(path):
    """The model's bytes. Raises ValueError unless version.json beside it names their sha256 and no weights lie elsewhere."""
    record = os.path.join(os.path.dirname(path), "version.json")
    try:
        with open(record, encoding="utf-8") as file:
            expected = json.load(file)["candidate"]["model"]["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} cannot be checked: {record} does not name its sha256 ({error!r})") from error
    with open(path, "rb") as file:
        data = file.read()
    found = "sha256:" + hashlib.sha256(data).hexdigest()
    if found != expected:
        raise ValueError(f"{path} is not the model that was registered: its hash is {found}, {record} says {expected}")
    if has_external_data(data):
        raise ValueError(f"{path} has weights in another file (external data), outside of its hash")
    return data


def has_external_data(data):
    """Needs the package onnx; without it the hash alone speaks, of a file whose weights were looked for when it was registered."""
    try:
        import onnx
    except ImportError:
        return False
    left = [onnx.ModelProto.FromString(data)]
    while left:
        message = left.pop()
        if isinstance(message, onnx.TensorProto) and (message.external_data or message.data_location):
            return True
        for field, value in message.ListFields():
            if field.message_type is not None:
                left.extend([value] if hasattr(value, "ListFields") else value)
    return False


def column(series, kind):
    """[N, 1] as the graph wants it: a missing number is NaN, a missing text the empty one."""
    if kind == "tensor(string)":
        texts = ["" if missing else str(value) for value, missing in zip(series, series.isna())]
        return numpy.array(texts, dtype=object).reshape(-1, 1)
    return pandas.to_numeric(series).to_numpy(dtype=numpy.float32, na_value=numpy.nan).reshape(-1, 1)


def rows(values, index):
    """A value per row, or a list of them. Texts stay objects, as MLServer does not know the texts of pandas 3."""
    values = numpy.asarray(values)
    if values.ndim == 1 or values.shape[1] == 1:
        return pandas.Series(values.reshape(-1), index=index, dtype=values.dtype)
    return pandas.Series(values.tolist(), index=index, dtype=object)


def _load_pyfunc(path):
    return Model(path)
