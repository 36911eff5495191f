#!/bin/sh
# SPDX-License-Identifier: ISC
# tests/spdx.sh DIR - fails if a source file or script does not say its license in one of its first two lines (REUSE.toml
# says it for the rest).
cd "$1" || exit 2
missing=$(find src include tests contrib cmake debian CMakeLists.txt -path tests/fuzz/corpus -prune -o -type f -print |
	while read -r file; do
		case $file in
		*.c | *.h | *.h.in | *.sh | *.pl | *.cmake | *.cmake.in | */CMakeLists.txt | CMakeLists.txt | contrib/completions/*) ;;
		*) head -n 1 "$file" | grep -q '^#!' || continue ;;
		esac
		head -n 2 "$file" | grep -q 'SPDX-License-Identifier: ISC' || echo "$file"
	done)
[ -z "$missing" ] || { echo "no SPDX-License-Identifier in:"; echo "$missing"; exit 1; }
