# SPDX-License-Identifier: ISC
# tests/bench/disk.sh - a journalled ext4 of one's own to measure on (root); to be sourced, behind tests/integration/lib.sh.

# disk_make DIR: makes DIR, and mounts an image at it
disk_make() {
	truncate -s 6G "$T/image"
	mkfs.ext4 -q "$T/image"
	mkdir "$1"
	# Direct, so that the image's own pages do not count as somebody else's dirty data.
	LOOP=$(losetup --direct-io=on --show -f "$T/image")
	mount "$LOOP" "$1"
}
disk_drop() { # DIR
	umount "$1"
	losetup -d "$LOOP"
}
