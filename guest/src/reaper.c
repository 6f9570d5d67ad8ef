/* The machine's PID 1 once it is up: it waits for every orphan, so that none stays a zombie, and does nothing else. */
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
  for (;;) {
    if (wait(NULL) < 0 && errno == ECHILD) pause();
  }
}
