/* SPDX-License-Identifier: ISC */
/* tests/gmail/serve.c - see serve.h. */
#include "serve.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *settings_path;

void settings_from(const char *path)
{
	settings_path = path;
}

bool setting(const char *name, char *value, size_t size)
{
	FILE *f = fopen(settings_path, "r");
	char line[300];
	size_t n = strlen(name);
	bool found = false;

	while (f != NULL && fgets(line, sizeof line, f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, name, n) != 0 || (line[n] != '\0' && line[n] != '='))
			continue;
		found = true;
		if (value != NULL)
			snprintf(value, size, "%s", line[n] == '=' ? line + n + 1 : "");
	}
	if (f != NULL)
		fclose(f);
	return found;
}

long number(const char *name, long otherwise)
{
	char value[300];

	if (!setting(name, value, sizeof value))
		return otherwise;
	return value[0] == '\0' ? 1 : strtol(value, NULL, 10);
}

int serve(uv_connection_cb on_connection)
{
	uv_loop_t *loop = uv_default_loop();
	uv_tcp_t listener;
	struct sockaddr_in address;
	int size = sizeof address;

	signal(SIGPIPE, SIG_IGN); /* a client that is gone is its own business */
	uv_ip4_addr("127.0.0.1", 0, &address);
	uv_tcp_init(loop, &listener);
	uv_tcp_bind(&listener, (struct sockaddr *)&address, 0);
	if (uv_listen((uv_stream_t *)&listener, 64, on_connection) != 0)
		return 1;
	uv_tcp_getsockname(&listener, (struct sockaddr *)&address, &size);
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
	return uv_run(loop, UV_RUN_DEFAULT);
}
