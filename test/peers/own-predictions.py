"""Trains as the train.py beside it and leaves rows as serving may get them, with the library's own predictions: own-predictions.py <folder>"""

import json
import pathlib
import sys

import numpy
import pandas
import train

COUNT = 100_000


def leave_predictions(model):
    columns = json.loads(pathlib.Path("columns.json").read_text())
    random = numpy.random.RandomState(1)
    seen = pandas.read_parquet("train.parquet").drop(columns=columns["target"]["name"])
    rows = seen.sample(COUNT, replace=True, random_state=random)
    texts = [feature["name"] for feature in columns["features"] if feature["kind"] == "category"]
    for name in rows:
        chance = random.rand(COUNT)
        if name in texts:
            rows[name] = numpy.select([chance < 0.1, chance < 0.2], ["", "never seen in training"], rows[name])
        else:
            moved = rows[name].to_numpy("float32") * random.uniform(0.8, 1.2, COUNT).astype("float32")
            rows[name] = numpy.select([chance < 0.1, chance < 0.5], [numpy.float32("nan"), rows[name]], moved)
            rows[name] = rows[name].astype("float32")
    own = model.predict(rows) if columns["task"] == "regression" else model.predict_proba(rows)[:, 1]
    rows[texts] = rows[texts].replace({"": None})
    rows.assign(own=own.astype("float64")).to_parquet(pathlib.Path(sys.argv[1]) / "rows.parquet", index=False)


convert = train.to_onnx


def convert_later(model, *rest):
    leave_predictions(model)
    return convert(model, *rest)


train.to_onnx = convert_later
train.main()
