"""Evidently's report on the drift of two Parquet files, as HTML: drift_evidently.py <reference> <current> <output>."""

import sys

import pandas
from evidently import Dataset, Report
from evidently.presets import DataDriftPreset

reference, current = (Dataset.from_pandas(pandas.read_parquet(file)) for file in sys.argv[1:3])
Report([DataDriftPreset()]).run(current, reference).save_html(sys.argv[3])
