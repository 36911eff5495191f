/* SPDX-License-Identifier: ISC */
/* base/syscalls.c - see syscalls.h.
 *
 * A list of what is forbidden, not of what is allowed: libc, its name service modules, libuv and SQLite choose other
 * calls with each of their versions, and a call that is missed would stop mail.  What opens files is Landlock's
 * matter.
 */
#include "base/syscalls.h"

#if defined __linux__ && \
	(defined __x86_64__ || defined __aarch64__ || (defined __riscv && __riscv_xlen == 64))
#include "base/sanitized.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined __x86_64__
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#endif

/* Of the 64-bit architectures those numbers are the same that came after 5.0; the headers may be older. */
enum {
	PIDFD_SEND_SIGNAL = 424,
	IO_URING_SETUP = 425,
	IO_URING_ENTER = 426,
	IO_URING_REGISTER = 427,
	OPEN_TREE = 428,
	MOVE_MOUNT = 429,
	FSOPEN = 430,
	FSCONFIG = 431,
	FSMOUNT = 432,
	FSPICK = 433,
	PIDFD_OPEN = 434,
	CLONE3 = 435,
	PIDFD_GETFD = 438,
	MOUNT_SETATTR = 442,
	PROCESS_MADVISE = 440,
	QUOTACTL_FD = 443,
	MEMFD_SECRET = 447,
	FCHMODAT2 = 452,
	SETXATTRAT = 463,
	REMOVEXATTRAT = 466
};

enum { FILTER_MAX = 512 };

static const int forbidden[] = {
	/* into other processes */
	SYS_process_vm_readv,
	SYS_process_vm_writev,
	SYS_kcmp,
	PIDFD_OPEN,
	PIDFD_GETFD,
	PIDFD_SEND_SIGNAL,
	SYS_rt_sigqueueinfo,
	SYS_rt_tgsigqueueinfo,
	SYS_tkill,
	SYS_move_pages,
	SYS_migrate_pages,
	PROCESS_MADVISE,
	SYS_setpriority,
	SYS_ioprio_set,
	SYS_sched_setaffinity,
	SYS_sched_setparam,
	SYS_sched_setscheduler,
	SYS_sched_setattr,
	SYS_shmget,
	SYS_shmat,
	SYS_shmctl,
	SYS_msgget,
	SYS_msgsnd,
	SYS_msgrcv,
	SYS_msgctl,
	SYS_semget,
	SYS_semop,
	SYS_semtimedop,
	SYS_semctl,
	SYS_mq_open,
	/* to files of others, which Landlock lets pass: who may do what, and when it changed */
	SYS_fchmodat,
	FCHMODAT2,
	SYS_fchownat,
	SYS_setxattr,
	SYS_lsetxattr,
	SYS_fsetxattr,
	SYS_removexattr,
	SYS_lremovexattr,
	SYS_fremovexattr,
	SETXATTRAT,
	REMOVEXATTRAT,
	SYS_fanotify_init,
#ifdef __x86_64__
	SYS_chmod,
	SYS_chown,
	SYS_lchown,
	SYS_utime,
	SYS_utimes,
	SYS_futimesat,
#endif
	/* into the kernel, which is where a way out is looked for */
	SYS_bpf,
	SYS_perf_event_open,
	SYS_userfaultfd,
	SYS_add_key,
	SYS_request_key,
	SYS_keyctl,
	IO_URING_SETUP,
	IO_URING_ENTER,
	IO_URING_REGISTER,
	SYS_init_module,
	SYS_finit_module,
	SYS_delete_module,
	SYS_kexec_load,
#ifdef SYS_kexec_file_load
	SYS_kexec_file_load,
#endif
	SYS_personality,
	SYS_quotactl,
	QUOTACTL_FD,
	SYS_acct,
	SYS_syslog,
	SYS_reboot,
	SYS_swapon,
	SYS_swapoff,
	SYS_vhangup,
	SYS_remap_file_pages,
	MEMFD_SECRET,
	/* other file systems */
	SYS_mount,
	SYS_umount2,
	SYS_pivot_root,
	SYS_chroot,
	OPEN_TREE,
	MOVE_MOUNT,
	FSOPEN,
	FSCONFIG,
	FSMOUNT,
	FSPICK,
	MOUNT_SETATTR,
	SYS_open_by_handle_at,
	SYS_unshare,
	SYS_setns,
	/* other users */
	SYS_setuid,
	SYS_setgid,
	SYS_setreuid,
	SYS_setregid,
	SYS_setresuid,
	SYS_setresgid,
	SYS_setfsuid,
	SYS_setfsgid,
	SYS_setgroups,
	SYS_capset,
	/* the machine */
	SYS_settimeofday,
	SYS_clock_settime,
	SYS_adjtimex,
	SYS_clock_adjtime,
	SYS_sethostname,
	SYS_setdomainname,
#ifdef __x86_64__
	SYS_iopl,
	SYS_ioperm,
	SYS_modify_ldt,
	SYS_uselib,
	SYS_ustat,
	SYS_sysfs,
	SYS__sysctl,
#endif
};

static const int forbidden_programs[] = {
	SYS_execve,
	SYS_execveat,
	SYS_ptrace,
#ifdef __x86_64__
	SYS_fork,
	SYS_vfork,
#endif
};

struct filter {
	struct sock_filter code[FILTER_MAX];
	unsigned short n;
};

static void put(struct filter *f, uint16_t op, uint32_t k, uint8_t yes, uint8_t no)
{
	f->code[f->n++] = (struct sock_filter)BPF_JUMP(op, k, yes, no);
}

static void load(struct filter *f, size_t offset)
{
	put(f, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void load_argument(struct filter *f, unsigned n) /* its lower half */
{
	load(f, offsetof(struct seccomp_data, args) + 8 * (size_t)n);
}

static void refuse(struct filter *f, unsigned error)
{
	put(f, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error, 0, 0);
}

static void allow(struct filter *f)
{
	put(f, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
}

static void refuse_call(struct filter *f, int number, unsigned error)
{
	put(f, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 1);
	refuse(f, error);
}

/* Refuses it if this bit, or one of these, is set in the argument. */
static void refuse_bits(struct filter *f, int number, unsigned argument, uint32_t bits)
{
	put(f, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 4);
	load_argument(f, argument);
	put(f, BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
	refuse(f, EPERM);
	allow(f);
}

/* Refuses it unless the argument is this. */
static void refuse_other(struct filter *f, int number, unsigned argument, uint32_t value)
{
	put(f, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, 4);
	load_argument(f, argument);
	put(f, BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0);
	refuse(f, EPERM);
	allow(f);
}

/* A thread is one that shares all; anything else would be a process. */
static void forbid_processes(struct filter *f)
{
	for (size_t i = 0; i < sizeof forbidden_programs / sizeof *forbidden_programs; i++)
		refuse_call(f, forbidden_programs[i], EPERM);
	refuse_call(f, CLONE3, ENOSYS); /* its flags cannot be seen; libc takes clone() then */
	put(f, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4);
	load_argument(f, 0);
	put(f, BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0);
	refuse(f, EPERM);
	allow(f);
	refuse_other(f, SYS_kill, 0, (uint32_t)getpid());
	refuse_other(f, SYS_tgkill, 0, (uint32_t)getpid());
}

/* Refuses what is asked for in an argument, if it is one of these. */
static void refuse_these(
	struct filter *f, int number, unsigned argument, const uint32_t *values, uint8_t count)
{
	put(f, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)number, 0, (uint8_t)(count + 3));
	load_argument(f, argument);
	for (uint8_t i = 0; i < count; i++)
		put(f, BPF_JMP | BPF_JEQ | BPF_K, values[i], (uint8_t)(count - i), 0);
	allow(f);
	refuse(f, EPERM);
}

/* Other families, and other protocols of these, are loaded into the kernel by whoever asks for them. */
static void forbid_sockets(struct filter *f)
{
	put(f, BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 17);
	load_argument(f, 0);
	put(f, BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 14, 0);
	put(f, BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 10, 0);
	put(f, BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 1, 0);
	put(f, BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 0, 10);
	load_argument(f, 1);
	put(f, BPF_ALU | BPF_AND | BPF_K, 0xf, 0, 0); /* without SOCK_CLOEXEC and the like */
	put(f, BPF_JMP | BPF_JEQ | BPF_K, SOCK_STREAM, 1, 0);
	put(f, BPF_JMP | BPF_JEQ | BPF_K, SOCK_DGRAM, 0, 6);
	load_argument(f, 2);
	put(f, BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_TCP, 5, 0);
	put(f, BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 4, 0);
	put(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 3, 2);
	load_argument(f, 2);
	put(f, BPF_JMP | BPF_JEQ | BPF_K, NETLINK_ROUTE, 1, 0);
	refuse(f, EAFNOSUPPORT);
	allow(f);
}

/* What is typed by us, and what becomes of the terminal; and signals that are sent for a descriptor, to any process of
 * the user and of any kind. */
static void forbid_terminal(struct filter *f)
{
	static const uint32_t requests[] = { TIOCSTI, TIOCLINUX, TIOCSETD, TIOCCONS, TIOCSCTTY,
		FIOSETOWN, SIOCSPGRP };
	static const uint32_t commands[] = { F_SETOWN, F_SETOWN_EX, F_SETSIG };

	refuse_these(f, SYS_ioctl, 1, requests, sizeof requests / sizeof *requests);
	refuse_these(f, SYS_fcntl, 1, commands, sizeof commands / sizeof *commands);
}

/* The times of what is open may be set; not those of any other file. */
static void forbid_times(struct filter *f)
{
	put(f, BPF_JMP | BPF_JEQ | BPF_K, SYS_utimensat, 0, 6);
	load_argument(f, 1);
	put(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3);
	load(f, offsetof(struct seccomp_data, args) + 8 + 4);
	put(f, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1);
	allow(f);
	refuse(f, EPERM);
}

static void forbid_code(struct filter *f)
{
	refuse_bits(f, SYS_mprotect, 2, PROT_EXEC);
	refuse_bits(f, SYS_pkey_mprotect, 2, PROT_EXEC);
	put(f, BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 0, 5);
	load_argument(f, 2);
	put(f, BPF_ALU | BPF_AND | BPF_K, PROT_WRITE | PROT_EXEC, 0, 0);
	put(f, BPF_JMP | BPF_JEQ | BPF_K, PROT_WRITE | PROT_EXEC, 0, 1);
	refuse(f, EPERM);
	allow(f);
}

/* Who looks in, and what happens when the keeper ends, is settled by then. */
static void forbid_unsettling(struct filter *f)
{
	static const uint32_t options[] = { PR_SET_DUMPABLE, PR_SET_PDEATHSIG, PR_SET_PTRACER,
		PR_SET_MM };

	refuse_these(f, SYS_prctl, 0, options, sizeof options / sizeof *options);
}

static void make_filter(struct filter *f, bool serves)
{
	load(f, offsetof(struct seccomp_data, arch));
	put(f, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
	refuse(f, ENOSYS);
	load(f, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
	put(f, BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0,
		1); /* x32: the same calls by other numbers */
	refuse(f, ENOSYS);
#endif
	for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++)
		refuse_call(f, forbidden[i], EPERM);
	refuse_other(f, SYS_prlimit64, 0, 0);
	forbid_sockets(f);
	forbid_terminal(f);
	forbid_times(f);
	if (!GW_SANITIZED) {
		refuse_call(f, SYS_memfd_create, EPERM); /* which can be run, too */
		forbid_processes(f);
		forbid_code(f);
		forbid_unsettling(f);
	}
	if (!serves) /* Landlock has bind() only, and an address is found without it */
		refuse_call(f, SYS_listen, EPERM);
	allow(f);
}

bool gw_syscalls_supported(void)
{
	return prctl(PR_GET_SECCOMP) >= 0;
}

enum gw_code gw_syscalls_forbid(bool serves, struct gw_error *err)
{
	struct filter f = { 0 };
	struct sock_fprog program = { .filter = f.code };

	make_filter(&f, serves);
	program.len = f.n;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		return gw_fail_sys(err, GW_ERR_SECURITY, errno, "no filter of system calls");
	return GW_OK;
}
#else
bool gw_syscalls_supported(void)
{
	return false;
}

enum gw_code gw_syscalls_forbid(bool serves, struct gw_error *err)
{
	(void)serves;
	return gw_fail(err, GW_ERR_SECURITY, "there is no filter of system calls for this machine");
}
#endif
