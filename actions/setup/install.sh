# Installs the locked dependencies beside their place and moves them in whole, so that jobs that share a runner never see
# half of them; then gives mergeml a copy and puts its commands, the pinned Node among them, on PATH. What one step's Node
# compiles the job's next ones find.
set -euo pipefail

modules=$ROOT/node_modules
if [ ! -d "$modules" ]; then
  if [ ! -f "$INSTALLATION/complete" ]; then
    command -v npm > /dev/null || {
      echo "::error title=mergeml::npm is not on this runner; install Node 20 or newer on it, or run actions/setup-node before this step"
      exit 1
    }
    aside="$INSTALLATION.$$.part"
    trap 'rm -rf "$aside"' EXIT
    mkdir -p "$aside"
    cp "$ROOT/package.json" "$ROOT/package-lock.json" "$ROOT/.npmrc" "$aside"
    (cd "$aside" && npm ci --omit=dev --no-fund --no-audit)
    touch "$aside/complete"
    # Another job may have been first, and is perhaps copying from there: only what is not whole is taken away.
    [ -f "$INSTALLATION/complete" ] || rm -rf "$INSTALLATION"
    [ -e "$INSTALLATION" ] || mv "$aside" "$INSTALLATION"
    [ -f "$INSTALLATION/complete" ]
  fi
  # Hard links where the file system has them. Not one symbolic link: data folders may lie in node_modules, and a link that
  # leaves the repository is refused.
  cp -al "$INSTALLATION/node_modules" "$modules.part" 2> /dev/null || {
    rm -rf "$modules.part"
    cp -R "$INSTALLATION/node_modules" "$modules.part"
  }
  mv "$modules.part" "$modules"
fi
echo "$modules/.bin" >> "$GITHUB_PATH"
echo "$ROOT/scripts" >> "$GITHUB_PATH"
echo "NODE_COMPILE_CACHE=$RUNNER_TEMP/mergeml-compiled" >> "$GITHUB_ENV"
