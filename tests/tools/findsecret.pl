# SPDX-License-Identifier: ISC
# tests/tools/findsecret.pl PID WORD... - where in a process's memory a word stands: "OFFSET MAPPING locked|open" a line.
# Wants root: the process lets nobody look.
use strict;

my ($pid, @words) = @ARGV;
open my $mem, '<:raw', "/proc/$pid/mem" or die "findsecret: $pid: $!";
open my $maps, '<', "/proc/$pid/smaps" or die "findsecret: $pid: $!";
my ($from, $to, $name, @regions);
while (<$maps>) {
	if (/^([0-9a-f]+)-([0-9a-f]+) r\S+ \S+ \S+ \S+\s*(.*)/) {
		($from, $to, $name) = (hex $1, hex $2, $3 || 'anonymous');
	} elsif (/^[0-9a-f]+-/) {
		$from = undef;
	} elsif (/^VmFlags: (.*)/ && defined $from && $name !~ /^\[v/) {
		push @regions, [$from, $to, $name, $1];
	}
}
my $seen = 0;
for (@regions) {
	my ($from, $to, $name, $flags) = @$_;
	my $bytes;
	sysseek $mem, $from, 0 or next;
	sysread $mem, $bytes, $to - $from or next;
	$seen += length $bytes;
	for my $word (@words) {
		for (my $at = -1; ($at = index $bytes, $word, $at + 1) >= 0;) {
			printf "%x %s %s\n", $from + $at, $name, $flags =~ /\blo\b/ && $flags =~ /\bdd\b/ ? 'locked' : 'open';
		}
	}
}
die "findsecret: $pid: only $seen bytes could be read" if $seen < 1 << 20;
