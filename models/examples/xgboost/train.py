"""Trains an XGBoost classifier on train.parquet and writes model.onnx as columns.json asks for it."""

import json
from pathlib import Path

import pandas as pd
from onnx import ModelProto, TensorProto, helper
from onnxmltools.convert.xgboost.operator_converters.XGBoost import convert_xgboost
from skl2onnx import convert_sklearn, update_registered_converter
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from skl2onnx.common.shape_calculator import calculate_linear_classifier_output_shapes
from sklearn.compose import make_column_transformer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder
from xgboost import XGBClassifier


def make_model(categories: list[str], params: dict) -> Pipeline:
    """Categories become columns of 0 and 1, where an unseen one is all zeros; missing numbers go through as they are."""
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = make_column_transformer((encoder, categories), remainder="passthrough")
    booster = XGBClassifier(random_state=params["seed"], n_jobs=params["threads"], **params["options"])
    return make_pipeline(columns, booster)


def to_onnx(model: Pipeline, features: list[dict], classes: list[str]) -> ModelProto:
    """Each feature is an input [N, 1] of its own; the outputs are `label`, as text, and `probabilities`."""
    update_registered_converter(
        XGBClassifier,
        "XGBoostXGBClassifier",
        calculate_linear_classifier_output_shapes,
        convert_xgboost,
        options={"nocl": [True, False], "zipmap": [True, False]},
    )
    text, number = StringTensorType([None, 1]), FloatTensorType([None, 1])
    # A name is given, because the default one is random.
    inputs = [(each["name"], text if each["kind"] == "category" else number) for each in features]
    onnx = convert_sklearn(
        model, "model", inputs, target_opset={"": 17, "ai.onnx.ml": 3}, options={"zipmap": False}
    )
    for node in onnx.graph.node:
        node.output[:] = ["class" if name == "label" else name for name in node.output]
        node.input[:] = ["class" if name == "label" else name for name in node.input]
    names = {"keys_int64s": list(range(len(classes))), "values_strings": classes, "domain": "ai.onnx.ml"}
    onnx.graph.node.append(helper.make_node("LabelEncoder", ["class"], ["label"], **names))
    onnx.graph.output[0].CopyFrom(helper.make_tensor_value_info("label", TensorProto.STRING, [None]))
    return onnx


def main() -> None:
    params = json.loads(Path("params.json").read_text())
    columns = json.loads(Path("columns.json").read_text())
    rows = pd.read_parquet("train.parquet")
    features = rows.drop(columns=columns["target"]["name"])
    classes = columns["classes"]
    target = rows[columns["target"]["name"]].map(classes.index)
    categories = [each["name"] for each in columns["features"] if each["kind"] == "category"]

    model = make_model(categories, params)
    encoded = model[0].fit_transform(features)
    model[-1].fit(encoded, target, eval_set=[(encoded, target)], verbose=False)
    for step, loss in enumerate(model[-1].evals_result()["validation_0"]["logloss"], start=1):
        print(f"log_loss={loss}@{step}")
    Path("model.onnx").write_bytes(to_onnx(model, columns["features"], classes).SerializeToString())


if __name__ == "__main__":
    main()
