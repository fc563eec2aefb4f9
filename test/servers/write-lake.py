"""Writes rows to a lake as others do: `write-lake.py delta|iceberg|parquet <url> <first> <rows>`, rows first .. first + rows - 1."""

import os
import sys

import pyarrow as pa

kind, url, first, rows = sys.argv[1], sys.argv[2].rstrip("/"), int(sys.argv[3]), int(sys.argv[4])
endpoint, key, secret = (os.environ.get(name) for name in ("LAKE_ENDPOINT", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
ids = range(first, first + rows)
table = pa.table({
    "id": pa.array(ids, pa.int64()),
    "x": pa.array([i % 97 * 0.5 for i in ids], pa.float64()),
    "origin": pa.array([f"n{i % 7}" for i in ids], pa.string()),
    "y": pa.array([i % 97 * 1.5 + i % 7 for i in ids], pa.float64()),
})

if kind == "delta":
    from deltalake import write_deltalake

    options = {"AWS_ENDPOINT_URL": endpoint, "AWS_ALLOW_HTTP": "true", "aws_conditional_put": "etag"}
    write_deltalake(url, table, mode="append", storage_options=options)
elif kind == "iceberg":
    from pyiceberg.catalog.sql import SqlCatalog

    if url.startswith("az://"):
        names = {"py-io-impl": "files_of_azure.FilesOfAzure"}
    else:
        names = {"s3.endpoint": endpoint, "s3.access-key-id": key, "s3.secret-access-key": secret, "s3.region": "us-east-1"}
    catalog = SqlCatalog("lake", uri=f"sqlite:///{os.environ['LAKE_CATALOG']}", warehouse=url, **names)
    catalog.create_namespace_if_not_exists("lake")
    catalog.create_table_if_not_exists("lake.rides", schema=table.schema, location=url).append(table)
else:
    import pyarrow.parquet as pq
    from pyarrow import fs

    host = endpoint.split("://")[1]
    s3 = fs.S3FileSystem(access_key=key, secret_key=secret, endpoint_override=host, scheme="http", region="us-east-1")
    pq.write_table(table, url.removeprefix("s3://"), filesystem=s3)
