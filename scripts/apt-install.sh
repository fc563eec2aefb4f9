#!/usr/bin/env bash
# Installs packages of Debian, one call after the other: apt refuses a second one while the first has its locks.
set -euo pipefail
exec 9> "${TMPDIR:-/tmp}/mergeml-apt.lock"
flock 9
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" 9>&-
