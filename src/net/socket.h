/* SPDX-License-Identifier: ISC */
/* net/socket.h - what a system tells and takes of a connected socket beyond POSIX.
 *
 * Implemented twice: socket_linux.c and socket_portable.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A TCP connection whose other end is silent or gone is given up about then; where the system cannot be
 * told so, its own defaults hold. */
void gw_socket_give_up_after(int fd, unsigned ms);

/* Bytes that were handed to the system and that the other end has not acknowledged; 0: not known. */
size_t gw_socket_unacked(int fd);

/* Is the process at the other end of a local socket one of the same user? */
bool gw_socket_peer_is_us(int fd);
