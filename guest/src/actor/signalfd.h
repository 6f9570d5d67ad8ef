/* signalfd(2): a descriptor that signals are read from. */
#ifndef KERNSPEC_ACTOR_SIGNALFD_H
#define KERNSPEC_ACTOR_SIGNALFD_H

#include "blocking.h"
#include <sys/signalfd.h>

/* signalfd FD FLAGS SIG…: a new descriptor (FD -1), or another mask for one that is there; `> NAME` keeps it */
static void do_signalfd(char **words, int count, char *block) {
  (void)block;
  uint64_t set = signal_set(words, 3, count);
  report(words, count, syscall(SYS_signalfd4, (int)value_of(words[1]), &set, sizeof set, (int)value_of(words[2])));
}

/* read-signals FD N: one read(2) of up to N signalfd_siginfo, an event for each, `USR1 SI_USER from parent`; `end` closes them */
static void do_read_signals(char **words, int count, char *block) {
  (void)block;
  struct signalfd_siginfo got[16];
  size_t wanted = (size_t)value_of(words[2]);
  if (wanted > sizeof got / sizeof *got) die("too many at once", words[2]);
  ssize_t length = read((int)value_of(words[1]), got, wanted * sizeof *got);
  if (length < 0) {
    report(words, count, -1);
    return;
  }
  for (size_t i = 0; i < (size_t)length / sizeof *got; i++) {
    siginfo_t info;
    struct line line;
    char text[256] = "";
    memset(&info, 0, sizeof info);
    info.si_signo = (int)got[i].ssi_signo;
    info.si_code = got[i].ssi_code;
    info.si_pid = (pid_t)got[i].ssi_pid;
    info.si_uid = got[i].ssi_uid;
    /* Status, value and the rest share memory in siginfo_t. */
    if (info.si_signo == SIGCHLD && info.si_code > 0)
      info.si_status = got[i].ssi_status;
    else
      info.si_value.sival_int = got[i].ssi_int;
    append_signal(text, sizeof text, info.si_signo);
    append(text, sizeof text, " ");
    append_origin(text, sizeof text, &info);
    open_report(&line, words, count);
    line_number(&line, "result", 1);
    line_string(&line, "text", text);
    add_siginfo(&line, &info);
    event_close(&line);
  }
  if (length == 0) report(words, count, 0);
}

static const struct verb signalfd_verbs[] = {
    {"signalfd", 4, false, do_signalfd},
    {"read-signals", 3, false, do_read_signals},
};

#endif
