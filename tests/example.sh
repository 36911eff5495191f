#!/bin/bash
# SPDX-License-Identifier: ISC
# tests/example.sh GODWIT SOURCE - contrib/config.example has every key, and is a configuration that holds, as it is
# and with its comments taken at their word.
set -eu
godwit=$1 example=$2/contrib/config.example
T=$(mktemp -d "${TMPDIR:-/tmp}/godwit-example.XXXXXX")
trap 'rm -rf "$T"' EXIT
export HOME=$T
umask 077
failed=0
bad() {
	echo "$*" >&2
	failed=1
}
holds() { # WHAT: the configuration in $T/config
	local status=0
	"$godwit" -c "$T/config" status > "$T/out" 2> "$T/err" || status=$?
	[ $status -le 1 ] || bad "$1: $(cat "$T/err")"
}

sed -nE 's/^ *(# )?([a-z0-9-]+)( "[^"]*")? (=|\{).*/\2/p' "$example" > "$T/has"
for key in $("$godwit" complete keys); do
	grep -qxF -- "$key" "$T/has" || bad "$key is not in $example"
done
cp "$example" "$T/config"
holds "as it is"
for other in proxy tunnel-command; do # which exclude each other
	sed -E "/ (smtp-)?$other = /d; s/^( *)# ([a-z0-9-]+( \"[^\"]*\")? (=|\{))/\1\2/" "$example" > "$T/config"
	holds "all but $other"
done
exit $failed
