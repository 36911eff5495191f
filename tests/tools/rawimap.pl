# SPDX-License-Identifier: ISC
# tests/tools/rawimap.pl PORT COMMAND... - an account "me" in clear, looked at and changed without godwit: for servers that
# have no tool such as doveadm.  Mailboxes have "/" between their names, whatever the server calls them.
#
#   list                      folder, flags and keywords, SHA-256 of each message, as tools/mdlist prints them
#   ids                       the Message-ID of each message
#   append BOX FILE FLAGS     FLAGS are the letters of a Maildir
#   flag BOX N|* +|- FLAG     N is a place in the mailbox; one beyond its end is none
#   move|copy BOX N TO
#   expunge BOX N             prints the Message-ID of what went
#   create|delete BOX, rename BOX NEW
use strict;
use IO::Socket::INET;
use Digest::SHA 'sha256_hex';

my ($port, $command, @args) = @ARGV;
my $s = IO::Socket::INET->new("127.0.0.1:$port") or die "rawimap: $!";
my %letters = ('\\Draft' => 'D', '\\Flagged' => 'F', '\\Answered' => 'R', '\\Seen' => 'S');
my ($prefix, $separator, $exists) = ('', '/', 0);
$s->autoflush;

# One response: its lines, and literals in them as references to a list.
sub response {
	my $text = '';
	my @literals;
	while (defined(my $line = <$s>)) {
		$line =~ s/\r\n$//;
		return ($text . $line, \@literals) unless $line =~ s/\{(\d+)\}$//;
		my ($n, $bytes) = ($1, '');
		while (length $bytes < $n) {
			read $s, $bytes, $n - length $bytes, length $bytes or die "rawimap: cut";
		}
		push @literals, $bytes;
		$text .= $line . '"literal"';
	}
	die "rawimap: the connection ends";
}
# Each untagged response goes to the function; returns the end's text.
sub ask {
	my ($line, $each, $data) = @_;
	print $s "x $line\r\n";
	while (1) {
		my ($text, $literals) = response();
		$exists = $1 if $text =~ /^\* (\d+) EXISTS/i;
		if ($text =~ /^\+/) { print $s $data, "\r\n" }
		elsif ($text =~ /^x (.*)/) { return $1 }
		elsif ($each) { $each->($text, @$literals) }
	}
}
sub must {
	my $end = ask(@_);
	$end =~ /^OK/ or die "rawimap: $_[0]: $end\n";
}
sub wire {
	my ($name) = @_;
	$name =~ s{/}{$separator}g;
	return $name eq 'INBOX' ? '"INBOX"' : "\"$prefix$name\"";
}
sub folder {
	my ($wire) = @_;
	$wire =~ s/^\Q$prefix\E// unless $wire eq 'INBOX';
	$wire =~ s{\Q$separator\E}{/}g if $separator ne '/';
	return $wire;
}
sub each_mailbox {
	my ($function) = @_;
	my @names;
	must('LIST "" "*"', sub {
		push @names, $2 || $3 if $_[0] !~ /\\No(nexistent|select)/i
			&& $_[0] =~ /^\* LIST \([^)]*\) (?:"[^"]*"|NIL) ("([^"]*)"|(\S+))/;
	});
	for (@names) {
		$exists = 0;
		must("EXAMINE \"$_\"");
		$function->(folder($_)) if $exists;
	}
}
sub flags {
	my ($text) = @_;
	my ($list) = $text =~ /FLAGS \(([^)]*)\)/;
	my $letters = join '', sort map { $letters{$_} // () } split ' ', $list;
	return join ' ', $letters, sort { lc $a cmp lc $b } grep { !/^\\/ } split ' ', $list;
}
# The UID of the N-th message, or ends.
sub uid {
	my ($box, $n) = @_;
	my $uid;
	exit if ask('SELECT ' . wire($box)) !~ /^OK/ || $n > $exists;
	must("FETCH $n (UID)", sub { $uid = $1 if $_[0] =~ /^\* $n FETCH.*UID (\d+)/ });
	return $uid // exit;
}
sub header {
	my ($uid) = @_;
	must("UID FETCH $uid (BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])", sub { print "$1\n" if ($_[1] // '') =~ /(<.*>)/ });
}
sub expunge {
	my ($uid) = @_;
	must("UID STORE $uid +FLAGS.SILENT (\\Deleted)");
	must("UID EXPUNGE $uid");
}

my %commands = (
	list => sub {
		each_mailbox(sub {
			my ($folder) = @_;
			must('UID FETCH 1:* (FLAGS BODY.PEEK[])', sub {
				my ($text, $body) = @_;
				return unless $text =~ /FETCH/ && defined $body;
				$body =~ s/\r\n/\n/g;
				print "$folder\t", flags($text), "\t", sha256_hex($body), "\n";
			});
		});
	},
	ids => sub { each_mailbox(sub { header('1:*') }) },
	append => sub {
		my ($box, $file, $flags) = @_;
		open my $f, '<', $file or die;
		my $text = join '', map { s/\r?\n$/\r\n/r } <$f>;
		my %names = reverse %letters;
		my $list = join ' ', map { $names{$_} // () } split //, $flags // '';
		ask('APPEND ' . wire($box) . " ($list) {" . length($text) . '}', undef, $text);
	},
	flag => sub {
		my ($box, $n, $sign, $flag) = @_;
		my $set = $n eq '*' ? '1:*' : uid($box, $n);
		exit if $n eq '*' && (ask('SELECT ' . wire($box)) !~ /^OK/ || !$exists);
		must("UID STORE $set ${sign}FLAGS.SILENT ($flag)");
	},
	copy => sub { must('UID COPY ' . uid(@_[0, 1]) . ' ' . wire($_[2])) },
	move => sub {
		my $uid = uid(@_[0, 1]);
		exit if $_[0] eq $_[2];
		must("UID COPY $uid " . wire($_[2]));
		expunge($uid);
	},
	expunge => sub {
		my $uid = uid(@_);
		header($uid);
		expunge($uid);
	},
	create => sub { must('CREATE ' . wire($_[0])) },
	delete => sub { must('DELETE ' . wire($_[0])) },
	rename => sub { must('RENAME ' . wire($_[0]) . ' ' . wire($_[1])) },
);

response();
must('LOGIN me secret');
ask('NAMESPACE', sub { ($prefix, $separator) = ($1, $2) if $_[0] =~ /^\* NAMESPACE \(\("([^"]*)" "(.)"/ });
$commands{$command}->(@args);
ask('LOGOUT');
