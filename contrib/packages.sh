# SPDX-License-Identifier: ISC
# contrib/packages.sh - what godwit is built and tested with on Debian 12 and 13; sourced by demo and check.

BUILD_PACKAGES="cmake ninja-build gcc libc6-dev pkg-config android-libboringssl-dev libuv1-dev
	libsqlite3-dev libconfuse-dev libjansson-dev libhttp-parser-dev zlib1g-dev libidn2-dev libexpat1-dev libnotmuch-dev"
DEMO_PACKAGES="dovecot-imapd openssl libcmocka-dev"
TEST_PACKAGES="ccache clang clang-format clang-tidy cppcheck libclang-rt-dev scdoc mutt neomutt notmuch tmux strace perl sqlite3 isync offlineimap3 zsh fish
	libbsd-dev postfix dovecot-submissiond dovecot-pop3d git-email libmailtools-perl aerc mandoc man-db groff"

# Installs what is missing, as root; otherwise says what to install.
need() {
	local missing= package
	for package in "$@"; do
		dpkg-query -W -f='${Status}' "$package" 2> /dev/null | grep -q 'ok installed' ||
			missing="$missing $package"
	done
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" != 0 ]; then
		echo "These packages are missing; install them as root and run this again:" >&2
		echo "  apt-get install --no-install-recommends$missing" >&2
		exit 1
	fi
	echo "installing:$missing"
	export DEBIAN_FRONTEND=noninteractive
	apt-get -q update > /dev/null
	# shellcheck disable=SC2086
	apt-get -q -y install --no-install-recommends $missing > /dev/null
}
