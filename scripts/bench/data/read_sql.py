"""Seconds that pandas takes to read a query into a data frame: python read_sql.py <url> <query>."""

import sys
import time

import pandas
import sqlalchemy

engine = sqlalchemy.create_engine(sys.argv[1].replace("postgres://", "postgresql+psycopg2://"))
with engine.connect() as connection:
    started = time.perf_counter()
    frame = pandas.read_sql(sqlalchemy.text(sys.argv[2]), connection)
    seconds = time.perf_counter() - started
print(seconds, len(frame), frame.shape[1])
