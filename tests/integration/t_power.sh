#!/bin/bash
# SPDX-License-Identifier: ISC
# Power cuts: the run ends before its n-th operation and everything that was not flushed may be undone,
# what the user's own programs did a moment before included.  Afterwards nothing is lost or doubled, and
# what was carried over to the server stays carried over.  See tools/powercut.pl for what may be undone.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/mailset.sh"
SANDBOX=no
POWER_POINTS=${POWER_POINTS:-3} # for each mode and dress
DRESSES=${DRESSES:-full plain}
points=0 undone=0
export ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 # the log is loaded before it

# What happens to files under the Maildir and the state is written down.
logged() {
	POWER_LOG=$T/power POWER_ROOTS=$(readlink -f "$T/mail"):$(readlink -f "$T/state") POWER_GRAVE=$T/grave \
		LD_PRELOAD=$TOOLS/tests/libpowerlog.so "$@"
}
# The bytes of a person's own files are flushed; their names are not.
user() {
	POWER_DATA=no logged "$@"
}
compare() { # WHAT: nothing was cut yet
	local side
	for side in "$MAIL" "$T/mail"; do
		present "$side" > "$T/present"
		expected | diff - "$T/present" > "$T/diff" || fail "$1: $side: $(head -6 "$T/diff")"
	done
}
forget() {
	rm -rf "$T/grave" "$T/power" "$T/power.data"
	mkdir "$T/grave"
}

# Each message is where it was before, or where it was put, or in both places if the second half of
# that was undone; never elsewhere, twice in a place, or nowhere.  What reached the server, or was
# done there, holds: a message that was moved on both sides may stand where the server had it.
judge() { # WHAT
	perl -e '
		my ($what, @files) = @ARGV;
		my (%before, %after, %cut, %now, %third, %renamed, %all);
		my @sets = (\%before, \%after, \%cut, \%now, \%third, \%renamed);
		for my $set (@sets) {
			open my $f, "<", shift @files or die;
			while (<$f>) { chomp; my ($id, $where) = split / /, $_, 2; push @{$set->{$id}}, $where; $all{$id} = 1 }
		}
		sub text { join "; ", sort @{$_[0] // []} }
		my $bad = 0;
		for my $id (sort keys %all) {
			my ($b, $a, $c, $n, $t, $r) = map { text($_->{$id}) } @sets;
			my @ok = ($a);
			push @ok, $t, text([@{$third{$id}}, @{$after{$id} // []}]) if $t ne "" && $c ne $a;
			push @ok, text([@{$renamed{$id}}, @{$after{$id} // []}]) if $r ne ""; # its old name is back, too
			push @ok, $b, text([@{$before{$id} // []}, @{$after{$id} // []}]) unless $a eq $b || $c eq $a;
			next if grep { $_ eq $n } @ok;
			print "$what: $id was \"$b\", was to be \"$a\", at the cut the server had \"$c\", now it is \"$n\"\n";
			$bad = 1;
		}
		exit $bad' "$1" "$T/before" "$T/expected" "$T/cut" "$T/present" "$T/third" "$T/renamed" > "$T/verdict" ||
		fail "$(cat "$T/verdict"); undone: $luck; changed: $(cat "$T/last")"
}

cut_at() { # N MODE: cut before the N-th operation; 0: right after the run
	local status=0
	cp "$T/expected" "$T/before"
	forget
	change
	# Flushing one of their directories need not flush the other: that is their own loss.
	[ "$2" = journal ] || forget
	POWER_AT=$1 logged "$GODWIT" -c "$T/config" sync -q > "$T/out" 2> "$T/err" || status=$?
	ran_to_end=$([ "$status" = 137 ] || echo yes)
	present "$MAIL" > "$T/cut"
	luck=$(perl "$POWERCUT" "$T/power" "$T/grave" "$RANDOM" "$2" "$T/mail" "$T/state" 2>&1) ||
		fail "the cut could not be played: $luck"
	rm -f "$T"/state/*-shm # SQLite's; no disk has it
	case $luck in nothing*) ;; *) undone=$((undone + 1)) ;; esac
	sync_ok
	sync_ok
	sync_ok # what seemed restless is done
	assert_equal "cut before operation $1, $2 ($luck)"
	present "$MAIL" > "$T/present"
	judge "$DRESS, cut before operation $1, $2"
	cp "$T/present" "$T/expected"
	points=$((points + 1))
}

POWERCUT=$(dirname "$0")/../tools/powercut.pl
for dress in $DRESSES; do
	note "$dress"
	setup "$dress"
	for mode in journal strict; do
		cut_at 0 $mode
		operations=300
		for n in $(seq "$POWER_POINTS"); do
			cut_at $((RANDOM % operations + 1)) $mode
			# Where a run ends is not known before: the next ones are cut earlier.
			[ -z "$ran_to_end" ] || operations=$((operations * 4 / 5 + 1))
		done
	done
done
echo "$points cuts, $number messages: lost 0, doubled 0, brought back 0"
note ok
