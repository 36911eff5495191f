#!/bin/sh
# SPDX-License-Identifier: ISC
# tests/odd/table.sh ODD [write] - checks that each row of docs/odd-servers.md is one that the cases say, or writes them.
set -eu
odd=$(realpath "$1")
cd "$(dirname "$0")"
doc=../../docs/odd-servers.md
rows=$("$odd" -t cases/*.odd)
if [ "${2:-}" = write ]; then
	{ sed '/^<!-- rows -->$/q' "$doc"; printf '%s\n' "$rows"; } > "$doc.new"
	mv "$doc.new" "$doc"
	exit
fi
bad=$(sed '1,/^<!-- rows -->$/d' "$doc" | grep '^|' | ROWS=$rows awk '
	BEGIN { n = split(ENVIRON["ROWS"], row, "\n"); for (i = 1; i <= n; i++) said[row[i]] = 1 }
	!($0 in said)')
[ -z "$bad" ] || { printf 'no case says this any more (tests/odd/table.sh ODD write):\n%s\n' "$bad"; exit 1; }
