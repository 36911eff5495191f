#!/bin/sh
# SPDX-License-Identifier: ISC
# tests/portable.sh SRC [LIBRARY OBJECT...] - fails if what only Linux has is used outside of the files NAME_linux.c, or if
# one of these has no NAME_portable.c beside it; of a portable build, if LIBRARY or OBJECTS call such a thing.
# What confines a process has no counterpart elsewhere: its files say so by #ifdef, and are left out.
src=$1 status=0
bad() { # WHAT WHERE
	[ -z "$2" ] || { printf '%s:\n%s\n' "$1" "$2"; status=1; }
}
confining='/(landlock|syscalls|keeper|sandbox|runner|main)\.[ch]$'
elsewhere=$(find "$src" -name '*.[ch]' ! -name '*_linux.c' | grep -vE "$confining")
headers='linux/|asm/|sys/(inotify|fanotify|timerfd|signalfd|eventfd|epoll|sendfile|prctl|vfs|sysinfo|syscall|capability|xattr)\.h|malloc\.h|error\.h|features\.h'
# shellcheck disable=SC2086
bad "a header that only Linux has" "$(grep -nE "^[[:space:]]*#[[:space:]]*include[[:space:]]*<($headers)" $elsewhere)"
# shellcheck disable=SC2086
bad "a file that only Linux has" "$(grep -nE '"/(proc|sys)/' $elsewhere)"
# shellcheck disable=SC2086
bad "a constant that only Linux has" "$(grep -nwE 'RENAME_(NOREPLACE|EXCHANGE)|O_(PATH|TMPFILE)|SO_PEERCRED|TCP_USER_TIMEOUT|SIOCOUTQ|CLOCK_BOOTTIME|AF_NETLINK|FICLONE' $elsewhere)"
for f in $(find "$src" -name '*_linux.c'); do
	[ -e "${f%_linux.c}_portable.c" ] || bad "no portable file beside" "$f"
done
calls='inotify_.*|fanotify_.*|timerfd_.*|signalfd|eventfd.*|epoll_.*|syncfs|sync_file_range|renameat2|statx|statfs|fstatfs|sendfile|splice|tee|vmsplice
copy_file_range|fallocate|memfd_create|getrandom|prctl|getdents64|syscall|ioctl_ficlone|unshare|setns|gettid|tgkill|sysinfo|getauxval|secure_getenv|process_.*
mremap|name_to_handle_at|open_by_handle_at|program_invocation_.*|canonicalize_file_name|get_current_dir_name|euidaccess|error|mallinfo.*|malloc_trim'
calls=$(printf '%s' "$calls" | tr '\n' '|')
shift
[ $# = 0 ] || bad "a call that only Linux has" "$(nm -A --undefined-only "$@" |
	grep -E " (__)?($calls)(64)?(_chk)?\$" | grep -vE '[:/](landlock|syscalls|keeper|sandbox|runner|main)\.c\.o:')"
exit $status
