"""Writes the data sets of the trainer benchmark: datasets.py <folder> <diamonds.csv> <flights.parquet> <birdstrikes.csv>

One folder each with train.parquet, test.parquet and spec.json; both sides of the benchmark read these files.
"""

import json
import pathlib
import sys

import numpy
import pandas
from sklearn import datasets as bundled

folder, diamonds_csv, flights_parquet, birds_csv = map(pathlib.Path, sys.argv[1:5])


def write(name, train, test, target, task):
    place = folder / name
    place.mkdir(parents=True)
    features = [
        {"name": column, "kind": "category" if train[column].dtype == object or str(train[column].dtype) in ("str", "string") else "number"}
        for column in train.columns
        if column != target
    ]
    classes = []
    if task == "classification":
        values = sorted(set(train[target]) | set(test[target]))
        classes = [str(value) for value in values]
        train, test = train.assign(**{target: train[target].astype(str)}), test.assign(**{target: test[target].astype(str)})
    train.to_parquet(place / "train.parquet", index=False)
    test.to_parquet(place / "test.parquet", index=False)
    spec = {"features": features, "target": target, "task": task, "classes": classes, "rows": {"train": len(train), "test": len(test)}}
    (place / "spec.json").write_text(json.dumps(spec))


def split(name, table, target, task, seeds, share=0.2):
    for seed in seeds:
        held_out = numpy.random.RandomState(seed).rand(len(table)) < share
        write(f"{name}-{seed}", table[~held_out], table[held_out], target, task)


diamonds = pandas.read_csv(diamonds_csv)
split("diamonds", diamonds, "price", "regression", (1, 2, 3))

flights = pandas.read_parquet(flights_parquet)
when = flights["date"].dt
flights = flights.assign(hour=when.hour, minute=when.minute, dow=when.day_of_week, doy=when.day_of_year, month=when.month, year=when.year)
flights = flights[flights["year"] == 2001]
columns = ["distance", "hour", "minute", "dow", "doy", "origin", "destination", "delay"]
write("flights", flights.loc[flights["month"] <= 3, columns], flights.loc[flights["month"] == 4, columns], "delay", "regression")

birds = pandas.read_csv(birds_csv, keep_default_na=False, na_values=[""])  # "None" is a value here
birds = pandas.DataFrame(
    {
        "aircraft": birds["Aircraft Make Model"],
        "operator": birds["Aircraft Airline Operator"],
        "state": birds["Origin State"],
        "phase": birds["Phase of flight"],
        "size": birds["Wildlife Size"],
        "species": birds["Wildlife Species"],
        "time": birds["Time of day"],
        "speed": birds["Speed IAS in knots"],
        "damaged": birds["Effect Amount of damage"] != "None",
    }
)
split("bird-strike", birds, "damaged", "classification", (1, 2, 3), 0.3)

for name, task in (("diabetes", "regression"), ("breast_cancer", "classification"), ("wine", "classification"), ("iris", "classification"), ("digits", "classification")):
    data = getattr(bundled, f"load_{name}")(as_frame=True)
    split(name.replace("_", "-"), data.frame, "target", task, (1, 2, 3, 4, 5), 0.3)

for name, (values, target) in {
    "friedman1": bundled.make_friedman1(2000, noise=1.0, random_state=0),
    "linear": bundled.make_regression(2000, 20, n_informative=10, noise=10.0, random_state=0),
}.items():
    table = pandas.DataFrame(values, columns=[f"x{i}" for i in range(values.shape[1])]).assign(target=target)
    split(name, table, "target", "regression", (1, 2, 3, 4, 5), 0.3)
values, target = bundled.make_classification(2000, 20, n_informative=8, n_classes=3, random_state=0)
split("classification3", pandas.DataFrame(values, columns=[f"x{i}" for i in range(20)]).assign(target=target), "target", "classification", (1, 2, 3, 4, 5), 0.3)
