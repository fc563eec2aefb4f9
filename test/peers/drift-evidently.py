"""Judges each case of stdin (JSON) by Evidently's default drift preset; writes its answers to stdout."""
import json
import sys
import warnings

warnings.simplefilter("ignore")  # divisions by zero in scipy, which are part of some answers

import pandas
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset


def judge(case):
    by_kind = {kind: [c["name"] for c in case if c["kind"] == kind] for kind in ("numeric", "category")}
    definition = DataDefinition(numerical_columns=by_kind["numeric"], categorical_columns=by_kind["category"])

    def dataset(side):
        columns = {c["name"]: pandas.Series(c[side], dtype=float if c["kind"] == "numeric" else object) for c in case}
        return Dataset.from_pandas(pandas.DataFrame(columns), data_definition=definition)

    report = Report([DataDriftPreset()]).run(dataset("current"), dataset("reference"))
    metrics = report.dict()["metrics"]
    answers = {
        m["config"]["column"]: {"method": m["config"]["method"], "score": float(m["value"])}
        for m in metrics
        if "column" in m["config"]
    }
    (counted,) = [m["value"] for m in metrics if "drift_share" in m["config"]]
    return {"columns": answers, "share": float(counted["share"])}


json.dump([judge(case) for case in json.load(sys.stdin)], sys.stdout)
