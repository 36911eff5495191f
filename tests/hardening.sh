#!/bin/sh
# SPDX-License-Identifier: ISC
# tests/hardening.sh PROGRAM - fails unless the program was linked and compiled as cmake/Flags.cmake wants it: position
# independent, nothing both writable and executable, relocations read-only before main(), canaries, checked string functions.
status=0
need() { # WHAT COMMAND...
	what=$1
	shift
	"$@" > /dev/null || { echo "$what: not so"; status=1; }
}
headers=$(readelf -hlW "$1") dynamic=$(readelf -dW "$1") symbols=$(readelf --dyn-syms -W "$1")
has() { # TEXT REGEX
	printf '%s\n' "$1" | grep -qE "$2"
}
lacks() { ! has "$@"; }
need "position independent" has "$headers" 'Type: *DYN'
need "a stack that is not executable" has "$headers" 'GNU_STACK.* RW +0x'
need "no segment both writable and executable" lacks "$headers" 'LOAD.* RWE '
need "relocations read-only" has "$headers" 'GNU_RELRO'
need "all symbols bound at the start" has "$dynamic" 'BIND_NOW|Flags:.* NOW'
need "stack canaries" has "$symbols" '__stack_chk_fail'
need "checked string functions" has "$symbols" '__(snprintf|memcpy|vsnprintf|printf)_chk'
need "no run path that the working directory can change" lacks "$dynamic" 'R(UN)?PATH.*\[(:|.*::|.*:\]|[^/$])'
exit $status
