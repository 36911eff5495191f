# SPDX-License-Identifier: ISC
# tests/integration/otherlib.sh - mail servers of other makers, unpacked by contrib/pops into $GODWIT_POPS: private ones on
# loopback, with their users in a namespace of their own; sourced after lib.sh.  Left out (77) where they are not unpacked.

ROOT=${GODWIT_POPS:-}/root
[ -n "${GODWIT_POPS:-}" ] && [ -x "$ROOT/usr/lib/cyrus/bin/imapd" ] || { echo "no GODWIT_POPS: see contrib/pops"; exit 77; }
[ "$(id -u)" = 0 ] && unshare -m true 2> /dev/null || { echo "they want root and namespaces"; exit 77; }

chmod 755 "$T"
USER_ID=65521
cp /etc/passwd "$T/passwd"
cp /etc/group "$T/group"
for user in popa3d:65520:/var/lib/popa3d "me:$USER_ID:$T/home"; do
	IFS=: read -r name id home <<< "$user"
	echo "$name:x:$id:$id::$home:/bin/false" >> "$T/passwd"
	echo "$name:x:$id:" >> "$T/group"
done
LIBRARIES=$(find "$ROOT" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)

# For each connection a program, as inetd does it: PORT-FILE COMMAND...
cat > "$T/inetd.pl" <<'END'
use IO::Socket::INET;
use POSIX;
my ($file, @command) = @ARGV;
$SIG{CHLD} = 'IGNORE';
my $s = IO::Socket::INET->new(Listen => 16, LocalAddr => '127.0.0.1') or die;
open my $f, '>', "$file.new" or die;
print $f $s->sockport;
close $f;
rename "$file.new", $file;
while (1) {
	my $k = $s->accept or next;
	if (!fork) { POSIX::dup2(fileno $k, $_) for 0, 1; exec @command; POSIX::_exit(1) }
	close $k;
}
END
# In the place of courier-authdaemon: one user, one password.
cat > "$T/auth.pl" <<'END'
use IO::Socket::UNIX;
my ($path, $home, $id) = @ARGV;
$SIG{CHLD} = 'IGNORE';
my $s = IO::Socket::UNIX->new(Local => $path, Listen => 16) or die;
chmod 0777, $path;
while (1) {
	my $k = $s->accept or next;
	next if fork;
	my $in = '';
	while (sysread $k, my $b, 4096) { $in .= $b; last if $in =~ /\nlogin\n.*\n.*\n/ }
	print $k $in =~ /\nlogin\nme\nsecret\n/
		? "USERNAME=me\nUID=$id\nGID=$id\nHOME=$home\nADDRESS=me\nMAILDIR=$home/Maildir\n.\n" : "FAIL\n";
	exit;
}
END
wait_for() { # FILE
	local i
	for i in $(seq 200); do
		[ -s "$1" ] && return
		sleep 0.05
	done
	fail "$1 does not come: $(cat "$T/server.log")"
}
server_stop() { # the first in the namespace, with which all others end
	local pid
	for pid in $([ -z "${SERVER:-}" ] || ps -o pid= --ppid "$SERVER"); do
		kill -KILL "$pid" 2> /dev/null || true
	done
	[ -z "${SERVER:-}" ] || wait "$SERVER" 2> /dev/null || true
	SERVER=
}
serve() { # LINES of a shell in the namespace, the last one stays
	server_stop
	rm -f "$T/port"
	{
		echo "set -e; mount --bind $T/passwd /etc/passwd; mount --bind $T/group /etc/group"
		cat
	} > "$T/namespace"
	unshare -mp --fork bash "$T/namespace" > "$T/server.log" 2>&1 &
	SERVER=$!
	wait_for "$T/port"
	PORT=$(cat "$T/port")
}

# --- Courier: for each connection a program that asks who it is, and then becomes the server
courier_serve() { # pop3 | imap [VARIABLES]
	local login=courierpop3login server=$ROOT/usr/lib/courier/courier/courierpop3d
	[ "$1" = pop3 ] || { login=imaplogin; server=$ROOT/usr/bin/imapd; }
	mkdir -p "$T"/home/Maildir/{cur,new,tmp}
	chown -R $USER_ID:$USER_ID "$T/home"
	serve <<-END
		mount -t tmpfs tmpfs /run
		mkdir -p /run/courier/authdaemon
		ln -s authdaemon /run/courier/autthdaemon # sic, the package's library
		perl $T/auth.pl /run/courier/authdaemon/socket $T/home $USER_ID &
		until [ -S /run/courier/authdaemon/socket ]; do sleep 0.05; done
		set -a
		. $ROOT/etc/courier/imapd
		LD_LIBRARY_PATH=$LIBRARIES TCPREMOTEIP=127.0.0.1 TCPREMOTEPORT=1 TCPREMOTEHOST=localhost TCPLOCALIP=127.0.0.1
		TCPLOCALPORT=110 TCPLOCALHOST=localhost POP3AUTH= MAILDIRPATH=Maildir
		IMAP_ULIMITD= IMAP_USELOCKS=0 # which want a File Access Monitor
		${2:-}
		exec perl $T/inetd.pl $T/port $ROOT/usr/lib/courier/courier/$login $server Maildir
	END
}

# --- Cyrus: its master, with one service, and LMTP
cyrus_serve() { # pop3 | imap [LINE...]: further ones of imapd.conf
	local port kind=$1 n
	shift
	mkdir -p "$T"/cyrus/{conf,spool,run}
	for n in db log msg proc ptclient quota socket sync user lock; do
		mkdir -p "$T/cyrus/conf/$n"
	done
	chown -R $USER_ID:$USER_ID "$T/cyrus"
	port=$(free_port)
	cat > "$T/imapd.conf" <<-END
		configdirectory: $T/cyrus/conf
		partition-default: $T/cyrus/spool
		defaultpartition: default
		sasl_pwcheck_method: alwaystrue
		sasl_mech_list: PLAIN
		allowplaintext: yes
		cyrus_user: me
		cyrus_group: me
		autocreate_quota: 0
		autocreate_post: yes
		proc_path: $T/cyrus/run/proc
		mboxname_lockpath: $T/cyrus/run/lock
		$(printf '%s\n' "$@")
	END
	printf 'SERVICES {\n mail cmd="%sd -C %s" listen="127.0.0.1:%s"\n lmtp cmd="lmtpd -C %s -a" listen="%s"\n}\nSTART {\n}\nEVENTS {\n}\n' \
		"$kind" "$T/imapd.conf" "$port" "$T/imapd.conf" "$T/cyrus/run/lmtp" > "$T/cyrus.conf"
	rm -f "$T/cyrus/run/lmtp"
	serve <<-END
		mount -t overlay overlay -o lowerdir=$ROOT/usr/lib:/usr/lib /usr/lib
		export LD_LIBRARY_PATH=$LIBRARIES
		echo $port > $T/port
		exec $ROOT/usr/sbin/cyrmaster -C $T/imapd.conf -M $T/cyrus.conf -p $T/cyrus/run/pid
	END
	for n in $(seq 200); do
		[ -S "$T/cyrus/run/lmtp" ] && (: <> "/dev/tcp/127.0.0.1/$port") 2> /dev/null && return
		sleep 0.05
	done
	fail "Cyrus does not start: $(cat "$T/server.log")"
}
