"""Fits a library's gradient-boosted trees and scores them: fit_peer.py <data set folder> <lightgbm|xgboost|sklearn> <trees>; prints JSON.

Same depth of learning as ours: 31 leaves, learning rate 0.1, 255 bins, rows of at least 20 in a leaf. OpenMP waits as it does by default.
"""

import json
import pathlib
import resource
import sys
import time

import numpy
import pandas

folder, library, trees = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
spec = json.loads((folder / "spec.json").read_text())
train, test = (pandas.read_parquet(folder / f"{part}.parquet") for part in ("train", "test"))
names = [feature["name"] for feature in spec["features"]]
for name in (feature["name"] for feature in spec["features"] if feature["kind"] == "category"):
    levels = pandas.CategoricalDtype(sorted(set(train[name].dropna())))
    train[name], test[name] = train[name].astype(levels), test[name].astype(levels)


def model():
    if library == "lightgbm":
        import lightgbm

        return lightgbm.LGBMRegressor(n_estimators=trees, learning_rate=0.1, num_leaves=31, max_bin=255, verbose=-1)
    if library == "xgboost":
        import xgboost

        return xgboost.XGBRegressor(
            n_estimators=trees, learning_rate=0.1, max_leaves=31, max_depth=0, grow_policy="lossguide", max_bin=256, tree_method="hist", enable_categorical=True
        )
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(max_iter=trees, learning_rate=0.1, max_leaf_nodes=31, early_stopping=False, categorical_features="from_dtype")


fitted = model()
before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
fitted.fit(train[names], train[spec["target"]])
seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF)
processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
rmse = float(numpy.sqrt(numpy.mean((test[spec["target"]].to_numpy() - fitted.predict(test[names])) ** 2)))
print(json.dumps({"seconds": seconds, "processor": processor, "mebibytes": after.ru_maxrss / 1024, "scores": {"rmse": rmse}}))
