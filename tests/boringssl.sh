#!/bin/sh
# SPDX-License-Identifier: ISC
# boringssl.sh BUILD-DIR INCLUDE-DIR - every <openssl/...> is BoringSSL's: a layer that does not name it in src/CMakeLists.txt
# takes OpenSSL's header of that name where one is installed, and does not build where none is.
set -eu
[ -e "$1/build.ninja" ] || { echo "no ninja, no list of what was included" && exit 77; }
others=$(ninja -C "$1" -t deps | awk -v own="$2/openssl/" '
	/^[^ ].*: #deps/ { object = $1 }
	/^ .*\/openssl\/[a-z0-9_]*\.h$/ && substr($1, 1, length(own)) != own { print object, $1 }' | sort -u)
[ -z "$others" ] || { echo "not BoringSSL's:"; echo "$others"; exit 1; }
