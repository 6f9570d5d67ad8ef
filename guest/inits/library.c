/*
 * library: an application with a reaper within itself, as some get one from a library, broken or not.
 *
 *   library HOW PROGRAM [ARGUMENT…]
 *
 * Runs the program for each number from 0 to 199, which is its last argument, one after the other, and prints a line
 * `NUMBER STATUS` for each; `lost` stands for a status that somebody else has taken. Then it goes on reaping for ever.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *broken;

static bool is(const char *how) { return strcmp(broken, how) == 0; }

static sigset_t child_signals, inherited;

/* The reaper: what has ended and is not the application's own. WNOWAIT looks at a status and leaves it. (waitid(2)) */
static void reap(pid_t own) {
  for (;;) {
    siginfo_t info = {.si_pid = 0};
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0) return;
    /* Others behind it come next time: the application takes its own at once. */
    if (info.si_pid == own && !is("takes-every-status")) return;
    waitpid(info.si_pid, NULL, 0);
  }
}

/* The application: runs one program and waits for it, whatever else ends meanwhile. */
static void run(char **argv, char **last, int number) {
  char text[16];
  snprintf(text, sizeof text, "%d", number);
  *last = text;
  pid_t child = fork();
  if (child == 0) {
    sigprocmask(SIG_SETMASK, &inherited, NULL);
    execvp(argv[0], argv);
    _exit(127);
  }
  for (;;) {
    int status;
    sigwaitinfo(&child_signals, NULL);
    reap(child);
    pid_t ended = waitpid(child, &status, WNOHANG);
    if (ended == 0) continue;
    if (ended < 0) printf("%d lost\n", number);
    else printf("%d %d\n", number, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return;
  }
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  broken = argv[1];
  char *program[argc];
  for (int i = 2; i < argc; i++) program[i - 2] = argv[i];
  program[argc - 1] = NULL;

  setvbuf(stdout, NULL, _IOLBF, 0);
  sigemptyset(&child_signals);
  sigaddset(&child_signals, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child_signals, &inherited);
  for (int number = 0; number < 200; number++) run(program, &program[argc - 2], number);
  for (;;) {
    reap(0);
    sigwaitinfo(&child_signals, NULL);
  }
}
