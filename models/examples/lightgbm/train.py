"""Trains LightGBM on train.parquet and writes model.onnx as columns.json asks for it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from lightgbm import Booster, LGBMRegressor
from onnx import ModelProto, TensorProto, helper
from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm
from skl2onnx import convert_sklearn, update_registered_converter
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from skl2onnx.common.shape_calculator import calculate_linear_regressor_output_shapes
from sklearn.compose import make_column_transformer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder


def make_model(categories: list[str], params: dict) -> Pipeline:
    """Categories become columns of 0 and 1, where an unseen one is all zeros; missing numbers go through as they are."""
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = make_column_transformer((encoder, categories), remainder="passthrough")
    fixed = {"deterministic": True, "force_row_wise": True, "n_jobs": params["threads"], "metric": "rmse", "verbose": -1}
    return make_pipeline(columns, LGBMRegressor(random_state=params["seed"], **fixed, **params["options"]))


def to_onnx(model: Pipeline, features: list[dict]) -> ModelProto:
    """Each feature is an input [N, 1] of its own; the output is called `prediction`."""
    update_registered_converter(
        LGBMRegressor, "LightGbmLGBMRegressor", calculate_linear_regressor_output_shapes, convert_lightgbm
    )
    text, number = StringTensorType([None, 1]), FloatTensorType([None, 1])
    # A name is given, because the default one is random.
    inputs = [(each["name"], text if each["kind"] == "category" else number) for each in features]
    onnx = convert_sklearn(model, "model", inputs, target_opset={"": 17, "ai.onnx.ml": 3})
    (output,) = onnx.graph.output
    onnx.graph.node.append(helper.make_node("Identity", [output.name], ["prediction"]))
    output.CopyFrom(helper.make_tensor_value_info("prediction", TensorProto.FLOAT, [None, 1]))
    return onnx


def round_thresholds(booster: Booster) -> None:
    """ONNX compares float32 numbers: each threshold becomes the float32 below it, so that no row of such numbers changes sides."""
    lines = booster.model_to_string().splitlines()
    for at, line in enumerate(lines):
        if line.startswith("threshold="):
            exact = np.array(line.removeprefix("threshold=").split(), dtype=np.float64)
            near = exact.astype(np.float32)
            below = np.where(near > exact, np.nextafter(near, np.float32(-np.inf)), near)
            lines[at] = "threshold=" + " ".join(repr(float(value)) for value in below)
    # The sizes of the trees are of the text before; without them it is read tree by tree.
    booster.model_from_string("\n".join(line for line in lines if not line.startswith("tree_sizes=")) + "\n")


def print_curve(history: object) -> None:
    """Prints `rmse=531.2@10` lines, which the report draws."""
    if history.iteration % 10 == 9:
        for _, _, value, _ in history.evaluation_result_list:
            print(f"rmse={value}@{history.iteration + 1}", flush=True)


def main() -> None:
    params = json.loads(Path("params.json").read_text())
    columns = json.loads(Path("columns.json").read_text())
    rows = pd.read_parquet("train.parquet")
    features = rows.drop(columns=columns["target"]["name"])
    target = rows[columns["target"]["name"]]
    categories = [each["name"] for each in columns["features"] if each["kind"] == "category"]

    model = make_model(categories, params)
    encoded = model[0].fit_transform(features)
    model[-1].fit(encoded, target, eval_X=encoded, eval_y=target, callbacks=[print_curve])
    round_thresholds(model[-1].booster_)
    Path("model.onnx").write_bytes(to_onnx(model, columns["features"]).SerializeToString())


if __name__ == "__main__":
    main()
