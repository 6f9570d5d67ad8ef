/* The machine's PID 1 once it is up: it waits for every orphan, so that none stays a zombie, and does nothing else. */
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>

int main(void) {
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  /* Blocked, so that one that comes between the two calls is kept. (signal(7)) */
  sigprocmask(SIG_BLOCK, &child, NULL);
  for (;;) {
    while (waitpid(-1, NULL, WNOHANG) > 0) continue;
    sigwaitinfo(&child, NULL);
  }
}
