#!/bin/sh
# SPDX-License-Identifier: ISC
# tests/symbols.sh LIBRARY - fails if two files of the library define one name: a static archive would link
# whichever comes first, without a word.
twice=$(nm -g --defined-only "$1" | awk 'NF == 3 && $2 ~ /[A-Z]/ { print $3 }' | sort | uniq -d)
[ -z "$twice" ] || { echo "defined twice:" && echo "$twice" && exit 1; }
