# SPDX-License-Identifier: ISC
# tests/integration/lib.sh - a private Dovecot, and small helpers; sourced by bash scripts.
#
# Needs GODWIT_BUILD (the build folder).  Everything lives in one temporary directory, $T, and on
# 127.0.0.1; server and helpers are ended by pid when the script exits.

set -eu
: "${GODWIT_BUILD:?}"
GODWIT=$GODWIT_BUILD/godwit
TOOLS=$GODWIT_BUILD
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL=C.UTF-8
T=$(mktemp -d "${TMPDIR:-/tmp}/godwit-test.XXXXXX")
export XDG_RUNTIME_DIR=$T/run # where a watcher listens
PIDS=
KEEP=${KEEP:-}

cleanup() {
	status=$?
	for pid in $PIDS; do
		kill "$pid" 2>/dev/null || true
	done
	server_stop
	if [ -n "$KEEP" ] || { [ "$status" != 0 ] && [ -n "${KEEP_FAILED:-}" ]; }; then
		echo "kept: $T"
	else
		rm -rf "$T"
	fi
	exit "$status"
}
trap cleanup EXIT

fail() {
	echo "FAILED: $*" >&2
	[ ! -s "$T/err" ] || sed 's/^/  stderr: /' "$T/err" >&2
	[ ! -s "$T/dovecot.log" ] || tail -5 "$T/dovecot.log" | sed 's/^/  dovecot: /' >&2
	exit 1
}

note() {
	printf '%s\n' "-- $*"
}

# The user whose mail it is: Dovecot never serves root.
if [ "$(id -u)" = 0 ]; then
	MAIL_USER=nobody
	RUN_AS_ROOT=1
else
	MAIL_USER=$(id -un)
	RUN_AS_ROOT=
fi

free_port() {
	local port
	while :; do
		port=$((10000 + RANDOM % 22000)) # below those that connections take for themselves
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
	done
}

# certificate NAME SUBJECT-ALT-NAME [DAYS]: $T/NAME.pem and $T/NAME.key, signed by $T/ca.pem
certificate() {
	local name=$1 san=$2 from=${3:-}
	[ -f "$T/ca.pem" ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$T/ca.key" -out "$T/ca.pem" -days 30 -subj "/CN=godwit test CA" 2>/dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$T/$name.key" \
		-out "$T/$name.csr" -subj "/CN=$name" 2>/dev/null
	printf 'subjectAltName=%s\n' "$san" > "$T/$name.ext"
	if [ "$from" = expired ]; then
		faketime_x509 "$name"
	else
		openssl x509 -req -in "$T/$name.csr" -CA "$T/ca.pem" -CAkey "$T/ca.key" -CAcreateserial \
			-days 30 -extfile "$T/$name.ext" -out "$T/$name.pem" 2>/dev/null
	fi
}

# A certificate whose time is over: openssl's ca command takes dates.
faketime_x509() {
	local name=$1
	mkdir -p "$T/ca.d"
	: > "$T/ca.d/index"
	echo 01 > "$T/ca.d/serial"
	cat > "$T/ca.d/conf" <<-EOF
		[ca]
		default_ca = d
		[d]
		database = $T/ca.d/index
		serial = $T/ca.d/serial
		new_certs_dir = $T/ca.d
		default_md = sha256
		policy = p
		[p]
		commonName = supplied
	EOF
	openssl ca -batch -config "$T/ca.d/conf" -cert "$T/ca.pem" -keyfile "$T/ca.key" \
		-in "$T/$name.csr" -out "$T/$name.pem" -extfile "$T/$name.ext" -notext \
		-startdate 20200101000000Z -enddate 20200201000000Z 2>/dev/null
}

# server_start [DRESS]: full, noqresync, plain, bare (which does not even have IDLE)
server_start() {
	local dress=${1:-full} caps= try
	case $dress in
	full) ;;
	noqresync) caps="IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT MULTIAPPEND NAMESPACE UIDPLUS LIST-EXTENDED CONDSTORE ESEARCH MOVE SPECIAL-USE LITERAL+ LIST-STATUS UNSELECT CHILDREN" ;;
	plain) caps="IMAP4rev1 SASL-IR LOGIN-REFERRALS ID IDLE NAMESPACE UNSELECT CHILDREN LITERAL+" ;;
	bare) caps="IMAP4rev1 SASL-IR LOGIN-REFERRALS ID NAMESPACE UNSELECT CHILDREN LITERAL+" ;;
	*) fail "no such dress: $dress" ;;
	esac
	S=$T/server
	MAIL=$S/home/Maildir
	mkdir -p "$S/home/Maildir"
	[ -f "$T/server.pem" ] || certificate server "DNS:localhost,IP:127.0.0.1"
	for try in 1 2 3 4 5; do
		IMAP_PORT=$(free_port)
		IMAPS_PORT=$(free_port)
		server_config "$caps" > "$S/dovecot.conf"
		if [ -n "$RUN_AS_ROOT" ]; then
			chmod 755 "$T" "$S"
			chown -R "$MAIL_USER" "$S/home"
		fi
		dovecot -F -c "$S/dovecot.conf" 2>> "$T/dovecot.out" &
		SERVER_PID=$!
		server_wait && return
		kill "$SERVER_PID" 2>/dev/null || true
		wait "$SERVER_PID" 2>/dev/null || true
	done
	cat "$T/dovecot.out" "$T/dovecot.log" >&2 || true
	fail "Dovecot does not start"
}

# Dovecot 2.4 has other names for much, and wants to be told that this is known.
case $(dovecot --version 2> /dev/null) in
2.[0-3].*) DOVECOT=2.3 ;;
*) DOVECOT=2.4 ;;
esac

server_config() { # CAPABILITIES
	local caps=$1 user=$MAIL_USER group=
	group=$(id -gn "$MAIL_USER")
	cat <<-EOF
		$([ "$DOVECOT" = 2.3 ] || printf 'dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n')
		base_dir = $S/run
		state_dir = $S/state
		log_path = $T/dovecot.log
		listen = 127.0.0.1
		ssl = yes
		auth_mechanisms = ${AUTH_MECHANISMS:-plain login}
		maildir_copy_with_hardlinks = yes
		mail_fsync = never
		first_valid_uid = 1
		last_valid_uid = 0
		default_internal_user = $([ -n "$RUN_AS_ROOT" ] && echo dovecot || echo "$user")
		default_login_user = $([ -n "$RUN_AS_ROOT" ] && echo dovenull || echo "$user")
		default_internal_group = $([ -n "$RUN_AS_ROOT" ] && echo dovecot || id -gn)
		mail_max_userip_connections = 40
		namespace inbox {
		  inbox = yes
		  separator = ${SEPARATOR:-/}
		  mailbox Trash {
		    special_use = \\Trash
		  }
		}
		service imap-login {
		  chroot =
		  process_min_avail = 1
		  $(serves 0)
		  inet_listener imap {
		    port = $IMAP_PORT
		  }
		  inet_listener imaps {
		    port = $IMAPS_PORT
		    ssl = yes
		  }
		}
		service imap {
		  process_min_avail = 1
		  $(serves 100)
		}
		service anvil {
		  chroot =
		}
		service stats {
		  chroot =
		}
		service imap-urlauth-login {
		  chroot =
		}
	EOF
	"server_config_$DOVECOT" "$user" "$group"
	[ -z "$caps" ] || echo "imap_capability = $caps"
	[ -z "${EXTRA_CONFIG:-}" ] || echo "$EXTRA_CONFIG"
}

serves() { # N: clients of one process; 0: any number
	case $DOVECOT:$1 in
	2.3:*) echo "service_count = $1" ;;
	*:0) echo "restart_request_count = unlimited" ;;
	*) echo "restart_request_count = $1" ;;
	esac
}

server_config_2.3() { # USER GROUP
	cat <<-EOF
		protocols = imap
		ssl_cert = <$T/${SERVER_CERT:-server}.pem
		ssl_key = <$T/${SERVER_CERT:-server}.key
		mail_location = maildir:~/Maildir:LAYOUT=fs:UTF-8:INBOX=~/Maildir/INBOX
		passdb {
		  driver = static
		  args = password=${PASSWORD:-secret}
		}
		userdb {
		  driver = static
		  args = uid=$1 gid=$2 home=$S/home
		}
	EOF
}

server_config_2.4() { # USER GROUP
	cat <<-EOF
		protocols = imap
		ssl_server_cert_file = $T/${SERVER_CERT:-server}.pem
		ssl_server_key_file = $T/${SERVER_CERT:-server}.key
		mail_driver = maildir
		mail_path = ~/Maildir
		mail_inbox_path = ~/Maildir/INBOX
		mailbox_list_layout = fs
		mailbox_list_utf8 = yes
		passdb static {
		  password = ${PASSWORD:-secret}
		}
		userdb static {
		  fields {
		    uid = $1
		    gid = $2
		    home = $S/home
		  }
		}
	EOF
}

server_wait() {
	local i
	for i in $(seq 100); do
		kill -0 "$SERVER_PID" 2>/dev/null || return 1
		if (exec 3<>"/dev/tcp/127.0.0.1/$IMAPS_PORT") 2>/dev/null; then
			sleep 0.05 # one listener may be there, and another one fail
			kill -0 "$SERVER_PID" 2>/dev/null || return 1
			return 0
		fi
		sleep 0.05 # until the socket is there
	done
	return 1
}

server_stop() {
	[ -z "${SERVER_PID:-}" ] || { kill "$SERVER_PID" 2>/dev/null || true; wait "$SERVER_PID" 2>/dev/null || true; }
	SERVER_PID=
}

server_restart() {
	server_stop
	server_start "$@"
}

# doveadm on the private server, as the user
adm() {
	doveadm -c "$S/dovecot.conf" "$@" 2>> "$T/doveadm.err"
}

# deliver FOLDER FILE [FLAGS]: puts a message on the server, as a delivery would
deliver() {
	local folder=$1 file=$2 flags=${3:-} name
	name=$(date +%s).M${RANDOM}${RANDOM}P$$.test
	mkdir -p "$MAIL/$folder"/{cur,new,tmp}
	cp "$file" "$MAIL/$folder/tmp/$name" # or the server might give it out half written
	if [ -n "$flags" ]; then
		mv "$MAIL/$folder/tmp/$name" "$MAIL/$folder/cur/$name:2,$flags"
	else
		mv "$MAIL/$folder/tmp/$name" "$MAIL/$folder/new/$name"
	fi
	server_own
}

server_own() {
	[ -z "$RUN_AS_ROOT" ] || chown -R "$MAIL_USER" "$MAIL"
}

# write_config [LINES]: an account "test" over TLS into $T/mail, with further lines in it.  SANDBOX=no: for what is
# loaded into godwit and has files of its own (tools/powerlog.c).
write_config() {
	grep '[^ ]' > "$T/config" <<-EOF
		state-dir = "$T/state"
		${SANDBOX:+sandbox = $SANDBOX}
		account "test" {
		  host = "localhost"
		  port = ${CLIENT_PORT:-$IMAPS_PORT}
		  tls-ca-file = "$T/ca.pem"
		  user = "me"
		  password-command = "echo secret"
		  maildir = "$T/mail"
		  ${1:-}
		}
	EOF
}

# With LATE_CLOCK=1 no directory's stamps ever prove anything (tools/lateclock.c): as on the fastest machine.
godwit() {
	[ -z "${LATE_CLOCK:-}" ] || local -x LD_PRELOAD=$TOOLS/tests/liblateclock.so \
		ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0
	"$GODWIT" -c "$T/config" "$@" 2> "$T/err"
}

# What lasts is reported by every run: MAY_SAY is a pattern for what may be, and then the status is 1.
may_say() {
	{ grep '^godwit: test: ' "$T/err"; grep '"event":"problem"' "$T/out"; } > "$T/said"
	[ -n "${MAY_SAY:-}" ] && [ -s "$T/said" ] && ! grep -qvE "$MAY_SAY" "$T/said"
}
sync_ok() {
	local status=0
	godwit sync "$@" > "$T/out" || status=$?
	[ $status = 0 ] || { [ $status = 1 ] && may_say; } || fail "sync exited with $status: $(tail -1 "$T/out")"
}

# Both sides as sorted lines "folder, flags and keywords, SHA-256"
list_both() {
	"$TOOLS/mdlist" "$MAIL" | sort > "$T/there"
	"$TOOLS/mdlist" "$T/mail" | sort > "$T/here"
}

assert_equal() {
	list_both
	cmp -s "$T/there" "$T/here" || {
		diff "$T/there" "$T/here" | head -10 >&2
		fail "${1:-the two sides differ}"
	}
}

# json COUNT: from the last line of a `sync --json`
json() {
	read_json "$1"
	printf '%s' "$VALUE"
}
read_json() { # KEY: likewise, into VALUE, without another process
	VALUE=
	mapfile -t < "$T/out"
	[ ${#MAPFILE[@]} != 0 ] && [[ ${MAPFILE[-1]} =~ .*\"$1\":([0-9]*) ]] && VALUE=${BASH_REMATCH[1]}
	return 0
}

# expect_counts NAME=NUMBER...: of the last `sync --json`
expect_counts() {
	local pair
	for pair in "$@"; do
		read_json "${pair%%=*}"
		[ "$VALUE" = "${pair#*=}" ] || fail "${pair%%=*} is $VALUE, not ${pair#*=}: $(tail -1 "$T/out")"
	done
}

# fresh DRESS: an empty server in this dress, no Maildir, no state
fresh() {
	DRESS=$1
	server_stop
	rm -rf "$T/mail" "$T/state" "$T/server/home"
	mkdir -p "$T/server/home/Maildir"
	MAIL=$T/server/home/Maildir
}

# count_there FOLDER, count_here FOLDER: messages
count_there() {
	adm search -u me mailbox "$1" all | wc -l
}
count_here() {
	find "$T/mail/$1/cur" "$T/mail/$1/new" -type f 2> /dev/null | wc -l
}

# nth FOLDER N: the path of its N-th file
nth() {
	find "$T/mail/$1/cur" "$T/mail/$1/new" -type f | sort | sed -n "$2p"
}

# rename_files PERL FILE...: each gets the name that the expression makes of $_; a pattern without files is none
rename_files() {
	perl -e 'my $change = shift; foreach (@ARGV) { my $old = $_; next unless -e $old; eval $change; die $@ if $@;
		rename $old, $_ or die "$old: $!" }' "$@"
}

# save FILE FOLDER: as mutt saves a message: a copy under a name of its own; the old one stays
SAVED=0
save() {
	SAVED=$((SAVED + 1))
	cp "$1" "$T/mail/$2/tmp/saved" && mv "$T/mail/$2/tmp/saved" "$T/mail/$2/cur/17000000$SAVED.1_$SAVED.host:2,S"
}

# proxy_start ARG...: a proxy before the TLS port; its port is PROXY_PORT
proxy_start() {
	: > "$T/proxy.out"
	"$TOOLS/proxy" "$IMAPS_PORT" "$@" > "$T/proxy.out" &
	PROXY_PID=$!
	PIDS="$PIDS $PROXY_PID"
	while [ ! -s "$T/proxy.out" ]; do
		kill -0 "$PROXY_PID" || fail "the proxy does not start"
		sleep 0.01 # until it has printed its port
	done
	PROXY_PORT=$(head -1 "$T/proxy.out")
}

# Ends it; PROXY_COUNTS is what it counted.
proxy_stop() {
	kill "$PROXY_PID" 2>/dev/null || true
	wait "$PROXY_PID" 2>/dev/null || true
	PROXY_COUNTS=$(tail -1 "$T/proxy.out")
}

# killed_at KINDS N ARG...: a sync that kills itself before its N-th operation of these kinds (see
# tools/powerlog.c); its exit status, 137 if it was killed
killed_at() {
	local kinds=$1 at=$2 status=0
	shift 2
	POWER_KINDS=$kinds POWER_AT=$at LD_PRELOAD=$TOOLS/tests/libpowerlog.so \
		ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 \
		"$GODWIT" -c "$T/config" sync -q "$@" > "$T/out" 2> "$T/err" || status=$?
	return $status
}

# failing_at ERRNO KINDS N: likewise, but from there on such operations fail with this error
failing_at() {
	local error=$1 status=0
	shift
	POWER_ERROR=$error killed_at "$@" || status=$?
	return $status
}

# new_uidvalidity FOLDER: Dovecot numbers everything in it anew
new_uidvalidity() {
	server_stop
	rm -f "$MAIL/$1"/dovecot-uidlist "$MAIL/$1"/dovecot.index*
	sleep 1.1 # its UIDVALIDITY is a time in seconds
	server_start "${DRESS:-full}"
	write_config
}
