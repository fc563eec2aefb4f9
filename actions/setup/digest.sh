# Prints one hash of every file and link below a folder, by name and content.
set -euo pipefail
export LC_ALL=C

cd "$1"
{
  find . -type f | sort
  # Every runner has git. In a work tree it takes paths from its top, so they are absolute.
  find "$PWD" -type f | sort | git hash-object --no-filters --stdin-paths
  find . -type l | sort | while IFS= read -r link; do echo "$link $(readlink "$link")"; done
} | git hash-object --stdin
