"""What Feast's get_historical_features gives for the cases on stdin, as JSON on stdout."""

import json
import os
import sys
import tempfile
from datetime import timedelta

import pandas as pd
from feast import Entity, FeatureStore, FeatureView, Field, FileSource, RepoConfig
from feast.types import Float64, String
from feast.value_type import ValueType


def frame(rows, times):
    made = pd.DataFrame(rows)
    for name in times:
        made[name] = pd.to_datetime(made[name], utc=True, format="ISO8601")
    return made


def answer(case, folder):
    store = FeatureStore(
        config=RepoConfig(
            project="peer",
            registry=os.path.join(folder, "registry.db"),
            provider="local",
            offline_store={"type": case["store"]},
            online_store={"type": "sqlite", "path": os.path.join(folder, "online.db")},
            entity_key_serialization_version=3,
        )
    )
    entities = [Entity(name=key, join_keys=[key], value_type=ValueType.STRING) for key in case["keys"]]
    views = []
    for view in case["views"]:
        path = os.path.join(folder, f"{view['name']}.parquet")
        frame(view["rows"], ["t"]).to_parquet(path)
        views.append(
            FeatureView(
                name=view["name"],
                entities=entities,
                ttl=timedelta(seconds=view["ttl"] or 0),
                schema=[Field(name=name, dtype=String if name.startswith("s") else Float64) for name in view["columns"]],
                source=FileSource(path=path, timestamp_field="t"),
            )
        )
    store.apply([*entities, *views])
    wanted = [f"{view['name']}:{name}" for view in case["views"] for name in view["columns"]]
    asked = frame(case["entities"], ["event_timestamp"])
    got = store.get_historical_features(entity_df=asked, features=wanted).to_df()
    columns = ["id", *[name for view in case["views"] for name in view["columns"]]]
    return json.loads(got.sort_values("id")[columns].to_json(orient="records", double_precision=15))


def main():
    answers = []
    for case in json.load(sys.stdin):
        with tempfile.TemporaryDirectory() as folder:
            try:
                answers.append({"rows": answer(case, folder)})
            except Exception as error:  # told to whoever compares
                answers.append({"error": f"{type(error).__name__}: {error}"})
    json.dump(answers, sys.stdout)


main()
