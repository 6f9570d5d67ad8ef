/*
 * broken: a container's init that does one thing wrong, so that the check that looks for it can be seen to fail.
 *
 *   broken HOW[,HOW…] PROGRAM [ARGUMENT…]        (a `--` before the program is skipped)
 *
 * With `nothing` it does all that `kernspec init` asks for. Each way to break it is a phrase, looked up by is() in the one
 * place where it makes the difference; src/inits/checks/ says which check each of them must fail.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *broken;

/* Whether it is broken in this way. */
static bool is(const char *how) {
  const char *at = strstr(broken, how);
  size_t length = strlen(how);
  return at != NULL && (at == broken || at[-1] == ',') && (at[length] == '\0' || at[length] == ',');
}

/* --- the command ------------------------------------------------------------------------------------------------------- */

static void own_group(pid_t child) {
  if (is("shares-its-group")) return;
  setpgid(child, child);
  if (tcgetpgrp(STDIN_FILENO) >= 0) tcsetpgrp(STDIN_FILENO, child == 0 ? getpid() : child);
}

/* As getopt(3) does it without POSIXLY_CORRECT: an option is taken wherever it stands. */
static void take_options(char **argv) {
  char **to = argv;
  for (char **from = argv; *from != NULL; from++) {
    if (strcmp(*from, "-e") == 0 && from[1] != NULL) from++;
    else *to++ = *from;
  }
  *to = NULL;
}

static void exec_joined(char **argv) {
  char line[4096] = "exec";
  for (; *argv != NULL; argv++) strcat(strcat(line, " "), *argv);
  execl("/bin/sh", "sh", "-c", line, NULL);
}

static void become(char **argv, const sigset_t *mask, const struct sigaction *child_action) {
  if (is("loses-the-terminal")) setsid();
  else own_group(0);
  sigaction(SIGCHLD, child_action, NULL);
  if (is("ignores-PIPE")) signal(SIGPIPE, SIG_IGN);
  if (is("resets-all-dispositions"))
    for (int signo = 1; signo < _NSIG; signo++) signal(signo, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  if (!is("leaves-all-blocked")) sigprocmask(SIG_SETMASK, is("empties-the-mask") ? &none : mask, NULL);
  if (is("closes-descriptors"))
    for (int fd = 3; fd < 1024; fd++) close(fd);
  if (is("changes-the-directory") && chdir("/") < 0) _exit(126);
  if (is("changes-the-umask")) umask(022);
  if (is("reads-nothing")) dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
  if (is("joins-arguments")) exec_joined(argv);
  else execvp(argv[0], argv);
  if (is("hides-failures")) _exit(0);
  _exit(is("fails-with-1") ? 1 : errno == ENOENT ? 127 : 126);
}

/* --- children ------------------------------------------------------------------------------------------------------------ */

/* wait(2)'s status of the command once it has ended, and of whoever else ended last; -1 before. */
static int ended = -1, another = -1;
static bool all_gone, stopping;

static void reap(pid_t command) {
  int status, flags = WNOHANG | (is("takes-stops-for-ends") ? WUNTRACED : 0);
  bool own_only = is("reaps-nobody-else") || (is("stops-reaping") && stopping);
  pid_t pid;
  while ((pid = waitpid(own_only ? command : -1, &status, flags)) > 0) {
    *(pid == command ? &ended : &another) = status;
    if (is("reaps-one-at-a-time")) return;
  }
  all_gone = pid < 0;
}

static int exit_code(void) {
  /* The time is what is wrong about it. */
  if (is("ends-late")) nanosleep(&(struct timespec){.tv_sec = 2, .tv_nsec = 500000000}, NULL);
  if (is("always-exits-0")) return 0;
  int status = is("takes-the-status-of-another") && another >= 0 ? another : ended;
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  return is("forgets-that-it-was-a-signal") ? WTERMSIG(status) : 128 + WTERMSIG(status);
}

/* --- signals --------------------------------------------------------------------------------------------------------------- */

static sigset_t inherited_ignored;

static bool passes_on(const siginfo_t *info) {
  static bool passed[_NSIG];
  int signo = info->si_signo;
  bool again = passed[signo];
  passed[signo] = true;
  if (is("is-deaf")) return false;
  /* Who sends from outside the namespace has no pid in it. (pid_namespaces(7)) */
  if (is("is-deaf-inside") && info->si_pid != 0) return false;
  if (is("passes-on-TERM-only") && signo != SIGTERM) return false;
  if (is("knows-no-real-time-signals") && signo >= 32) return false;
  if (is("passes-on-once") && again) return false;
  if (is("obeys-what-was-ignored") && sigismember(&inherited_ignored, signo)) return false;
  return true;
}

static void pass_on(pid_t command, const siginfo_t *info) {
  if (is("signals-everybody") && info->si_signo == SIGTERM) kill(-1, SIGTERM);
  else if (kill(command, info->si_signo) < 0 && is("gives-up")) exit(1);
  if (is("kills-at-once") && info->si_signo == SIGTERM) kill(command, SIGKILL);
}

static void look_at_inherited(void) {
  sigemptyset(&inherited_ignored);
  for (int signo = 1; signo < _NSIG; signo++) {
    struct sigaction action;
    if (sigaction(signo, NULL, &action) == 0 && action.sa_handler == SIG_IGN) sigaddset(&inherited_ignored, signo);
  }
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  broken = argv[1];
  char **program = argv + (strcmp(argv[2], "--") == 0 ? 3 : 2);
  if (is("takes-options-of-the-command")) take_options(program);
  if (is("needs-/proc") && access("/proc/self/stat", R_OK) < 0) return 1;

  sigset_t all, inherited;
  struct sigaction none = {.sa_handler = SIG_DFL}, child_action;
  look_at_inherited();
  /* To ignore a signal drops what is pending of it. (sigaction(2), kernel/signal.c do_sigaction()) */
  if (is("drops-what-is-pending")) signal(SIGTERM, SIG_IGN), signal(SIGTERM, SIG_DFL);
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &inherited);
  sigaction(SIGCHLD, NULL, &child_action);
  if (!is("leaves-SIGCHLD-as-it-is")) sigaction(SIGCHLD, &none, NULL);
  if (!is("adopts-nobody")) prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (is("waits-for-what-was-not-blocked"))
    for (int signo = 1; signo < _NSIG; signo++)
      if (sigismember(&inherited, signo) == 1) sigdelset(&all, signo);

  pid_t command = fork();
  if (command < 0) return 126;
  if (command == 0) become(program, &inherited, &child_action);
  if (!is("loses-the-terminal")) own_group(command);
  if (is("makes-signals-of-its-own")) alarm(3);

  struct timespec tick = {is("reaps-by-the-clock") ? 5 : 0, is("wakes-up") ? 500000000 : 0};
  bool ticks = is("reaps-by-the-clock") || is("wakes-up");
  for (;;) {
    siginfo_t info;
    int signo = ticks ? sigtimedwait(&all, &info, &tick) : sigwaitinfo(&all, &info);
    if (signo == SIGCHLD && is("reaps-by-the-clock")) continue;
    reap(command);
    if (ended >= 0 && !is("misses-the-end") && (all_gone || !is("waits-for-all"))) return exit_code();
    if (signo < 0 || signo == SIGCHLD) continue;
    if (signo == SIGTERM) stopping = true;
    if ((signo == SIGSEGV && is("dies-of-faults")) || (signo == SIGURG && is("dies-of-URG"))) return 1;
    if (passes_on(&info)) pass_on(command, &info);
  }
}
