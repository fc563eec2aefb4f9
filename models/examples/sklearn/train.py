"""Trains scikit-learn's histogram gradient boosting on train.parquet and writes model.onnx as columns.json asks for it."""

import json
from pathlib import Path

import pandas as pd
from onnx import ModelProto, TensorProto, helper
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder


def make_model(categories: list[str], options: dict, seed: int) -> Pipeline:
    """Categories become columns of 0 and 1, where an unseen one is all zeros; missing numbers go through as they are."""
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = make_column_transformer((encoder, categories), remainder="passthrough")
    return make_pipeline(columns, HistGradientBoostingRegressor(random_state=seed, **options))


def to_onnx(model: Pipeline, features: list[dict]) -> ModelProto:
    """Each feature is an input [N, 1] of its own; the output is called `prediction`."""
    text, number = StringTensorType([None, 1]), FloatTensorType([None, 1])
    # A name is given, because the default one is random.
    inputs = [(each["name"], text if each["kind"] == "category" else number) for each in features]
    onnx = convert_sklearn(model, "model", inputs, target_opset=17)
    (output,) = onnx.graph.output
    onnx.graph.node.append(helper.make_node("Identity", [output.name], ["prediction"]))
    output.CopyFrom(helper.make_tensor_value_info("prediction", TensorProto.FLOAT, [None, 1]))
    return onnx


def main() -> None:
    params = json.loads(Path("params.json").read_text())
    columns = json.loads(Path("columns.json").read_text())
    rows = pd.read_parquet("train.parquet")
    features = rows.drop(columns=columns["target"]["name"])
    target = rows[columns["target"]["name"]]
    categories = [each["name"] for each in columns["features"] if each["kind"] == "category"]

    model = make_model(categories, params["options"], params["seed"])
    model.fit(features, target)
    print(f"r2={model.score(features, target)}@{model[-1].n_iter_}")
    Path("model.onnx").write_bytes(to_onnx(model, columns["features"]).SerializeToString())


if __name__ == "__main__":
    main()
