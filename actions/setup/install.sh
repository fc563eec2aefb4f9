# Installs the locked dependencies, gives mergeml what is its own, and puts its commands, the pinned Node among them, on PATH. What
# one step's Node compiles the job's next ones find.
set -euo pipefail

digest() { bash "$(dirname "${BASH_SOURCE[0]}")/digest.sh" "$1"; }

# Beside the installation's place, which other jobs of this runner may share.
install() {
  command -v npm > /dev/null || {
    echo "::error title=mergeml::npm is not on this runner; install Node 20 or newer on it, or run actions/setup-node before this step"
    exit 1
  }
  aside="$INSTALLATION.$$.part"
  trap 'rm -rf "$aside"' EXIT
  mkdir -p "$aside"
  cp "$ROOT/package.json" "$ROOT/package-lock.json" "$ROOT/.npmrc" "$aside"
  (cd "$aside" && npm ci --omit=dev --no-fund --no-audit)
}

# Moved in whole, so that jobs that share a runner never see half of it.
share() {
  digest "$aside/node_modules" > "$aside/complete"
  # Another job may have been first, and is perhaps copying from there: only what is not whole is taken away.
  [ -f "$INSTALLATION/complete" ] || rm -rf "$INSTALLATION"
  [ -e "$INSTALLATION" ] || mv "$aside" "$INSTALLATION"
  [ -f "$INSTALLATION/complete" ]
}

# A copy, and true when it is what was installed. Not hard links: who appends to such a file appends to every job's. Not one symbolic
# link: data folders may lie in node_modules, and a link that leaves the repository is refused.
take() {
  rm -rf "$modules.part"
  cp -RP "$INSTALLATION/node_modules" "$modules.part"
  [ "$(digest "$modules.part")" = "$(cat "$INSTALLATION/complete")" ]
}

modules=$ROOT/node_modules
if [ ! -d "$modules" ]; then
  if [ "${SHARED:-true}" = false ]; then
    install
    mv "$aside/node_modules" "$modules"
  else
    if [ -f "$INSTALLATION/complete" ] && ! take; then
      echo "::warning title=mergeml::$INSTALLATION is not as it was installed: something has written there. It is installed anew"
      rm -rf "$INSTALLATION"
    fi
    if [ ! -f "$INSTALLATION/complete" ]; then
      install
      share
      take
    fi
    mv "$modules.part" "$modules"
  fi
fi
echo "$modules/.bin" >> "$GITHUB_PATH"
echo "$ROOT/scripts" >> "$GITHUB_PATH"
echo "NODE_COMPILE_CACHE=$RUNNER_TEMP/mergeml-compiled" >> "$GITHUB_ENV"
