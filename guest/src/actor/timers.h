/* Timers: timer_create(2), setitimer(2). */
#ifndef KERNSPEC_ACTOR_TIMERS_H
#define KERNSPEC_ACTOR_TIMERS_H

#include "signals.h"
#include <fcntl.h>
#include <sys/time.h>

/* What every timer of ours gives its signals. */
#define TIMER_VALUE 4711

/* timer-create SIG [CLOCK] > NAME: of CLOCK_MONOTONIC; by the raw call: the C library's id is not the kernel's */
static void do_timer_create(char **words, int count, char *block) {
  (void)block;
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = signal_word(words[1]), .sigev_value.sival_int = TIMER_VALUE};
  int id = 0;
  const char *name = result_name;
  result_name = NULL;
  long clock = count > 2 ? value_of(words[2]) : CLOCK_MONOTONIC;
  long result = syscall(SYS_timer_create, clock, &event, &id);
  if (result == 0 && name != NULL) set_variable(name, id);
  report(words, count, result);
}

/* timer-set ID FIRST PERIOD: milliseconds */
static void do_timer_set(char **words, int count, char *block) {
  (void)block;
  long first = value_of(words[2]), period = value_of(words[3]);
  struct itimerspec times = {
      .it_value = {first / 1000, first % 1000 * 1000000},
      .it_interval = {period / 1000, period % 1000 * 1000000},
  };
  report(words, count, syscall(SYS_timer_settime, value_of(words[1]), 0, &times, NULL));
}

static void do_timer_delete(char **words, int count, char *block) {
  (void)block;
  report(words, count, syscall(SYS_timer_delete, value_of(words[1])));
}

/* overran: whether the last SI_TIMER signal that was accepted stood for more than one expiry */
static void do_overran(char **words, int count, char *block) {
  (void)block;
  report_text(words, count, accepted_overrun > 0 ? "yes" : "no");
}

/* real|virtual|prof */
static int itimer_word(const char *word) {
  return strcmp(word, "virtual") == 0 ? ITIMER_VIRTUAL : strcmp(word, "prof") == 0 ? ITIMER_PROF : ITIMER_REAL;
}

/* itimer MS [virtual|prof]: ITIMER_REAL, once, or one of those that count the process's processor time */
static void do_itimer(char **words, int count, char *block) {
  (void)block;
  long ms = value_of(words[1]);
  struct itimerval times = {.it_value = {ms / 1000, ms % 1000 * 1000}};
  report(words, count, setitimer(itimer_word(count > 2 ? words[2] : "real"), &times, NULL));
}

/* itimer-every MS: ITIMER_REAL that goes on expiring */
static void do_itimer_every(char **words, int count, char *block) {
  (void)block;
  long ms = value_of(words[1]);
  struct timeval period = {ms / 1000, ms % 1000 * 1000};
  struct itimerval times = {.it_value = period, .it_interval = period};
  report(words, count, setitimer(ITIMER_REAL, &times, NULL));
}

static bool itimer_left(int which) {
  struct itimerval times;
  getitimer(which, &times);
  return times.it_value.tv_sec != 0 || times.it_value.tv_usec != 0;
}

/*
 * itimer-end: looks until ITIMER_REAL has expired, as the harness has a deadline for it. Less than a microsecond is told as none:
 * what is none has to be none a little later, too. (kernel/time/itimer.c, itimer_get_remtime())
 */
static void do_itimer_end(char **words, int count, char *block) {
  (void)block;
  do {
    while (itimer_left(ITIMER_REAL)) continue;
    for (int64_t until = monotonic_ns() + 2000; monotonic_ns() < until;) continue;
  } while (itimer_left(ITIMER_REAL));
  report(words, count, 0);
}

/* itimer-left [virtual|prof]: whether ITIMER_REAL, or that one, still has time to go */
static void do_itimer_left(char **words, int count, char *block) {
  (void)block;
  report_text(words, count, itimer_left(itimer_word(count > 1 ? words[1] : "real")) ? "some" : "none");
}

/* cpu-ms N [user|system]: computes until this thread has had so much of the processor; nearly all of it in that mode */
static void do_cpu_ms(char **words, int count, char *block) {
  (void)block;
  static char memory[1 << 18];
  bool user = count > 2 && strcmp(words[2], "user") == 0;
  int zeros = count > 2 && !user ? open("/dev/zero", O_RDONLY | O_CLOEXEC) : -1;
  struct timespec now;
  long wanted = value_of(words[1]);
  do {
    for (volatile int i = 0; user && i < 100000; i++) continue;
    if (zeros >= 0 && read(zeros, memory, sizeof memory) < 0) die("read", error_name(errno));
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  } while (now.tv_sec * 1000 + now.tv_nsec / 1000000 < wanted);
  if (zeros >= 0) close(zeros);
  report(words, count, 0);
}

/* cpu-runs SIG N: computes until the handler of a signal has run so often, in whatever thread */
static void do_cpu_runs(char **words, int count, char *block) {
  (void)block;
  int signo = signal_word(words[1]);
  long wanted = value_of(words[2]);
  while (reactions[signo].runs < wanted) continue;
  report(words, count, 0);
}

/* until-pending SIG: looks until the signal is pending, as the harness has a deadline for it */
static void do_until_pending(char **words, int count, char *block) {
  (void)block;
  uint64_t wanted = signal_set(words, 1, count), set = 0;
  do syscall(SYS_rt_sigpending, &set, sizeof set);
  while ((set & wanted) != wanted);
  report(words, count, 0);
}

static const struct verb timer_verbs[] = {
    {"timer-create", 2, false, do_timer_create}, {"timer-set", 4, false, do_timer_set},
    {"timer-delete", 2, false, do_timer_delete}, {"overran", 1, false, do_overran},
    {"itimer-every", 2, false, do_itimer_every}, {"itimer", 2, false, do_itimer},             {"itimer-left", 1, false, do_itimer_left},
    {"itimer-end", 1, false, do_itimer_end}, {"cpu-ms", 2, false, do_cpu_ms},             {"until-pending", 2, false, do_until_pending},
    {"cpu-runs", 3, false, do_cpu_runs},
};

#endif
