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
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

postgres() { command -v postgres > /dev/null || ls /usr/lib/postgresql/*/bin/postgres > /dev/null 2>&1 || debian postgresql; }

servers=(postgres)
for each in "${@:-${servers[@]}}"; do "$each"; done
