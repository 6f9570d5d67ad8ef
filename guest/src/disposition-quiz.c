/*
 * The quiz of the article the project began with: ignore SIGTERM, catch it, restore its default, and send it to one's own
 * process group after each. It prints with stdio on purpose: on a terminal every line leaves at once, on a pipe they
 * stay in the buffer, and death by a signal flushes nothing. (setvbuf(3), signal(7))
 */
#include <signal.h>
#include <stdio.h>

static void caught(int signo) {
  printf("received SIGTERM\n\n");
  signal(signo, SIG_DFL);
}

int main(void) {
  signal(SIGTERM, SIG_IGN);
  printf("Ignore SIGTERM\n\n");
  kill(0, SIGTERM);

  signal(SIGTERM, caught);
  printf("Catch SIGTERM\n");
  kill(0, SIGTERM);

  printf("Default SIGTERM\n");
  kill(0, SIGTERM);
  return 0;
}
