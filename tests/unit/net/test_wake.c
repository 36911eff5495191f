/* SPDX-License-Identifier: ISC */
/* net/wake: a network of our own, in which addresses come and go.  Skipped where the system does
 * not let us have one. */
#include "net/delay.h"
#include "net/wake.h"
#include "test.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

struct fixture {
	uv_loop_t loop;
	struct gw_wake *wake;
	struct gw_delay *patience;
	unsigned told;
};

static void on_wake(void *ctx)
{
	struct fixture *f = ctx;

	f->told++;
	uv_stop(&f->loop);
}

static void on_patience(void *ctx)
{
	struct fixture *f = ctx;

	f->patience = NULL;
	uv_stop(&f->loop);
}

/* Until it tells, or until it would have told. */
static void run(struct fixture *f, bool expected)
{
	gw_delay_start(&f->loop, expected ? 20000 : 1500, on_patience, f, &f->patience);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	gw_delay_cancel(&f->patience);
}

static void set_address(const char *interface, const char *text)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_flags = 0 };
	struct sockaddr_in address = { .sin_family = AF_INET };

	assert_true(fd >= 0);
	snprintf(request.ifr_name, sizeof request.ifr_name, "%s", interface);
	assert_int_equal(inet_pton(AF_INET, text, &address.sin_addr), 1);
	memcpy(&request.ifr_addr, &address, sizeof address);
	assert_int_equal(ioctl(fd, SIOCSIFADDR, &request), 0);
	request.ifr_flags = IFF_UP;
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	close(fd);
}

static void tells_of_another_network(void **state)
{
	struct fixture f = { .told = 0 };

	(void)state;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		skip();
	uv_loop_init(&f.loop);
	assert_int_equal(gw_wake_start(&f.loop, on_wake, &f, &f.wake), GW_OK);
	set_address("lo", "10.1.1.1");
	run(&f, true);
	assert_int_equal(f.told, 1);
	set_address("lo:1", "127.0.0.2"); /* told by the kernel, and no way out */
	run(&f, false);
	assert_int_equal(f.told, 1);
	set_address("lo", "10.1.1.2");
	run(&f, true);
	assert_int_equal(f.told, 2);
	gw_wake_stop(f.wake);
	uv_run(&f.loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f.loop), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(tells_of_another_network) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
