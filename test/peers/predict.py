"""Loads an MLflow model folder and predicts rows: predict.py <folder> < rows.json > predictions.json"""

import json
import sys

import mlflow.pyfunc
import pandas

table = json.load(sys.stdin)
frame = pandas.DataFrame(table["rows"], columns=table["columns"])
frame = frame.astype(table["dtypes"])
predicted = mlflow.pyfunc.load_model(sys.argv[1]).predict(frame)
if isinstance(predicted, pandas.DataFrame):
    predicted = {name: predicted[name].tolist() for name in predicted.columns}
json.dump({name: numpy.tolist() if hasattr(numpy, "tolist") else numpy for name, numpy in predicted.items()}, sys.stdout)
