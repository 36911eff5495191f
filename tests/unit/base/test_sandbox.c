/* SPDX-License-Identifier: ISC */
/* tests/unit/base/test_sandbox.c - what a confined process can do, tried from inside: each attempt in a process of its
 * own that confines itself first.
 */
#include "base/landlock.h"
#include "base/sanitized.h"
#include "base/syscalls.h"
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

struct world {
	char dir[64], mail[100], state[100], config[100], secret[100];
	int listener; /* of somebody else, on the loopback */
	unsigned short port;
};

/* 0: it succeeded; else its errno. */
typedef int attempt(const struct world *w);

enum { CONFINING_FAILED = 200 };

static int result(long rc)
{
	return rc < 0 ? errno : 0;
}

static int confined(const struct world *w, attempt *try)
{
	struct gw_landlock_path places[] = { { (char *)(uintptr_t)w->mail, true },
		{ (char *)(uintptr_t)w->state, true }, { (char *)(uintptr_t)w->config, false },
		{ (char[]){ "/etc" }, false }, { (char[]){ "/usr" }, false },
		{ (char[]){ "/lib" }, false }, { (char[]){ "/not/there" }, true } };
	struct gw_error err = { 0 };
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (gw_landlock_version() > 0 &&
			gw_landlock_enter(places, sizeof places / sizeof *places, &err) != GW_OK)
			_exit(CONFINING_FAILED);
		if (gw_syscalls_supported() && gw_syscalls_forbid(false, &err) != GW_OK)
			_exit(CONFINING_FAILED);
		_exit(try(w));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int write_to(const char *dir, const char *name)
{
	char path[200];
	int fd;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* --- files ------------------------------------------------------------------------------------ */

static int reads_config(const struct world *w)
{
	return result(open(w->config, O_RDONLY));
}

static int writes_config(const struct world *w)
{
	return result(open(w->config, O_WRONLY));
}

static int truncates_config(const struct world *w)
{
	return result(truncate(w->config, 0));
}

static int removes_config(const struct world *w)
{
	return result(unlink(w->config));
}

static int writes_mail(const struct world *w)
{
	return write_to(w->mail, "new-one");
}

static int moves_mail(const struct world *w)
{
	char from[200], to[200];
	int rc = write_to(w->mail, "moved");

	snprintf(from, sizeof from, "%s/moved", w->mail);
	snprintf(to, sizeof to, "%s/attic", w->state);
	return rc != 0 ? rc : result(rename(from, to));
}

static int moves_mail_out(const struct world *w)
{
	char from[200], to[200];
	int rc = write_to(w->mail, "leaves");

	snprintf(from, sizeof from, "%s/leaves", w->mail);
	snprintf(to, sizeof to, "%s/left", w->dir);
	return rc != 0 ? rc : result(rename(from, to));
}

static int links_secret_in(const struct world *w)
{
	char to[200];

	snprintf(to, sizeof to, "%s/linked", w->mail);
	return result(link(w->secret, to));
}

static int makes_link(const struct world *w)
{
	char to[200];

	snprintf(to, sizeof to, "%s/symbolic", w->mail);
	return result(symlink("/etc/passwd", to));
}

static int makes_pipe(const struct world *w)
{
	char path[200];

	snprintf(path, sizeof path, "%s/pipe", w->mail);
	return result(mkfifo(path, 0600));
}

static int reads_secret(const struct world *w)
{
	return result(open(w->secret, O_RDONLY));
}

static int lists_home(const struct world *w)
{
	return result(open(w->dir, O_RDONLY | O_DIRECTORY));
}

static int writes_beside(const struct world *w)
{
	return write_to(w->dir, ".bashrc");
}

static int climbs(const struct world *w)
{
	char path[200];

	snprintf(path, sizeof path, "%s/../secret", w->mail);
	return result(open(path, O_RDONLY));
}

static void only_its_files(void **state)
{
	const struct world *w = *state;

	if (gw_landlock_version() == 0)
		skip();
	assert_int_equal(confined(w, reads_config), 0);
	assert_int_equal(confined(w, writes_config), EACCES);
	assert_int_equal(confined(w, truncates_config), gw_landlock_version() < 3 ? 0 : EACCES);
	assert_int_equal(confined(w, removes_config), EACCES);
	assert_int_equal(confined(w, writes_mail), 0);
	assert_int_equal(confined(w, moves_mail), 0);
	assert_int_not_equal(confined(w, moves_mail_out), 0);
	assert_int_not_equal(confined(w, links_secret_in), 0);
	assert_int_equal(confined(w, makes_link), EACCES);
	assert_int_equal(confined(w, makes_pipe), EACCES);
	assert_int_equal(confined(w, reads_secret), EACCES);
	assert_int_equal(confined(w, lists_home), EACCES);
	assert_int_equal(confined(w, writes_beside), EACCES);
	assert_int_equal(confined(w, climbs), EACCES);
}

/* --- programs and processes ------------------------------------------------------------------- */

static int executes(const struct world *w)
{
	char *args[] = { (char[]){ "true" }, NULL };

	(void)w;
	return result(execve("/usr/bin/true", args, NULL));
}

static int forks(const struct world *w)
{
	pid_t pid = fork();

	(void)w;
	if (pid == 0)
		_exit(0);
	return result(pid);
}

static void *nothing(void *arg)
{
	return arg;
}

static int has_threads(const struct world *w)
{
	pthread_t thread;
	int rc = pthread_create(&thread, NULL, nothing, NULL);

	(void)w;
	return rc != 0 ? rc : pthread_join(thread, NULL);
}

static int signals_parent(const struct world *w)
{
	(void)w;
	return result(kill(getppid(), 0));
}

static int signals_itself(const struct world *w)
{
	(void)w;
	return result(kill(getpid(), 0) | raise(SIGCONT));
}

static int traces(const struct world *w)
{
	(void)w;
	return result(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}

static int reads_memory(const struct world *w)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { (void *)(uintptr_t)w, 1 };

	return result(process_vm_readv(getppid(), &here, 1, &there, 1, 0));
}

static int limits_parent(const struct world *w)
{
	struct rlimit limit;

	(void)w;
	return result(prlimit(getppid(), RLIMIT_NOFILE, NULL, &limit));
}

static int limits_itself(const struct world *w)
{
	struct rlimit limit;

	(void)w;
	return result(getrlimit(RLIMIT_NOFILE, &limit));
}

static int signals_a_thread(const struct world *w)
{
	(void)w;
	return result(syscall(SYS_tkill, getppid(), 0));
}

/* The kernel sends SIGIO, or what was chosen, to whom the descriptor was given. */
static int has_signals_sent(const struct world *w)
{
	int pair[2];

	(void)w;
	return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0
		       ? CONFINING_FAILED
		       : result(fcntl(pair[0], F_SETOWN, getppid()) |
				 fcntl(pair[0], F_SETSIG, SIGKILL));
}

static int has_signals_sent_by_ioctl(const struct world *w)
{
	int pair[2], parent = getppid();

	(void)w;
	return socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0
		       ? CONFINING_FAILED
		       : result(ioctl(pair[0], FIOSETOWN, &parent));
}

static int slows_parent(const struct world *w)
{
	(void)w;
	return result(setpriority(PRIO_PROCESS, (id_t)getppid(), 19));
}

static int shows_itself(const struct world *w)
{
	(void)w;
	return result(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

static int outlives_its_keeper(const struct world *w)
{
	(void)w;
	return result(prctl(PR_SET_PDEATHSIG, 0));
}

static int shares_memory(const struct world *w)
{
	(void)w;
	return result(shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600));
}

static void no_programs(void **state)
{
	const struct world *w = *state;

	if (!gw_syscalls_supported())
		skip();
	assert_int_equal(confined(w, has_threads), 0);
	assert_int_equal(confined(w, signals_itself), 0);
	assert_int_equal(confined(w, limits_itself), 0);
	assert_int_equal(confined(w, reads_memory), EPERM);
	assert_int_equal(confined(w, limits_parent), EPERM);
	assert_int_equal(confined(w, signals_a_thread), EPERM);
	assert_int_equal(confined(w, has_signals_sent), EPERM);
	assert_int_equal(confined(w, has_signals_sent_by_ioctl), EPERM);
	assert_int_equal(confined(w, slows_parent), EPERM);
	assert_int_equal(confined(w, shares_memory), EPERM);
	if (GW_SANITIZED) /* it does these itself */
		return;
	assert_int_equal(confined(w, executes), EPERM);
	assert_int_equal(confined(w, forks), EPERM);
	assert_int_equal(confined(w, signals_parent), EPERM);
	assert_int_equal(confined(w, traces), EPERM);
	assert_int_equal(confined(w, shows_itself), EPERM);
	assert_int_equal(confined(w, outlives_its_keeper), EPERM);
}

/* --- files that Landlock does not ask about ----------------------------------------------------- */

static int lets_others_read(const struct world *w)
{
	return result(chmod(w->secret, 0644));
}

static int gives_attributes(const struct world *w)
{
	return result(setxattr(w->secret, "user.mine", "1", 1, 0));
}

static int turns_back_time(const struct world *w)
{
	const struct timespec times[2] = { { 1, 0 }, { 1, 0 } };

	return result(utimensat(AT_FDCWD, w->secret, times, 0));
}

static int times_its_own(const struct world *w)
{
	const struct timespec times[2] = { { 1, 0 }, { 1, 0 } };
	char path[200];
	int fd;

	snprintf(path, sizeof path, "%s/timed", w->mail);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	return fd < 0 ? CONFINING_FAILED : result(futimens(fd, times) | fchmod(fd, 0600));
}

static void no_attributes(void **state)
{
	const struct world *w = *state;

	if (!gw_syscalls_supported())
		skip();
	assert_int_equal(confined(w, lets_others_read), EPERM);
	assert_int_equal(confined(w, gives_attributes), EPERM);
	assert_int_equal(confined(w, turns_back_time), EPERM);
	assert_int_equal(confined(w, times_its_own), 0);
}

/* --- the kernel ------------------------------------------------------------------------------- */

static int unshares(const struct world *w)
{
	(void)w;
	return result(unshare(CLONE_NEWUSER));
}

static int mounts(const struct world *w)
{
	return result(syscall(SYS_mount, "none", w->mail, "tmpfs", 0, NULL));
}

static int has_rings(const struct world *w)
{
	char parameters[120] = { 0 };

	(void)w;
	return result(syscall(425, 1, parameters)); /* io_uring_setup */
}

static int has_keys(const struct world *w)
{
	(void)w;
	return result(syscall(SYS_keyctl, 0, -3, 0)); /* KEYCTL_GET_KEYRING_ID of the session's */
}

static int becomes_another(const struct world *w)
{
	(void)w;
	return result(setresuid(getuid(), getuid(), getuid()));
}

static int types(const struct world *w)
{
	(void)w;
	return result(ioctl(STDIN_FILENO, TIOCSTI, "x"));
}

static int writes_code(const struct world *w)
{
	void *p = mmap(
		NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)w;
	return p == MAP_FAILED ? errno : 0;
}

static int turns_into_code(const struct world *w)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)w;
	return p == MAP_FAILED ? CONFINING_FAILED
			       : result(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int keeps_code_in_memory(const struct world *w)
{
	(void)w;
	return result(memfd_create("x", 0));
}

static int has_a_new_line_discipline(const struct world *w)
{
	int n = 0;

	(void)w;
	return result(ioctl(STDIN_FILENO, TIOCSETD, &n));
}

#ifdef __x86_64__
/* The same kernel by the calls of 32 bits: getpid() is 20 there. */
static int calls_by_other_numbers(const struct world *w)
{
	long rc;

	(void)w;
	__asm__ volatile("int $0x80" : "=a"(rc) : "a"(20L) : "memory", "r8", "r9", "r10", "r11");
	return (int)rc < 0 ? -(int)rc : 0;
}

static int calls_by_x32(const struct world *w)
{
	(void)w;
	return result(syscall(0x40000000L | SYS_getpid));
}
#endif

static void little_kernel(void **state)
{
	const struct world *w = *state;

	if (!gw_syscalls_supported())
		skip();
	assert_int_equal(confined(w, unshares), EPERM);
	assert_int_equal(confined(w, mounts), EPERM);
	assert_int_equal(confined(w, has_rings), EPERM);
	assert_int_equal(confined(w, has_keys), EPERM);
	assert_int_equal(confined(w, becomes_another), EPERM);
	assert_int_equal(confined(w, types), EPERM);
	assert_int_equal(confined(w, has_a_new_line_discipline), EPERM);
#ifdef __x86_64__
	assert_int_equal(confined(w, calls_by_other_numbers), ENOSYS);
	assert_int_equal(confined(w, calls_by_x32), ENOSYS);
#endif
	if (GW_SANITIZED)
		return;
	assert_int_equal(confined(w, keeps_code_in_memory), EPERM);
	assert_int_equal(confined(w, writes_code), EPERM);
	assert_int_equal(confined(w, turns_into_code), EPERM);
}

/* --- the network ------------------------------------------------------------------------------ */

static int connects(const struct world *w)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = w->port,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return result(fd < 0 ? fd : connect(fd, (struct sockaddr *)&to, sizeof to));
}

static int resolves(const struct world *w)
{
	struct addrinfo *list;

	(void)w;
	return getaddrinfo("localhost", "993", NULL, &list) == 0 ? 0 : 1;
}

static int listens(const struct world *w)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)w;
	return result(fd < 0 ? fd : bind(fd, (struct sockaddr *)&at, sizeof at));
}

/* At an address that the kernel finds. */
static int listens_anywhere(const struct world *w)
{
	(void)w;
	return result(listen(socket(AF_INET, SOCK_STREAM, 0), 1));
}

static int sniffs(const struct world *w)
{
	(void)w;
	return result(socket(AF_PACKET, SOCK_RAW, 0));
}

static int loads_a_protocol(const struct world *w)
{
	(void)w;
	return result(socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP));
}

static int loads_a_kind(const struct world *w)
{
	(void)w;
	return result(socket(AF_INET6, SOCK_SEQPACKET, 0));
}

static int asks_of_sockets(const struct world *w)
{
	(void)w;
	return result(socket(AF_NETLINK, SOCK_RAW, 4)); /* NETLINK_SOCK_DIAG */
}

static int asks_of_networks(const struct world *w)
{
	(void)w;
	return result(socket(AF_NETLINK, SOCK_RAW, 0) |
		      socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0) |
		      socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) | socket(AF_UNIX, SOCK_DGRAM, 0));
}

static void clients_only(void **state)
{
	const struct world *w = *state;

	assert_int_equal(confined(w, connects), 0);
	assert_int_equal(confined(w, resolves), 0);
	if (gw_syscalls_supported())
		assert_int_equal(confined(w, sniffs), EAFNOSUPPORT);
	if (gw_syscalls_supported()) {
		assert_int_equal(confined(w, listens_anywhere), EPERM);
		assert_int_equal(confined(w, loads_a_protocol), EAFNOSUPPORT);
		assert_int_equal(confined(w, loads_a_kind), EAFNOSUPPORT);
		assert_int_equal(confined(w, asks_of_sockets), EAFNOSUPPORT);
		assert_int_equal(confined(w, asks_of_networks), 0);
	}
	if (gw_landlock_version() >= 4 && !GW_SANITIZED)
		assert_int_equal(confined(w, listens), EACCES);
}

/* ---------------------------------------------------------------------------------------------- */

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof at;

	strcpy(w->dir, "/tmp/test_sandbox.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->mail, sizeof w->mail, "%s/mail", w->dir);
	snprintf(w->state, sizeof w->state, "%s/state", w->dir);
	snprintf(w->config, sizeof w->config, "%s/config", w->dir);
	snprintf(w->secret, sizeof w->secret, "%s/secret", w->dir);
	assert_int_equal(mkdir(w->mail, 0700) | mkdir(w->state, 0700), 0);
	assert_int_equal(write_to(w->dir, "config") | write_to(w->dir, "secret"), 0);
	w->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(w->listener, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(w->listener, 4), 0);
	getsockname(w->listener, (struct sockaddr *)&at, &n);
	w->port = at.sin_port;
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	char command[100];

	close(w->listener);
	snprintf(command, sizeof command, "rm -rf %s", w->dir);
	assert_int_equal(system(command), 0);
	free(w);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(only_its_files, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_programs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_attributes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(little_kernel, set_up, tear_down),
		cmocka_unit_test_setup_teardown(clients_only, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
