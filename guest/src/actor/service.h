/* A service as an init starts one: it takes every signal as it comes, says so, and ends when it is asked to. */
#ifndef KERNSPEC_ACTOR_SERVICE_H
#define KERNSPEC_ACTOR_SERVICE_H

#include "signals.h"

/*
 * serve [exit N] [stop SIG] [ignoring N] [grace MS]: blocks everything, says `ready`, then reports each signal. After so many
 * that it does not mind, the stop signal (TERM) makes it work for another MS, say `graceful-done`, and exit. What is blocked is
 * kept even where it was inherited ignored, so that what is not reported was not sent. (sigwaitinfo(2), sig_ignored())
 */
static void do_serve(char **words, int count, char *block) {
  (void)block;
  int stop = SIGTERM;
  long code = 0, patience = 0, grace = 0;
  for (int i = 1; i + 1 < count; i += 2) {
    if (strcmp(words[i], "exit") == 0) code = value_of(words[i + 1]);
    else if (strcmp(words[i], "stop") == 0) stop = signal_word(words[i + 1]);
    else if (strcmp(words[i], "ignoring") == 0) patience = value_of(words[i + 1]);
    else if (strcmp(words[i], "grace") == 0) grace = value_of(words[i + 1]);
    else die("serve knows no", words[i]);
  }
  /*
   * It takes each signal before the sender can send another: two of a kind that are pending are one. It is not served first
   * where it may not ask for it: without CAP_SYS_NICE. (sched(7))
   */
  struct sched_param first = {.sched_priority = 2};
  sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &first);
  uint64_t all = ~0ULL;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, sizeof all);
  struct line line;
  event_open(&line, "ready");
  event_close(&line);
  gate_open(event_who);
  for (;;) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    if (syscall(SYS_rt_sigtimedwait, &all, &info, NULL, sizeof all) < 0) continue;
    char text[256] = "", name[16] = "";
    append_signal(name, sizeof name, info.si_signo);
    append_origin(text, sizeof text, &info);
    event_open(&line, "signal");
    line_string(&line, "about", name);
    line_string(&line, "text", text);
    add_siginfo(&line, &info);
    event_close(&line);
    if (info.si_signo != stop || patience-- > 0) continue;
    struct timespec left = {grace / 1000, grace % 1000 * 1000000};
    nanosleep(&left, NULL);
    event_open(&line, "graceful-done");
    event_close(&line);
    _exit((int)code);
  }
}

static const struct verb service_verbs[] = {{"serve", 1, false, do_serve}};

#endif
