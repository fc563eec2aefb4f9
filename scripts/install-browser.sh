#!/usr/bin/env bash
# Installs the browser of `npm run test:browser`, Debian's Chromium, with a typeface to draw text in (root, once). One that the
# machine has already is as good.
set -euo pipefail
cd "$(dirname "$0")/.."
for each in chromium chromium-browser google-chrome; do command -v "$each" > /dev/null && exit 0; done
[ "$(id -u)" -eq 0 ] || { echo "run as root once: apt-get install chromium fonts-dejavu-core" >&2; exit 1; }
scripts/apt-install.sh chromium fonts-dejavu-core
