# Prints where mergeml is, the hash of its lock file, and where its dependencies are or will be, as a step's outputs.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
lock=$(cat "$root/package-lock.json" "$root/package.json" | git hash-object --stdin | cut -c1-16) # every runner has git
tools=${RUNNER_TOOL_CACHE:-${RUNNER_TEMP:-/tmp}}
installation="$tools/mergeml/$lock"
installed=false
if [ -f "$installation/complete" ]; then installed=true; fi
# Somebody who ran npm ci in the checkout has what is needed already.
if [ -d "$root/node_modules" ]; then installed=true; fi

echo "root=$root"
echo "lock=$lock"
echo "installation=$installation"
echo "installed=$installed"
