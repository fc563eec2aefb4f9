"""frouros' tests of the same two Parquet files, Kolmogorov-Smirnov of numbers and chi-squared of the rest: drift_frouros.py <reference> <current>."""

import sys

import pandas
from frouros.detectors.data_drift import ChiSquareTest, KSTest

reference, current = (pandas.read_parquet(file) for file in sys.argv[1:3])
for name in reference.columns:
    is_number = pandas.api.types.is_numeric_dtype(reference[name]) and not pandas.api.types.is_bool_dtype(reference[name])
    test = KSTest() if is_number else ChiSquareTest()
    test.fit(X=reference[name].to_numpy())
    found, _ = test.compare(X=current[name].to_numpy())
    print(name, found.statistic, found.p_value)
