/* The child's side: it becomes the init. */
#ifndef KERNSPEC_CONTAIN_CHILD_H
#define KERNSPEC_CONTAIN_CHILD_H

#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "../witness.h"
#include "container.h"

static void drop_capabilities(void) {
  if (!wanted.cap_boot) prctl(PR_CAPBSET_DROP, CAP_SYS_BOOT);
  if (wanted.no_caps)
    for (int capability = 0; capability <= CAP_LAST_CAP; capability++) prctl(PR_CAPBSET_DROP, capability);
}

static void be_odd(void) {
  struct rlimit limit = {333, 444};
  umask(027);
  setrlimit(RLIMIT_NOFILE, &limit);
  setpriority(PRIO_PROCESS, 0, 5);
  int fd = open("/proc/self/oom_score_adj", O_WRONLY);
  if (fd >= 0) dprintf(fd, "300"), close(fd);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* Of all the orders in which a scheduler may let a parent and its child run, always the same. */
static void run_ahead(void) {
  struct sched_param lowest = {.sched_priority = 1};
  if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &lowest) < 0) _exit(121);
}

static void set_signals(void) {
  uint64_t blocked = wanted.blocked | wanted.pending;
  reset_signals();
  for (int signo = 1; signo <= 64; signo++)
    if (wanted.ignored >> (signo - 1) & 1) signal(signo, SIG_IGN);
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &blocked, NULL, sizeof blocked);
  for (int signo = 1; signo <= 64; signo++)
    if (wanted.pending >> (signo - 1) & 1) kill(getpid(), signo);
}

/* Standard input: a terminal, a text, or nothing. */
static int open_input(void) {
  int ends[2];
  if (wanted.tty) {
    char name[64];
    if (ptsname_r(state.terminal, name, sizeof name) != 0) _exit(124);
    int slave = open(name, O_RDWR);
    ioctl(slave, TIOCSCTTY, 0);
    return slave;
  }
  if (wanted.input == NULL) return open("/dev/null", O_RDONLY);
  if (pipe(ends) < 0 || write(ends[1], wanted.input, strlen(wanted.input)) < 0) _exit(124);
  close(ends[1]);
  return ends[0];
}

static void become_init(int output, int errors, int ready, int go, int failed) {
  char byte;
  setsid();
  if (strcmp(wanted.root, "/") != 0 && (chroot(wanted.root) < 0 || chdir("/") < 0)) _exit(122);
  if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL) < 0) _exit(122);
  /* Before anybody takes our end for that of the init. */
  if (wanted.ahead) run_ahead();
  if (write(ready, "!", 1) != 1 || read(go, &byte, 1) != 1) _exit(123);
  if (wanted.odd) be_odd();
  if (wanted.no_proc && mount("none", "/proc", "tmpfs", MS_RDONLY, NULL) < 0) _exit(122);
  int input = open_input();
  /* The end that says whether exec(2) has worked must be out of the way of what the init is given. */
  failed = fcntl(failed, F_DUPFD_CLOEXEC, 200);
  dup2(input, STDIN_FILENO);
  dup2(wanted.tty ? input : output, STDOUT_FILENO);
  dup2(wanted.tty ? input : errors, STDERR_FILENO);
  for (int fd = 3; fd < 200; fd++) close(fd);
  if (wanted.fd >= 0) dup2(STDIN_FILENO, wanted.fd);
  drop_capabilities();
  int error = 0;
  if (chdir(wanted.cwd) < 0) error = errno;
  if (wanted.uid != 0 && (setgroups(0, NULL) < 0 || setresgid((gid_t)wanted.uid, (gid_t)wanted.uid, (gid_t)wanted.uid) < 0 ||
                          setresuid((uid_t)wanted.uid, (uid_t)wanted.uid, (uid_t)wanted.uid) < 0))
    error = errno;
  set_signals();
  if (error == 0) {
    execvp(wanted.argv[0], wanted.argv);
    error = errno;
  }
  if (write(failed, &error, sizeof error) < 0) _exit(126);
  _exit(127);
}

#endif
