"""Registers an ONNX model with MLflow on a file store and points an alias at it: register_mlflow.py <model.onnx> <folder>."""

import sys

import mlflow
import onnx

model, folder = sys.argv[1:]
mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
mlflow.set_experiment("bench")
with mlflow.start_run():
    mlflow.log_metric("rmse", 500)
    mlflow.onnx.log_model(onnx.load(model), name="model", registered_model_name="diamond-price")
mlflow.MlflowClient().set_registered_model_alias("diamond-price", "production", 1)
