#!/usr/bin/env bash
# Installs the servers that `npm run test:servers` starts, into .cache/servers or, for those of Debian, into the system (root, once).
# What is there already is left alone. A new server is a function and a word in the last line.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$PWD/.cache/servers/bin
mkdir -p "$bin"

debian() {
  local missing=()
  for each in "$@"; do dpkg -s "$each" > /dev/null 2>&1 || missing+=("$each"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$(id -u)" -eq 0 ] || { echo "run as root once: apt-get install ${missing[*]}" >&2; return 1; }
  scripts/apt-install.sh "${missing[@]}"
}

postgres() { command -v postgres > /dev/null || ls /usr/lib/postgresql/*/bin/postgres > /dev/null 2>&1 || debian postgresql; }

# An S3 server over a folder. Built here: Go has no binaries to install.
versitygw() { [ -x "$bin/versitygw" ] || GOBIN=$bin go install github.com/versity/versitygw/cmd/versitygw@v1.8.0; }

# Azure's storage, as its makers emulate it.
azurite() { [ -d .cache/servers/azurite/node_modules/azurite ] || npm install --prefix .cache/servers/azurite --no-audit --no-fund --silent azurite@3.37.0; }

registry() { command -v docker-registry > /dev/null || debian docker-registry; }

# DuckDB's extensions for sources, as its makers publish them for Python; by the version of @duckdb/node-api.
extensions() {
  local version folder=.cache/servers/duckdb-extensions
  version=$(node -p "require('./node_modules/@duckdb/node-api/package.json').version.split('-')[0]")
  [ ! -f "$folder/$version" ] || return 0
  rm -rf "$folder"
  lakes # whose environment says for which Python
  UV_CACHE_DIR=.cache/uv/cache .cache/uv/venv/bin/uv pip install --quiet --no-deps --python .cache/servers/lakes/bin/python \
    --target "$folder" duckdb-extension-{httpfs,azure,delta,avro,iceberg,postgres-scanner,mysql-scanner}=="$version"
  touch "$folder/$version"
}

# What others write tables of Delta and Iceberg with.
lakes() { scripts/make-venv.sh .cache/servers/lakes deltalake==1.6.6 'pyiceberg[pyarrow,sql-sqlite]==0.12.0'; }

# No server: what `npm run bench:data -- stores` compares with.
oras() { [ -x "$bin/oras" ] || GOBIN=$bin go install oras.land/oras/cmd/oras@v1.2.3; }

mariadb() { command -v mariadbd > /dev/null || debian mariadb-server; }

# Spark with its Thrift server, from Python's package of it, and what the example that trains on it needs.
spark() {
  command -v java > /dev/null || debian openjdk-17-jre-headless
  scripts/make-venv.sh .cache/servers/spark -r models/examples/spark-xgboost/requirements.txt
  # Delta Lake for it, which Spark itself fetches from Maven.
  [ -d .cache/servers/delta/jars ] || PATH=$PWD/.cache/servers/spark/bin:$PATH .cache/servers/spark/bin/python -c "
from pyspark.sql import SparkSession
settings = {'spark.jars.ivy': '$PWD/.cache/servers/delta', 'spark.jars.packages': 'io.delta:delta-spark_4.1_2.13:4.1.0', 'spark.ui.enabled': 'false'}
SparkSession.builder.master('local[1]').config(map=settings).getOrCreate().stop()" > /dev/null
}

# The first process of a container.
tini() { command -v tini > /dev/null || debian tini; }

lfs() { command -v git-lfs > /dev/null || debian git-lfs; }

servers=(postgres versitygw azurite registry extensions lakes mariadb spark tini lfs)
for each in "${@:-${servers[@]}}"; do "$each"; done
