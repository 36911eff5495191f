#!/usr/bin/perl
# SPDX-License-Identifier: ISC
# tests/tools/powercut.pl - plays a power cut: undoes in place what a disk may not have kept.
#
# Usage: powercut.pl LOG GRAVE SEED journal|strict ROOT...
#
# Reads what powerlog.c wrote.  Flushed is what fsync, fdatasync or syncfs were asked for.  In
# `journal` a flush of one thing also keeps all earlier changes of names, as journalling file systems
# do; in `strict` it keeps that thing alone, as POSIX says.  Of the rest a random part survives:
# nothing; the names without the bytes; the first of the names and of each file's bytes; or all.
use strict;
use warnings;
use Fcntl qw(:DEFAULT);

my ($log, $grave, $seed, $mode, @roots) = @ARGV;
srand $seed;
open my $in, '<', $log or die "$log: $!";
open my $data, '<', "$log.data" or die "$log.data: $!";
my @ops = map { chomp; [split / /] } <$in>;

# --- what is flushed -----------------------------------------------------------------------------
my %is_name = map { $_ => 1 } qw(C M U R L N);
my @kept;
sub dirs_of { my $o = shift; my @d = $o->[0] eq 'N' ? ($o->[1], $o->[3]) : ($o->[1]); grep { $_ } @d }
sub ino_of  { my $o = shift; $o->[0] eq 'N' ? $o->[5] : $o->[3] }

# An operation is there only if the ones that made its file and its directories are.
sub keep_name {
	my @todo = (shift);
	while (defined(my $i = pop @todo)) {
		next if $kept[$i]++;
		my $o = $ops[$i];
		my %need = map { $_ => 1 } dirs_of($o), ino_of($o);
		for my $j (0 .. $i - 1) {
			push @todo, $j if !$kept[$j] && $is_name{$ops[$j][0]} && $need{ino_of($ops[$j])};
		}
	}
}
for my $i (0 .. $#ops) {
	my ($kind, $ino) = @{$ops[$i]};
	if ($kind eq 'S') {
		$kept[$_] = 1 for 0 .. $i;
	} elsif ($kind eq 'F' || $kind eq 'D') {
		for my $j (0 .. $i - 1) {
			my $o = $ops[$j];
			next if $kept[$j];
			if ($is_name{$o->[0]}) {
				keep_name($j) if $mode eq 'journal' ||
					($kind eq 'D' && grep { $_ == $ino } dirs_of($o));
			} elsif ($o->[0] eq 'W') {
				$kept[$j] = 1 if $kind eq 'F' && $o->[1] == $ino;
			}
		}
	}
}

# --- what survives by chance -----------------------------------------------------------------------
my @names = grep { $is_name{$ops[$_][0]} && !$kept[$_] } 0 .. $#ops;
my @bytes = grep { $ops[$_][0] eq 'W' && !$kept[$_] } 0 .. $#ops;
my $luck = (qw(nothing nothing names part part all))[int rand 6];
print "$luck; not flushed: ", scalar @names, " names, ", scalar @bytes, " writes\n";
if ($luck eq 'names') {
	keep_name($_) for @names;
} elsif ($luck eq 'part') {
	my $n = int rand(@names + 1);
	keep_name($names[$_]) for 0 .. $n - 1;
	my %of;
	push @{$of{$ops[$_][1]}}, $_ for @bytes;
	for my $ino (sort keys %of) {
		my $m = int rand(@{$of{$ino}} + 1);
		$kept[$of{$ino}[$_]] = 1 for 0 .. $m - 1;
	}
} elsif ($luck eq 'all') {
	$kept[$_] = 1 for @names, @bytes;
}

# --- undoing -----------------------------------------------------------------------------------------
my %path; # by inode
sub look {
	my $p = shift;
	my @st = lstat $p or return;
	$path{$st[1]} = $p;
	return unless -d _;
	opendir my $d, $p or return;
	look("$p/$_") for grep { $_ ne '.' && $_ ne '..' } readdir $d;
}
look($_) for @roots, $grave;
sub place { # a name in a directory
	my ($dir, $hex) = @_;
	return undef unless $dir && $path{$dir};
	return "$path{$dir}/" . pack 'H*', $hex;
}
sub fail_hard { die "powercut: @_: $!\n" }
my $outside = 0;
for my $i (reverse 0 .. $#ops) {
	next if $kept[$i];
	my ($kind, @a) = @{$ops[$i]};
	if ($kind eq 'W') {
		my ($ino, $size, $offset, $n, $at) = @a;
		my $p = $path{$ino} or next; # nobody has it any more
		sysopen my $f, $p, O_RDWR or fail_hard("open $p");
		if ($n > 0) {
			my $old;
			sysseek $data, $at, 0;
			sysread($data, $old, $n) == $n or fail_hard('the log ends early');
			sysseek $f, $offset, 0;
			syswrite($f, $old) == $n or fail_hard("write $p");
		}
		truncate $f, $size or fail_hard("truncate $p");
	} elsif ($kind eq 'C' || $kind eq 'L') {
		my $p = place(@a[0, 1]) // next;
		link $p, "$grave/$a[2]";
		unlink $p or fail_hard("unlink $p");
		$path{$a[2]} = "$grave/$a[2]" if ($path{$a[2]} // '') eq $p;
	} elsif ($kind eq 'M') {
		my $p = place(@a[0, 1]) // next;
		rmdir $p or fail_hard("rmdir $p");
	} elsif ($kind eq 'R') {
		my $p = place(@a[0, 1]) // next;
		mkdir $p or fail_hard("mkdir $p");
		$path{$a[2]} = $p;
	} elsif ($kind eq 'U') {
		my $p = place(@a[0, 1]) // next;
		link "$grave/$a[2]", $p or fail_hard("link $grave/$a[2] $p");
		$path{$a[2]} = $p;
	} elsif ($kind eq 'N') {
		my ($fd, $fn, $td, $tn, $ino, $replaced) = @a;
		my $from = place($fd, $fn) // "$grave/outside." . $outside++;
		my $to = place($td, $tn) // $path{$ino} // next;
		rename $to, $from or fail_hard("rename $to $from");
		if (-d $from) { %path = (); look($_) for @roots, $grave }
		$path{$ino} = $from;
		if ($replaced) {
			link "$grave/$replaced", $to or fail_hard("link back $to");
			$path{$replaced} = $to;
		}
	}
}
