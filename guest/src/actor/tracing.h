/* What a tracer reads and writes that is more than a number: siginfo_t and masks. (ptrace(2)) */
#ifndef KERNSPEC_ACTOR_TRACING_H
#define KERNSPEC_ACTOR_TRACING_H

#include <sys/ptrace.h>

#include "signals.h"

static void report_siginfo(char **words, int count, const siginfo_t *info) {
  char text[256] = "";
  append_signal(text, sizeof text, info->si_signo);
  append(text, sizeof text, " ");
  append_origin(text, sizeof text, info);
  report_text(words, count, text);
}

/* stop-info TRACEE: the signal that it has stopped for. (PTRACE_GETSIGINFO) */
static void do_stop_info(char **words, int count, char *block) {
  (void)block;
  siginfo_t info;
  if (syscall(SYS_ptrace, PTRACE_GETSIGINFO, value_of(words[1]), 0, &info) < 0) report(words, count, -1);
  else report_siginfo(words, count, &info);
}

/* set-stop-info TRACEE SIG VALUE: it will find that this one was queued by sigqueue(3). (PTRACE_SETSIGINFO) */
static void do_set_stop_info(char **words, int count, char *block) {
  (void)block;
  siginfo_t info;
  memset(&info, 0, sizeof info);
  info.si_signo = signal_word(words[2]);
  info.si_code = SI_QUEUE;
  info.si_pid = (pid_t)value_of(words[1]);
  info.si_value.sival_int = (int)value_of(words[3]);
  report(words, count, syscall(SYS_ptrace, PTRACE_SETSIGINFO, value_of(words[1]), 0, &info));
}

/* peek TRACEE own|shared: the queued signals of the thread, or of the process, oldest first. (PTRACE_PEEKSIGINFO) */
static void do_peek(char **words, int count, char *block) {
  (void)block;
  siginfo_t infos[8];
  struct __ptrace_peeksiginfo_args which = {.nr = 8};
  if (strcmp(words[2], "shared") == 0) which.flags = PTRACE_PEEKSIGINFO_SHARED;
  long found = syscall(SYS_ptrace, PTRACE_PEEKSIGINFO, value_of(words[1]), &which, infos);
  if (found < 0) {
    report(words, count, -1);
    return;
  }
  char text[400] = "";
  for (long i = 0; i < found; i++) {
    if (i > 0) append(text, sizeof text, ", ");
    append_signal(text, sizeof text, infos[i].si_signo);
    append(text, sizeof text, " ");
    append_origin(text, sizeof text, &infos[i]);
  }
  report_text(words, count, found == 0 ? "none" : text);
}

/* tracee-mask TRACEE · set-tracee-mask TRACEE SIG…: PTRACE_GETSIGMASK · PTRACE_SETSIGMASK */
static void do_tracee_mask(char **words, int count, char *block) {
  (void)block;
  uint64_t mask = 0;
  if (syscall(SYS_ptrace, PTRACE_GETSIGMASK, value_of(words[1]), sizeof mask, &mask) < 0) {
    report(words, count, -1);
    return;
  }
  char text[400] = "";
  append_signals(text, sizeof text, mask);
  report_text(words, count, text);
}

static void do_set_tracee_mask(char **words, int count, char *block) {
  (void)block;
  uint64_t mask = 0;
  for (int i = 2; i < count; i++) mask |= 1ULL << (signal_word(words[i]) - 1);
  report(words, count, syscall(SYS_ptrace, PTRACE_SETSIGMASK, value_of(words[1]), sizeof mask, &mask));
}

/* event-message TRACEE > NAME: what belongs to the event that it has stopped for: a pid, a word of status. (PTRACE_GETEVENTMSG) */
static void do_event_message(char **words, int count, char *block) {
  (void)block;
  unsigned long message = 0;
  long result = syscall(SYS_ptrace, PTRACE_GETEVENTMSG, value_of(words[1]), 0, &message);
  report(words, count, result < 0 ? -1 : (long)message);
}

/* syscall-stop TRACEE: whether it has stopped at the entry or the exit of a call, or otherwise. (PTRACE_GET_SYSCALL_INFO) */
static void do_syscall_stop(char **words, int count, char *block) {
  (void)block;
  uint8_t info[88] = {0};
  long result = syscall(SYS_ptrace, 0x420e, value_of(words[1]), sizeof info, info);
  if (result < 0) report(words, count, -1);
  else report_text(words, count, info[0] == 1 ? "entry" : info[0] == 2 ? "exit" : info[0] == 3 ? "seccomp" : "none");
}

static const struct verb tracing_verbs[] = {
    {"event-message", 2, false, do_event_message}, {"syscall-stop", 2, false, do_syscall_stop},
    {"stop-info", 2, false, do_stop_info},     {"set-stop-info", 4, false, do_set_stop_info},
    {"peek", 3, false, do_peek},               {"tracee-mask", 2, false, do_tracee_mask},
    {"set-tracee-mask", 2, false, do_set_tracee_mask},
};

#endif
