#!/bin/sh
# tests/odd/table.sh ODD [write] - checks that each row of docs/odd-servers.md is one that the cases say, or writes them.
set -eu
odd=$1
cd "$(dirname "$0")"
doc=../../docs/odd-servers.md
rows=$("$odd" -t cases/*.odd)
if [ "${2:-}" = write ]; then
	{ sed '/^<!-- rows -->$/q' "$doc"; printf '%s\n' "$rows"; } > "$doc.new"
	mv "$doc.new" "$doc"
	exit
fi
bad=$(sed '1,/^<!-- rows -->$/d' "$doc" | grep '^|' | while IFS= read -r row; do
	printf '%s\n' "$rows" | grep -qxF -e "$row" || printf '%s\n' "$row"
done)
[ -z "$bad" ] || { printf 'no case says this any more (tests/odd/table.sh ODD write):\n%s\n' "$bad"; exit 1; }
