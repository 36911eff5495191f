#!/bin/sh
# SPDX-License-Identifier: ISC
# tests/keys.sh DIR - fails unless each key of the configuration, and no other, stands in the table of
# godwit(5), is explained there, and can be told from the example.
cd "$1" || exit 2
status=0
keys=$(sed -n 's/.*CFG_\(STR\|INT\|BOOL\|STR_LIST\)("\([a-z0-9-]*\)".*/\2/p' src/cli/config_keys.c
	grep -oh 'CFG_[A-Z_]*("[a-z0-9-]*"' src/cli/config_smtp.h src/cli/config_pop3.h | sed 's/.*"\(.*\)"/\1/')
table=$(sed -n '/^# KEYS/,/^# EXAMPLE/p' docs/godwit.5.scd)
in_table=$(printf '%s\n' "$table" | sed -n 's/^|  //p' | tr -d ',' | tr ' ' '\n')
for key in $keys; do
	[ "$key" = state-dir ] || [ "$key" = sandbox ] || printf '%s\n' "$in_table" | grep -qxF -- "$key" || { echo "$key: not in the table of godwit(5)"; status=1; }
	sed '/^# KEYS/,$d' docs/godwit.5.scd | grep -qE "(^|[^a-z0-9-])$key([^a-z0-9-]|$)" || { echo "$key: not explained in godwit(5)"; status=1; }
done
for key in $in_table; do
	printf '%s\n' "$keys" | grep -qxF -- "$key" || { echo "$key: in the table of godwit(5), and no key"; status=1; }
done
exit $status
