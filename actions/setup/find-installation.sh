# Prints where mergeml is, the hash of its lock file, and where its dependencies are or will be, as a step's outputs. Unless they
# are SHARED with other jobs, that is where no earlier job was.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
lock=$(cat "$root/package-lock.json" "$root/package.json" | git hash-object --stdin | cut -c1-16) # every runner has git
if [ "${SHARED:-true}" = false ]; then
  installation=$(mktemp -d "${RUNNER_TEMP:-/tmp}/mergeml.XXXXXX")/$lock
else
  installation="${RUNNER_TOOL_CACHE:-${RUNNER_TEMP:-/tmp}}/mergeml/$lock"
fi
installed=false
if [ -f "$installation/complete" ]; then installed=true; fi
# Somebody who ran npm ci in the checkout has what is needed already.
if [ -d "$root/node_modules" ]; then installed=true; fi

echo "root=$root"
echo "lock=$lock"
echo "installation=$installation"
echo "installed=$installed"
