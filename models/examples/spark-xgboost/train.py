"""Trains XGBoost on a Spark cluster, on the rows that were staged there, and writes model.onnx as columns.json asks for it."""

import json
import os
from pathlib import Path

from onnx import ModelProto, TensorProto, helper
from onnxmltools.convert import convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType
from pyspark.sql import DataFrame, SparkSession
from xgboost import XGBRegressor
from xgboost.spark import SparkXGBRegressor


def train(rows: DataFrame, names: list[str], target: str, params: dict) -> XGBRegressor:
    """No row comes to this machine: the workers read theirs, and the trees come back."""
    options = dict(params["options"])
    workers = options.pop("workers")
    estimator = SparkXGBRegressor(
        features_col=names, label_col=target, num_workers=workers, random_state=params["seed"], **options
    )
    # A missing number is null in the files and NaN in the model's inputs.
    booster = estimator.fit(rows.fillna(float("nan"), names)).get_booster()
    model = XGBRegressor()
    model.load_model(booster.save_raw())
    return model


def to_onnx(model: XGBRegressor, names: list[str]) -> ModelProto:
    """Each feature is an input [N, 1] of its own; the output is `prediction` [N, 1]."""
    model.get_booster().feature_names = None
    onnx = convert_xgboost(model, "model", [("features", FloatTensorType([None, len(names)]))], target_opset=15)
    onnx.opset_import.append(helper.make_opsetid("", 15))
    graph = onnx.graph
    last = graph.output[0].name
    for node in graph.node:
        node.output[:] = ["prediction" if name == last else name for name in node.output]
    graph.node.insert(0, helper.make_node("Concat", names, ["features"], axis=1))
    del graph.input[:]
    graph.input.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 1]) for name in names)
    graph.output[0].CopyFrom(helper.make_tensor_value_info("prediction", TensorProto.FLOAT, [None, 1]))
    return onnx


def main() -> None:
    params = json.loads(Path("params.json").read_text())
    columns = json.loads(Path("columns.json").read_text())
    names = [each["name"] for each in columns["features"]]
    builder = SparkSession.builder.appName("mergeml").master(os.environ.get("SPARK_MASTER", "local[*]"))
    spark = builder.config("spark.ui.enabled", "false").getOrCreate()
    try:
        rows = spark.read.parquet(columns["data"])
        print(f"rows={rows.count()}@0")
        model = train(rows, names, columns["target"]["name"], params)
    finally:
        spark.stop()
    Path("model.onnx").write_bytes(to_onnx(model, names).SerializeToString())


if __name__ == "__main__":
    main()
