/*
 * reference: a container's init that does all that `kernspec init` asks for, and nothing else.
 *
 *   reference PROGRAM [ARGUMENT…]        (a `--` before the program is skipped)
 *
 * The three duties of PID 1: pass signals on to the program, end when it ends, and reap whoever is orphaned. What makes
 * them hard is said beside the lines that deal with it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* As shells have it: 128 + n for a death by signal n. (sh: exit status) */
static int exit_code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

/* Conventional codes for a program that cannot be executed: 127 when it is not there, 126 otherwise. (POSIX, env(1)) */
static int exit_code_of_failed_exec(int error) { return error == ENOENT || error == ENOTDIR ? 127 : 126; }

/*
 * Signals that the kernel makes for us alone: to pass on a fault that somebody sent us by kill(2) would be right, too, but
 * a fault of our own would come at once again. SIGCHLD is about our own children.
 */
static int is_ours(int signo) { return signo == SIGCHLD; }

/*
 * A group of its own, so that what the terminal sends to the foreground (^C, ^Z, a new size) comes once, from the kernel, and
 * not a second time from us; and the foreground, so that it may read. Both of us say so: whoever is first, the group stands
 * before a signal can be passed on. (setpgid(2), tcsetpgrp(3))
 */
static void own_group(pid_t child) {
  setpgid(child, child);
  /* While SIGTTOU is blocked, a background process may set the foreground group. */
  if (tcgetpgrp(STDIN_FILENO) >= 0) tcsetpgrp(STDIN_FILENO, child == 0 ? getpid() : child);
}

/* Does not return: the program, or the reason why there is none, sent through the pipe that a successful exec(2) closes. */
static void become(char **argv, const sigset_t *mask, const struct sigaction *child_action, int failed) {
  own_group(0);
  /* What we were given ignored or blocked is the program's to inherit, SIGCHLD too, whatever we need ourselves. */
  sigaction(SIGCHLD, child_action, NULL);
  sigprocmask(SIG_SETMASK, mask, NULL);
  execvp(argv[0], argv);
  int error = errno;
  dprintf(STDERR_FILENO, "reference: %s: %s\n", argv[0], strerror(error));
  if (write(failed, &error, sizeof error) < 0) _exit(126);
  _exit(exit_code_of_failed_exec(error));
}

/*
 * Takes what has ended, as often as there is something: SIGCHLD is one bit, however many children it stands for. With
 * neither WUNTRACED nor WCONTINUED, a stopped program is not taken for an ended one. (waitpid(2))
 *
 * Returns the program's status, or -1 while it lives.
 */
static int reap(pid_t program) {
  int status, result = -1;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) != 0;) {
    if (pid < 0 && errno == EINTR) continue;
    if (pid < 0) break;
    if (pid == program) result = status;
  }
  return result;
}

/* Descriptors are the program's: a copy kept here would hold pipes and sockets open. (openSUSE/catatonit#12) */
static void drop_descriptors(int keep) {
  for (int fd = 3; fd < 1024; fd++)
    if (fd != keep) close(fd);
}

int main(int argc, char **argv) {
  char **program = argv + 1;
  if (argc > 1 && strcmp(argv[1], "--") == 0) program++;
  if (*program == NULL) {
    fprintf(stderr, "usage: %s PROGRAM [ARGUMENT...]\n", argv[0]);
    return 1;
  }

  /*
   * Everything is blocked before anything else is done, and taken by sigwaitinfo(2): a blocked signal is kept even where
   * its disposition would have a PID 1 never notice it, and even where it is ignored. (kernel/signal.c, sig_ignored())
   */
  sigset_t all, inherited;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &inherited);

  /* With SIGCHLD ignored, children would vanish without a status. (waitpid(2), NOTES) */
  struct sigaction none = {.sa_handler = SIG_DFL}, child_action;
  sigaction(SIGCHLD, &none, &child_action);

  /* Where we are not PID 1, orphans come to us all the same. (PR_SET_CHILD_SUBREAPER(2const)) */
  prctl(PR_SET_CHILD_SUBREAPER, 1);

  int failed[2];
  if (pipe2(failed, O_CLOEXEC) < 0) return 126;
  pid_t child = fork();
  if (child < 0) {
    perror("reference: fork");
    return 126;
  }
  if (child == 0) {
    close(failed[0]);
    become(program, &inherited, &child_action, failed[1]);
  }
  own_group(child);
  drop_descriptors(failed[0]);

  /* From exec(2) on, signals find the program's own dispositions; before, they would find those we all start with. */
  int error = 0;
  ssize_t told = read(failed[0], &error, sizeof error);
  close(failed[0]);
  if (told > 0) return exit_code_of_failed_exec(error);

  for (;;) {
    siginfo_t info;
    int status = reap(child);
    /* The rest of the namespace is killed by the kernel when we have gone. (zap_pid_ns_processes()) */
    if (status >= 0) return exit_code_of(status);
    if (sigwaitinfo(&all, &info) < 0 || is_ours(info.si_signo)) continue;
    /* A program that has gone or has become somebody else's is no reason to end. (kill(2): ESRCH, EPERM) */
    kill(child, info.si_signo);
  }
}
