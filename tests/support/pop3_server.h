/* SPDX-License-Identifier: ISC */
/* tests/support/pop3_server.h - a pop3d (tests/pop3) of a test's own, in a directory of its own. */
#pragma once

#include "test.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct pop3_server {
	char dir[64];
	pid_t pid;
	unsigned port;
};

/* A file below the server's directory. */
static inline void pop3_server_put(const struct pop3_server *s, const char *name, const char *text)
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", s->dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* Returns when it listens. */
static inline void pop3_server_start(struct pop3_server *s, const char *program)
{
	char path[128], text[16] = "";
	FILE *f;

	strcpy(s->dir, "/tmp/godwit-pop3-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	s->pid = fork();
	if (s->pid == 0) {
		execl(program, program, s->dir, (char *)NULL);
		_exit(127);
	}
	snprintf(path, sizeof path, "%s/port", s->dir);
	while ((f = fopen(path, "r")) == NULL)
		usleep(1000);
	assert_non_null(fgets(text, sizeof text, f));
	fclose(f);
	s->port = (unsigned)atoi(text);
}

/* Takes the directory away, too. */
static inline int pop3_server_stop(const struct pop3_server *s)
{
	char command[100];

	kill(s->pid, SIGTERM);
	waitpid(s->pid, NULL, 0);
	snprintf(command, sizeof command, "rm -rf %s", s->dir);
	return system(command);
}
