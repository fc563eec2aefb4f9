"""Fits scikit-learn's equivalent and scores it: fit_sklearn.py <data set folder> <type> <params as JSON>; prints JSON."""

import json
import pathlib
import resource
import sys
import time

import numpy
import pandas
from sklearn import metrics
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

folder, kind, params = pathlib.Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
spec = json.loads((folder / "spec.json").read_text())
train, test = (pandas.read_parquet(folder / f"{part}.parquet") for part in ("train", "test"))
names = [feature["name"] for feature in spec["features"]]
categories = [feature["name"] for feature in spec["features"] if feature["kind"] == "category"]
for name in categories:
    levels = pandas.CategoricalDtype(sorted(set(train[name].dropna())))
    test[name] = test[name].where(test[name].isin(levels.categories))
    train[name], test[name] = train[name].astype(levels), test[name].astype(levels)
regression = spec["task"] == "regression"


def model():
    if kind == "gradient-boosting":
        make = HistGradientBoostingRegressor if regression else HistGradientBoostingClassifier
        return make(
            max_iter=params.get("trees", 100),
            learning_rate=params.get("learning_rate", 0.1),
            max_leaf_nodes=params.get("max_leaves", 31),
            early_stopping=False,
            categorical_features="from_dtype",
            random_state=0,
        )
    numbers = [name for name in names if name not in categories]
    prepare = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="ignore"), categories),
    )
    if kind == "linear":
        return make_pipeline(prepare, Ridge(1.0) if regression else LogisticRegression(C=1.0, max_iter=2000))
    make = MLPRegressor if regression else MLPClassifier
    return make_pipeline(prepare, make(hidden_layer_sizes=tuple(params.get("hidden", [64, 64])), max_iter=params.get("epochs", 200), random_state=0))


fitted = model()
started = time.perf_counter()
fitted.fit(train[names], train[spec["target"]])
seconds = time.perf_counter() - started
if regression:
    scores = {"rmse": float(numpy.sqrt(metrics.mean_squared_error(test[spec["target"]], fitted.predict(test[names]))))}
else:
    probabilities = fitted.predict_proba(test[names])
    classes = list(fitted.classes_)
    scores = {"log_loss": float(metrics.log_loss(test[spec["target"]], probabilities, labels=classes))}
    scores["accuracy"] = float(metrics.accuracy_score(test[spec["target"]], fitted.predict(test[names])))
    if len(classes) == 2:
        scores["roc_auc"] = float(metrics.roc_auc_score(test[spec["target"]] == classes[1], probabilities[:, 1]))
print(json.dumps({"seconds": seconds, "mebibytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "scores": scores}))
