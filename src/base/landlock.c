/* SPDX-License-Identifier: ISC */
/* base/landlock.c - see landlock.h.
 *
 * The numbers are those of linux/landlock.h, which the oldest system that this is built on has in part only.
 */
#include "base/landlock.h"

#ifdef __linux__
#include "base/sanitized.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { /* the same on every architecture */
	CREATE_RULESET = 444,
	ADD_RULE = 445,
	RESTRICT_SELF = 446
};

enum {
	ASK_VERSION = 1,
	PATH_BENEATH = 1,
	USEFUL = 2 /* 1 lets nothing be renamed to another directory */
};

enum {
	EXECUTE = 1 << 0,
	WRITE_FILE = 1 << 1,
	READ_FILE = 1 << 2,
	READ_DIR = 1 << 3,
	REMOVE_DIR = 1 << 4,
	REMOVE_FILE = 1 << 5,
	MAKE_CHAR = 1 << 6,
	MAKE_DIR = 1 << 7,
	MAKE_REG = 1 << 8,
	MAKE_SOCK = 1 << 9,
	MAKE_FIFO = 1 << 10,
	MAKE_BLOCK = 1 << 11,
	MAKE_SYM = 1 << 12,
	REFER = 1 << 13,    /* version 2 */
	TRUNCATE = 1 << 14, /* 3 */
	IOCTL_DEV = 1 << 15 /* 5 */
};
enum { BIND_TCP = 1 << 0 };                              /* 4 */
enum { SCOPE_ABSTRACT = 1 << 0, SCOPE_SIGNAL = 1 << 1 }; /* 6 */

enum {
	READ = READ_FILE | READ_DIR,
	WRITE = READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SOCK |
		REFER | TRUNCATE,
	OF_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
};

struct ruleset {
	uint64_t files, network, scope;
};

struct rule {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

unsigned gw_landlock_version(void)
{
	long version = syscall(CREATE_RULESET, NULL, 0, ASK_VERSION);

	return version < USEFUL ? 0 : (unsigned)version;
}

static struct ruleset all(unsigned version)
{
	struct ruleset r = { .files = EXECUTE | WRITE | MAKE_CHAR | MAKE_FIFO | MAKE_BLOCK |
				      MAKE_SYM };

	if (version < 3)
		r.files &= ~(uint64_t)TRUNCATE;
	if (version >= 5)
		r.files |= IOCTL_DEV;
	if (version >= 4)
		r.network = BIND_TCP;
	if (version >= 6)
		r.scope = SCOPE_ABSTRACT | SCOPE_SIGNAL;
	if (GW_SANITIZED) /* its report is made by a program that it starts */
		r = (struct ruleset){ .files = r.files & ~(uint64_t)EXECUTE };
	return r;
}

static enum gw_code add(
	int set, const struct ruleset *handled, const char *path, bool write, struct gw_error *err)
{
	struct rule rule = { .allowed = write ? WRITE : READ };
	enum gw_code code = GW_OK;
	struct stat st;
	int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0) /* nor will we be able to open it */
		return GW_OK;
	if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed &= OF_A_FILE;
	rule.allowed &= handled->files;
	rule.fd = fd;
	if (syscall(ADD_RULE, set, PATH_BENEATH, &rule, 0) != 0)
		code = gw_fail_sys(err, GW_ERR_SECURITY, errno, "Landlock does not take %s", path);
	if (strncmp(path, "/proc/", 6) != 0) /* where a node is made anew once nobody has it open */
		close(fd);
	return code;
}

enum gw_code gw_landlock_enter(
	const struct gw_landlock_path *places, size_t count, struct gw_error *err)
{
	struct ruleset handled = all(gw_landlock_version());
	int set = (int)syscall(CREATE_RULESET, &handled, sizeof handled, 0);
	enum gw_code code = GW_OK;

	if (set < 0)
		return gw_fail_sys(err, GW_ERR_SECURITY, errno, "no Landlock");
	for (size_t i = 0; i < count && code == GW_OK; i++)
		code = add(set, &handled, places[i].path, places[i].write, err);
	if (GW_SANITIZED && code == GW_OK) /* names of functions are looked up in the program */
		code = add(set, &handled, "/proc", false, err);
	if (GW_SANITIZED && code == GW_OK)
		code = add(set, &handled, "/proc/self/exe", false, err);
	if (code == GW_OK && syscall(RESTRICT_SELF, set, 0) != 0)
		code = gw_fail_sys(err, GW_ERR_SECURITY, errno, "no Landlock");
	close(set);
	return code;
}
#else
unsigned gw_landlock_version(void)
{
	return 0;
}

enum gw_code gw_landlock_enter(
	const struct gw_landlock_path *places, size_t count, struct gw_error *err)
{
	(void)places, (void)count;
	return gw_fail(err, GW_ERR_SECURITY, "this system has no Landlock");
}
#endif
