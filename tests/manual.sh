#!/bin/bash
# SPDX-License-Identifier: ISC
# manual.sh GODWIT DOCS BUILD - the manual pages have no faults that mandoc or groff find, fit 80 columns, and agree with `godwit
# help`: each command stands in godwit(1), each page is one's that leads there, and no option of one is missing in the other.
set -eu
GODWIT=$1 DOCS=$2 BUILD=$3
status=0
wrong() {
	echo "$*"
	status=1
}
commands=$("$GODWIT" help | sed -n 's/^  \([a-z][a-z, ]*\) .*/\1/p' | sed 's/ .*//; s/,//' | sort -u)
[ -n "$commands" ] || wrong "help names no command"
options() { # of a text, one a line
	grep -oE -e '--[a-z][a-z-]*' | sort -u
}

for source in "$DOCS"/*.scd; do
	page=$(basename "$source" .scd)
	[ -e "$BUILD/$page" ] || { echo "no scdoc, no pages" && exit 77; }
	head -n 1 "$BUILD/$page" | grep -q "^'.\" t" || wrong "$page: man is not told that there are tables"
	command -v mandoc > /dev/null && mandoc -Tlint -W warning "$BUILD/$page" 2>&1 |
		grep -v 'skipping paragraph macro' > "$BUILD/$page.lint" && wrong "$(cat "$BUILD/$page.lint")" # scdoc has too many .PP
	! command -v groff > /dev/null || {
		groff -t -man -Tutf8 -ww -Wbreak -rLL=80n "$BUILD/$page" > "$BUILD/$page.out" 2> "$BUILD/$page.lint"
		sed -i '/will not fit on one page/d' "$BUILD/$page.lint" # nobody prints them
		[ ! -s "$BUILD/$page.lint" ] || wrong "$page: $(head -3 "$BUILD/$page.lint")"
		long=$(sed 's/\x1b\[[0-9;]*m//g; s/.\x08//g' "$BUILD/$page.out" | LC_ALL=C.UTF-8 grep -E '^.{81,}' | head -1) || true
		[ -z "$long" ] || wrong "$page is wider than 80 columns: $long"
	}
	rm -f "$BUILD/$page.lint" "$BUILD/$page.out"
	case $page in
	godwit-*)
		command=${page#godwit-} && command=${command%.1}
		"$GODWIT" help "$command" 2> /dev/null | grep -q "man godwit-$command" || wrong "godwit help $command does not lead to $page"
		grep -q "\*godwit-$command\*(1)" "$DOCS/godwit.1.scd" || wrong "godwit(1) does not lead to $page"
		;;
	esac
	for other in $(grep -oE '\*godwit-[a-z]+\*\(1\)' "$source" | sed 's/\*//g; s/(1)//' | sort -u); do
		[ -e "$DOCS/$other.1.scd" ] || wrong "$page leads to $other(1), which is not there"
	done
done

for command in $commands; do
	text=$DOCS/godwit-$command.1.scd
	[ -e "$text" ] || text=$DOCS/godwit.1.scd
	sed -n '/^# COMMANDS/,/^# OPTIONS/p' "$DOCS/godwit.1.scd" | grep -qE "^\*$command\*|, \*$command\*" || wrong "$command does not stand in godwit(1)"
	for option in $("$GODWIT" help "$command" | options); do
		grep -q -e "$option" "$text" "$DOCS/godwit.1.scd" || wrong "$option of $command is not in $(basename "$text")"
	done
	[ "$text" = "$DOCS/godwit.1.scd" ] && continue
	for option in $(grep '^\*-' "$text" | options); do
		"$GODWIT" help | grep -q -e "$option" || "$GODWIT" help "$command" | grep -q -e "$option" ||
			wrong "$option of $(basename "$text") is not in the help"
	done
done
exit $status
