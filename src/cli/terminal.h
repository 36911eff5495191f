/* SPDX-License-Identifier: ISC */
/* cli/terminal.h - a question to the person at the terminal, and the line that is typed. */
#pragma once

#include "godwit/error.h"

#include <signal.h>
#include <stddef.h>

/* Holds Ctrl-C, hang-up and SIGTERM back until the next question, which they end, so that the
 * caller can undo what was begun.  A loop that handles SIGINT itself lets it in while it runs. */
void terminal_hold_signals(void);
void terminal_let_in(sigset_t *before);
void terminal_shut(const sigset_t *before);

/* True if stderr is a terminal on which lines can be redrawn. */
bool terminal_draws(void);

/* Prints prompt and reads one line, without its end and the blanks around it.  Nothing of what is
 * typed behind it is taken.  GW_ERR_CANCELLED: the input ended, or Ctrl-C, a hang-up or SIGTERM
 * came, which end the question and not the program.  GW_ERR_LIMIT: the line does not fit; it is
 * gone. */
enum gw_code terminal_ask(const char *prompt, char *line, size_t size, struct gw_error *err);
