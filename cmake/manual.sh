#!/bin/sh
# SPDX-License-Identifier: ISC
# manual.sh SCDOC - a page in scdoc on standard input becomes one for man: the first line asks for tbl, without which tables are not
# drawn everywhere; narrow columns are not adjusted, of which groff 1.23 complains; scdoc's .nh comes before .TH, behind which groff hyphenates again, but a key that is broken by a hyphen is another key.
set -eu
printf "'%s\" t\n" '\'
"$1" | sed '/^\.TH /a .nh\n.ad l'
