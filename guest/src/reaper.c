/*
 * The machine's PID 1 once it is up: it waits for every orphan, so that none stays a zombie. For claims about the real
 * PID 1 it makes room: on SIGRTMAX it executes /run/next-init.
 */
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
  sigset_t awaited, none;
  sigemptyset(&none);
  sigemptyset(&awaited);
  sigaddset(&awaited, SIGCHLD);
  sigaddset(&awaited, SIGRTMAX);
  /* Blocked, so that one that comes between the two calls is kept. (signal(7)) */
  sigprocmask(SIG_BLOCK, &awaited, NULL);
  for (;;) {
    while (waitpid(-1, NULL, WNOHANG) > 0) continue;
    if (sigwaitinfo(&awaited, NULL) != SIGRTMAX) continue;
    sigprocmask(SIG_SETMASK, &none, NULL);
    execl("/run/next-init", "init", (char *)NULL);
    sigprocmask(SIG_BLOCK, &awaited, NULL);
  }
}
