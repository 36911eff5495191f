#!/bin/bash
# SPDX-License-Identifier: ISC
# What Gmail may do, or its user set, where nobody knows: each two ways of it together (a covering array), one
# day of changes on both sides for each row.  PAIRS of the rows are played, which ones says the seed.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/watchlib.sh"
. "$(dirname "$0")/gmaillib.sh"
SEED=${SEED:-$(date +%s)}
PAIRS=${PAIRS:-3}
echo "seed: $SEED (SEED=$SEED replays the choice; ROW=\"settings\" plays that alone; PAIRS=100 plays all)"

# Rows such that any two values of different settings stand together in one: of a few by chance the one that
# brings most, until none is left.
rows() {
	perl -e '
		my @ways = ([qw(- move=missing move=refused)], ["-", "hidden=\\Trash", "hidden=\\All", "hidden=\\Trash \\All"],
			[qw(- expunge=trash expunge=forever)], [qw(- modseq=account)], [qw(- special-asked)], [qw(- reserved)],
			[qw(- line-limit=16384)], [qw(- search-lag=3)], [qw(- drop-pipeline)], [qw(- auto-expunge=0)], [qw(- no-star)],
			[qw(- size-off)], [qw(- pieces=refused pieces=ignored)], [qw(- all-limit=3)]);
		my (%left, @row); srand 13;
		for my $a (0 .. $#ways) { for my $b ($a + 1 .. $#ways) { for my $x (@{$ways[$a]}) { $left{"$a$x $b$_"} = 1 for @{$ways[$b]} } } }
		while (%left) {
			my ($best, @best) = (0);
			for (1 .. 300) {
				my @r = map { $_->[rand @$_] } @ways; my $n = 0;
				for my $a (0 .. $#r) { $n += exists $left{"$a$r[$a] $_$r[$_]"} for $a + 1 .. $#r }
				($best, @best) = ($n, @r) if $n > $best;
			}
			for my $a (0 .. $#best) { delete $left{"$a$best[$a] $_$best[$_]"} for $a + 1 .. $#best }
			print join(";", grep { $_ ne "-" } @best), "\n" if $best;
		}'
}
begin() { # SETTING...: a fresh account and a fresh tree, in step
	[ -z "${GMAIL_PID:-}" ] || { kill "$GMAIL_PID"; wait "$GMAIL_PID" 2> /dev/null || true; }
	rm -rf "$T/mail" "$T/state"
	gmail_start "$@"
	gmail_config
	for i in 1 2 3 4 5 6; do
		mail "m$i"
		web DELIVER INBOX "$T/m"
		web LABEL "$(web_id "m$i")" Work
	done
	syncs
}
syncs() { # as it takes for looks that a change here makes doubtful; what is held back or hidden is told
	local n=3
	! is_set modseq || ! is_set '\All' || n=10 # flags come in turn where nobody can tell what changed
	for i in $(seq $n); do
		sleep 0.03 # for the directory's times to grow old
		godwit sync > "$T/out" || [ $? = 1 ] || fail "$row: $(cat "$T/out" "$T/err")"
	done
}
there_is() { # ID LABELS
	[ "$(labels "$1")" = "$2" ] || fail "$row: $1 is in \"$(labels "$1")\" there, not in \"$2\"; here in \"$(where "$1")\": $(cat "$T/out" "$T/err")"
}
here_is() { # ID MAILBOXES
	[ "$(where "$1")" = "$2" ] || fail "$row: $1 is in \"$(where "$1")\" here, not in \"$2\"; there in \"$(labels "$1")\": $(cat "$T/out" "$T/err")"
}
file_in() { # MAILBOX ID
	grep -rlF "<$2@x>" "$T/mail/$1"
}
is_set() { # TEXT: is it among the row's settings?
	[[ "$row" == *"$1"* ]]
}
a_day() {
	mkdir -p "$T/mail/Later"/{cur,new,tmp}
	mv "$(file_in Work m1)" "$T/mail/Later/cur/"
	rm "$(file_in Work m2)"
	web UNLABEL "$(web_id m3)" INBOX # archived there
	web LABEL "$(web_id m3)" Travel
	mail up
	cp "$T/m" "$T/mail/Work/cur/up:2,FS"
	mail new
	web DELIVER INBOX "$T/m"
	f=$(file_in INBOX m4)
	mv "$f" "$T/mail/INBOX/cur/$(basename "${f%%:*}"):2,S"
	web FLAGS "$(web_id m5)" '(\Answered)'
	rm "$(file_in INBOX m6)" "$(file_in Work m6)"
	syncs
	there_is m1 INBOX,Later
	here_is m1 INBOX,Later
	there_is m2 INBOX
	here_is m2 INBOX
	there_is m3 Travel,Work
	here_is m3 Travel,Work
	there_is up "Work,[Gmail]/Starred"
	here_is up Work
	there_is new INBOX
	here_is new INBOX
	[ "$(flags_there m4)" = '\Seen' ] || fail "$row: m4 has \"$(flags_there m4)\" there"
	for folder in INBOX Work; do
		case $(file_in "$folder" m5) in *:2,R) ;; *) fail "$row: m5 in $folder is $(file_in "$folder" m5)" ;; esac
	done
	[ -n "$(web_id m6)" ] || fail "$row: m6 is gone from Gmail"
	if is_set '\Trash \All'; then # its user can undo neither: it stays in its last mailbox
		here_is m6 ""
		case $(labels m6) in INBOX | Work) ;; *) fail "$row: m6 is in \"$(labels m6)\"" ;; esac
	elif is_set '\Trash'; then
		there_is m6 ""
		here_is m6 ""
	else
		there_is m6 "[Gmail]/Trash"
		here_is m6 "[Gmail]/Trash"
	fi
	mv "$(file_in INBOX m5)" "$T/mail/Later/cur/$(basename "$(file_in INBOX m5)")" # and moved here while it is flagged there
	web FLAGS "$(web_id m5)" '(\Answered \Seen)'
	web UNLABEL "$(web_id new)" INBOX # the last label in sight
	syncs
	there_is m5 Later,Work
	here_is m5 Later,Work
	case $(file_in Later m5) in *:2,RS) ;; *) fail "$row: m5 in Later is $(file_in Later m5)" ;; esac
	there_is new ""
	here_is new ""
	syncs
	grep -q 'nothing new' "$T/out" || fail "$row: it does not come to rest: $(cat "$T/out" "$T/err")"
}

if [ -n "${ROW:-}" ]; then
	echo "$ROW" > "$T/rows"
else
	rows > "$T/all"
	echo "$(wc -l < "$T/all") rows"
	shuf --random-source=<(yes "$SEED") -n "$PAIRS" "$T/all" > "$T/rows"
fi
while read -r row <&3; do
	note "with ${row:-nothing}"
	IFS=';' read -ra set <<< "$row"
	begin "${set[@]}"
	a_day
done 3< "$T/rows"
note ok
