/* SPDX-License-Identifier: ISC */
/* cli/interrupt.c - see interrupt.h. */
#include "cli/interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

enum { MOMENT_S = 2 };

/* A signal handler has no other place for these. */
static struct sigaction before_int, before_term;
static volatile sig_atomic_t times;

static void on_signal(int number)
{
	const struct sigaction *before = number == SIGINT ? &before_int : &before_term;

	if (times++ > 0)
		alarm(MOMENT_S); /* SIGALRM ends the process, unless the loop does */
	if (before->sa_handler != SIG_DFL && before->sa_handler != SIG_IGN)
		before->sa_handler(number);
}

static void chain(int number, struct sigaction *before)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	sigfillset(&action.sa_mask);
	sigaction(number, NULL, before);
	if (before->sa_handler != on_signal && before->sa_handler != SIG_DFL)
		sigaction(number, &action, NULL);
}

void interrupt_arm(void)
{
	signal(SIGALRM, SIG_DFL);
	chain(SIGINT, &before_int);
	chain(SIGTERM, &before_term);
}
