"""report-evidently.py SCORED TABLE OUTPUT: Evidently's report of scored rows beside the prices of the table, a fifth of them against the others."""
import sys
import warnings

warnings.simplefilter("ignore")

import pandas
from evidently import DataDefinition, Dataset, Regression, Report
from evidently.presets import DataDriftPreset, DataSummaryPreset, RegressionPreset

scored, table, output = sys.argv[1:]
rows = pandas.read_csv(scored)
known = pandas.read_csv(table)
assert (rows["carat"] == known["carat"]).all(), "rows are in the order of the table"
rows["price"] = known["price"]
numbers = [name for name in rows.columns if pandas.api.types.is_numeric_dtype(rows[name])]
definition = DataDefinition(
    numerical_columns=numbers,
    categorical_columns=[name for name in rows.columns if name not in numbers],
    regression=[Regression(target="price", prediction="prediction")],
)
current = rows.sample(frac=0.2, random_state=42)
sides = [Dataset.from_pandas(each, data_definition=definition) for each in (current, rows.drop(current.index))]
Report([RegressionPreset(), DataDriftPreset(), DataSummaryPreset()]).run(*sides).save_html(output)
