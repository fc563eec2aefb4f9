"""What a pull request's check does by hand: scikit-learn's fit, its metrics and the model logged with MLflow: train_mlflow.py <data set folder> <folder>."""

import json
import pathlib
import sys

import mlflow
import pandas
from sklearn import metrics
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

folder, target = pathlib.Path(sys.argv[1]), sys.argv[2]
spec = json.loads((folder / "spec.json").read_text())
train, test = (pandas.read_parquet(folder / f"{part}.parquet") for part in ("train", "test"))
names = [feature["name"] for feature in spec["features"]]
categories = [feature["name"] for feature in spec["features"] if feature["kind"] == "category"]
mlflow.set_tracking_uri(f"sqlite:///{target}/mlflow.db")
mlflow.set_experiment("bench")
with mlflow.start_run():
    encode = make_column_transformer((OrdinalEncoder(), categories), remainder="passthrough")
    model = make_pipeline(encode, HistGradientBoostingRegressor(max_iter=60, learning_rate=0.1, max_leaf_nodes=31, early_stopping=False))
    model.fit(train[names], train[spec["target"]])
    info = mlflow.sklearn.log_model(model, name="model", input_example=train[names].head(5), serialization_format="cloudpickle")
    predictions = mlflow.pyfunc.load_model(info.model_uri).predict(test[names])
    outcomes = test[spec["target"]]
    mlflow.log_metrics({"rmse": metrics.root_mean_squared_error(outcomes, predictions), "mae": metrics.mean_absolute_error(outcomes, predictions)})
