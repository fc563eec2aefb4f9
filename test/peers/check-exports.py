"""Holds what we write for other servers against their own schemas; prints `<what>: ok`, and raises for what is wrong.

check-exports.py triton FOLDER | kserve FILE | kubernetes FILE
"""

import ast
import pathlib
import sys
from importlib.metadata import distribution

import yaml

TRITON_TYPES = {"tensor(float)": "TYPE_FP32", "tensor(string)": "TYPE_STRING", "tensor(int64)": "TYPE_INT64"}


def triton(folder):
    """config.pbtxt in Triton's own message, and its tensors beside what ONNX Runtime finds in the file."""
    import onnxruntime
    from google.protobuf import text_format
    from tritonclient.grpc import model_config_pb2

    config = text_format.Parse((folder / "config.pbtxt").read_text(), model_config_pb2.ModelConfig())
    assert config.name == folder.name and config.backend == "onnxruntime", config
    assert config.max_batch_size > 0 and config.HasField("dynamic_batching"), config
    (model,) = folder.glob("*/model.onnx")
    assert model.parent.name.isdigit(), model
    session = onnxruntime.InferenceSession(str(model))
    for declared, found in [(config.input, session.get_inputs()), (config.output, session.get_outputs())]:
        assert [each.name for each in declared] == [each.name for each in found]
        for ours, theirs in zip(declared, found):
            assert model_config_pb2.DataType.Name(ours.data_type) == TRITON_TYPES[theirs.type], ours
            assert not isinstance(theirs.shape[0], int) and list(ours.dims) == theirs.shape[1:], (ours, theirs.shape)


def kserve(file):
    """Every key and type of an InferenceService, as KServe's own Python package describes the resource."""
    service = yaml.safe_load(file.read_text())
    assert (service["apiVersion"], service["kind"]) == ("serving.kserve.io/v1beta1", "InferenceService")
    walk_kserve(service["spec"], "V1beta1InferenceServiceSpec", "spec")


def walk_kserve(value, name, path):
    described = kserve_model(name)
    if described is None:  # Kubernetes' own type, or a plain one
        wanted = {"str": str, "bool": bool, "int": int}.get(name)
        assert wanted is None or isinstance(value, wanted), f"{path} is no {name}"
        return
    keys = {key: described["openapi_types"][attribute] for attribute, key in described["attribute_map"].items()}
    for key, each in value.items():
        assert key in keys, f"{path}.{key} is unknown to {name}"
        walk_kserve(each, keys[key], f"{path}.{key}")


def kserve_model(name):
    """The tables of a class of kserve.models, read and not imported: the package wants a server with all it needs."""
    snake = "".join(f"_{each.lower()}" if each.isupper() else each for each in name).lstrip("_")
    file = pathlib.Path(distribution("kserve").locate_file(f"kserve/models/{snake}.py"))
    if not file.exists():
        return None
    (found,) = [each for each in ast.parse(file.read_text()).body if isinstance(each, ast.ClassDef)]
    tables = [each for each in found.body if isinstance(each, ast.Assign)]
    return {table.targets[0].id: ast.literal_eval(table.value) for table in tables}


def kubernetes(file):
    """Every resource of a file, strictly: an unknown key is an error."""
    import kubernetes_validate

    documents = list(yaml.safe_load_all(file.read_text()))
    assert documents
    for each in documents:
        kubernetes_validate.validate(each, "1.37", strict=True)


what, target = sys.argv[1:]
{"triton": triton, "kserve": kserve, "kubernetes": kubernetes}[what](pathlib.Path(target))
print(f"{what}: ok")
