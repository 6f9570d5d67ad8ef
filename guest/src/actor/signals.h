/* Dispositions, masks, pending signals; sending and accepting: sigaction(2), sigprocmask(2), kill(2), sigwaitinfo(2). */
#ifndef KERNSPEC_ACTOR_SIGNALS_H
#define KERNSPEC_ACTOR_SIGNALS_H

#include "core.h"

/* --- siginfo ------------------------------------------------------------------------------------------------------------ */

static const struct {
  int signo; /* 0: whatever the signal */
  int code;
  const char *name;
} codes[] = {
    {SIGCHLD, 1, "CLD_EXITED"},  {SIGCHLD, 2, "CLD_KILLED"},    {SIGCHLD, 3, "CLD_DUMPED"}, {SIGCHLD, 4, "CLD_TRAPPED"},
    {SIGCHLD, 5, "CLD_STOPPED"}, {SIGCHLD, 6, "CLD_CONTINUED"}, {SIGSEGV, 1, "SEGV_MAPERR"}, {SIGSEGV, 2, "SEGV_ACCERR"},
    {SIGBUS, 2, "BUS_ADRERR"},   {SIGFPE, 1, "FPE_INTDIV"},     {SIGILL, 2, "ILL_ILLOPN"},  {SIGSYS, 1, "SYS_SECCOMP"},
    {SIGSYS, 2, "SYS_USER_DISPATCH"}, {SIGTRAP, 1, "TRAP_BRKPT"}, {SIGTRAP, 2, "TRAP_TRACE"}, {SIGTRAP, 6, "TRAP_PERF"},
    {0, 0, "SI_USER"}, {0, 128, "SI_KERNEL"}, {0, -1, "SI_QUEUE"}, {0, -2, "SI_TIMER"}, {0, -3, "SI_MESGQ"},
    {0, -4, "SI_ASYNCIO"}, {0, -5, "SI_SIGIO"}, {0, -6, "SI_TKILL"},
};

/* Where a signal came from, in words: `SI_USER from parent`, `CLD_EXITED 3 from worker`, `SI_QUEUE 5 from self`, `SI_KERNEL`. */
static void append_origin(char *text, size_t size, const siginfo_t *info) {
  /* Of a descriptor, by F_SETSIG: which one. (fcntl(2)) */
  if (info->si_code == POLL_IN && info->si_signo >= 32) {
    const char *descriptor = name_of_value(info->si_fd);
    append(text, size, "POLL_IN of ");
    append(text, size, descriptor == NULL ? "another descriptor" : descriptor);
    return;
  }
  size_t at = 0;
  while (at < sizeof codes / sizeof *codes &&
         (codes[at].code != info->si_code || (codes[at].signo != 0 && codes[at].signo != info->si_signo)))
    at++;
  if (at < sizeof codes / sizeof *codes)
    append(text, size, codes[at].name);
  else
    append_number(text, size, info->si_code);
  bool child = info->si_signo == SIGCHLD && info->si_code > 0 && info->si_code <= 6;
  if (child) append(text, size, " "), append_number(text, size, info->si_status);
  if (info->si_code > 0 && info->si_code < 128 && (info->si_signo == SIGSEGV || info->si_signo == SIGBUS)) {
    char address[32] = "";
    append_hexadecimal(address, sizeof address, (uint64_t)(uintptr_t)info->si_addr);
    append(text, size, " at ");
    append(text, size, address);
  }
  /* What the perf event was opened with; its place, for headers that are older. (include/uapi/asm-generic/siginfo.h, _perf) */
  if (info->si_signo == SIGTRAP && info->si_code == 6) {
    uint64_t data;
    memcpy(&data, (const char *)&info->si_addr + sizeof info->si_addr, sizeof data);
    append(text, size, " "), append_number(text, size, (long)data);
  }
  if (info->si_code == SI_QUEUE || info->si_code == SI_MESGQ || info->si_code == SI_TIMER)
    append(text, size, " "), append_number(text, size, info->si_value.sival_int);
  if (child || (info->si_code <= 0 && info->si_code != SI_TIMER)) {
    append(text, size, " from ");
    const char *name = name_of(info->si_pid);
    if (*name != '\0')
      append(text, size, name);
    else
      append_number(text, size, info->si_pid);
    /* Nearly everything is root's: another uid is worth a word. */
    if (info->si_uid != 0) append(text, size, " uid "), append_number(text, size, info->si_uid);
  }
}

static void add_siginfo(struct line *line, const siginfo_t *info) {
  line_number(line, "signo", info->si_signo);
  line_number(line, "code", info->si_code);
  line_number(line, "si_pid", info->si_pid);
  line_number(line, "si_uid", info->si_uid);
  if (info->si_signo == SIGCHLD) line_number(line, "si_status", info->si_status);
  if (info->si_code == SI_QUEUE || info->si_code == SI_TIMER) line_number(line, "value", info->si_value.sival_int);
  if (info->si_code == SI_TIMER) line_number(line, "overrun", info->si_overrun);
  if (info->si_signo == SIGSEGV || info->si_signo == SIGBUS) line_number(line, "address", (long)info->si_addr);
  if (info->si_signo == SIGSYS) {
    line_number(line, "syscall", info->si_syscall);
    line_number(line, "si_errno", info->si_errno);
  }
}

/* --- dispositions ------------------------------------------------------------------------------------------------------- */

/* What a handler does with its signal: with `count` it only counts, otherwise it reports and then reacts. */
enum reaction { REACT_REPORT, REACT_EXIT, REACT_DEFAULT, REACT_RAISE, REACT_COUNT };
static struct {
  enum reaction reaction;
  int exit_code;
  bool mask;
  bool where;
  bool disables;
  const char *gate;
  volatile long runs;
} reactions[_NSIG];

static uint64_t own_mask(void) {
  uint64_t mask = 0;
  syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, sizeof mask);
  return mask;
}

static void handler(int signo, siginfo_t *info, void *context) {
  (void)context;
  int error = errno;
  reactions[signo].runs++;
  if (reactions[signo].reaction == REACT_COUNT) return;
  struct line line;
  char text[256] = "", name[16] = "";
  append_signal(name, sizeof name, signo);
  append_origin(text, sizeof text, info);
  if (reactions[signo].mask) {
    append(text, sizeof text, ", blocked: ");
    append_signals(text, sizeof text, own_mask());
  }
  if (reactions[signo].where) {
    stack_t stack;
    syscall(SYS_sigaltstack, NULL, &stack);
    append(text, sizeof text, stack.ss_flags & SS_ONSTACK ? ", on the alternate stack" : ", on the ordinary stack");
  }
  if (reactions[signo].disables) {
    stack_t none = {.ss_flags = SS_DISABLE};
    append(text, sizeof text, ", disables the alternate stack: ");
    append(text, sizeof text, syscall(SYS_sigaltstack, &none, NULL) == 0 ? "0" : error_name(errno));
  }
  event_open(&line, "signal");
  line_string(&line, "about", name);
  line_string(&line, "text", text);
  add_siginfo(&line, info);
  event_close(&line);
  if (reactions[signo].gate != NULL) gate_open(reactions[signo].gate);
  if (reactions[signo].reaction == REACT_EXIT) _exit(reactions[signo].exit_code);
  if (reactions[signo].reaction == REACT_DEFAULT) signal(signo, SIG_DFL);
  if (reactions[signo].reaction == REACT_RAISE) syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), signo);
  errno = error;
}

/*
 * on SIG [exit N | default | raise | count] [opens GATE] [mask] [where] [disables] [resethand] [nodefer] [restart] [nocldstop] [nocldwait]
 *        [onstack] [blocking SIG]…
 */
static void do_on(char **words, int count, char *block) {
  (void)block;
  int signo = signal_word(words[1]);
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
  /* A number that is none is for the kernel to refuse. */
  if (signo > 0 && signo < _NSIG) memset(&reactions[signo], 0, sizeof reactions[signo]);
  int at = signo > 0 && signo < _NSIG ? signo : 0;
  for (int i = 2; i < count; i++) {
    bool more = i + 1 < count;
    if (strcmp(words[i], "exit") == 0 && more) {
      reactions[at].reaction = REACT_EXIT;
      reactions[at].exit_code = atoi(words[++i]);
    } else if (strcmp(words[i], "opens") == 0 && more) {
      reactions[at].gate = words[++i];
    } else if (strcmp(words[i], "blocking") == 0 && more) {
      sigaddset(&action.sa_mask, signal_word(words[++i]));
    } else if (strcmp(words[i], "default") == 0) {
      reactions[at].reaction = REACT_DEFAULT;
    } else if (strcmp(words[i], "raise") == 0) {
      reactions[at].reaction = REACT_RAISE;
    } else if (strcmp(words[i], "count") == 0) {
      reactions[at].reaction = REACT_COUNT;
    } else if (strcmp(words[i], "mask") == 0) {
      reactions[at].mask = true;
    } else if (strcmp(words[i], "where") == 0) {
      reactions[at].where = true;
    } else if (strcmp(words[i], "disables") == 0) {
      reactions[at].disables = true;
    } else if (strcmp(words[i], "resethand") == 0) {
      action.sa_flags |= (int)SA_RESETHAND;
    } else if (strcmp(words[i], "nodefer") == 0) {
      action.sa_flags |= SA_NODEFER;
    } else if (strcmp(words[i], "restart") == 0) {
      action.sa_flags |= SA_RESTART;
    } else if (strcmp(words[i], "onstack") == 0) {
      action.sa_flags |= SA_ONSTACK;
    } else if (strcmp(words[i], "nocldstop") == 0) {
      action.sa_flags |= SA_NOCLDSTOP;
    } else if (strcmp(words[i], "nocldwait") == 0) {
      action.sa_flags |= SA_NOCLDWAIT;
    } else {
      die("unknown reaction", words[i]);
    }
  }
  report(words, count, sigaction(signo, &action, NULL));
}

static void set_disposition(char **words, int count, void (*disposition)(int)) {
  for (int i = 1; i < count; i++) {
    char *one[] = {words[0], words[i]};
    struct sigaction action = {.sa_handler = disposition};
    report(one, 2, sigaction(signal_word(words[i]), &action, NULL));
  }
}

static void do_ignore(char **words, int count, char *block) { (void)block, set_disposition(words, count, SIG_IGN); }
static void do_default(char **words, int count, char *block) { (void)block, set_disposition(words, count, SIG_DFL); }

/* disposition SIG: what sigaction(2) answers when it is only asked */
static void do_disposition(char **words, int count, char *block) {
  (void)block;
  struct sigaction action;
  if (sigaction(signal_word(words[1]), NULL, &action) < 0) {
    report(words, count, -1);
    return;
  }
  report_text(words, count,
              action.sa_handler == SIG_DFL ? "default" : action.sa_handler == SIG_IGN ? "ignored" : "caught");
}

/* The structure of rt_sigaction(2), which is not that of the C library. (arch/x86/include/uapi/asm/signal.h) */
struct kernel_sigaction {
  void (*handler)(int);
  unsigned long flags;
  void (*restorer)(void);
  uint64_t mask;
};

/* action-mask SIG: the sa_mask that the kernel keeps */
static void do_action_mask(char **words, int count, char *block) {
  (void)block;
  struct kernel_sigaction action;
  if (syscall(SYS_rt_sigaction, signal_word(words[1]), NULL, &action, sizeof action.mask) < 0) {
    report(words, count, -1);
    return;
  }
  char text[256] = "";
  append_signals(text, sizeof text, action.mask);
  report_text(words, count, text);
}

/* sigaction SIG SIZE: rt_sigaction(2) with SIG_DFL, whatever the arguments */
static void do_sigaction_raw(char **words, int count, char *block) {
  (void)block;
  struct kernel_sigaction action = {.handler = SIG_DFL};
  report(words, count, syscall(SYS_rt_sigaction, (int)value_of(words[1]), &action, NULL, value_of(words[2])));
}

/* flags SIG FLAGS: sets SIG_IGN with these flags, and says which are there afterwards */
static void do_flags(char **words, int count, char *block) {
  (void)block;
  struct kernel_sigaction action = {.handler = SIG_IGN, .flags = (unsigned long)value_of(words[2])}, set;
  int signo = signal_word(words[1]);
  char text[32] = "";
  if (syscall(SYS_rt_sigaction, signo, &action, NULL, 8) < 0 || syscall(SYS_rt_sigaction, signo, NULL, &set, 8) < 0) {
    report(words, count, -1);
    return;
  }
  append_hexadecimal(text, sizeof text, set.flags);
  report_text(words, count, text);
}

/* runs SIG: how often its handler has run */
static void do_runs(char **words, int count, char *block) {
  (void)block;
  report(words, count, reactions[signal_word(words[1])].runs);
}

static void plain_handler(int signo) { (void)signo; }

/* signal() SIG catch|ignore|default, by the library's signal(3), complaining as a textbook program would */
static void do_signal(char **words, int count, char *block) {
  (void)block;
  void (*disposition)(int) = strcmp(words[2], "catch") == 0    ? plain_handler
                             : strcmp(words[2], "ignore") == 0 ? SIG_IGN
                                                               : SIG_DFL;
  long result = signal(signal_word(words[1]), disposition) == SIG_ERR ? -1 : 0;
  int error = errno;
  report(words, count, result);
  errno = error;
  if (result < 0) perror("SIG_ERR");
}

/* --- masks and what is pending --------------------------------------------------------------------------------------------- */

static void change_mask(char **words, int count, int how) {
  uint64_t set = signal_set(words, 1, count);
  report(words, count, syscall(SYS_rt_sigprocmask, how, &set, NULL, sizeof set));
}

static void do_block(char **words, int count, char *block) { (void)block, change_mask(words, count, SIG_BLOCK); }
static void do_unblock(char **words, int count, char *block) { (void)block, change_mask(words, count, SIG_UNBLOCK); }

static void report_set(char **words, int count, uint64_t set) {
  char text[512] = "";
  append_signals(text, sizeof text, set);
  report_text(words, count, text);
}

/* mask: the signals that this thread blocks */
static void do_mask(char **words, int count, char *block) { (void)block, report_set(words, count, own_mask()); }

/* pending: the signals that wait, process-directed and thread-directed together */
static void do_pending(char **words, int count, char *block) {
  (void)block;
  uint64_t set = 0;
  syscall(SYS_rt_sigpending, &set, sizeof set);
  report_set(words, count, set);
}

/* sigprocmask HOW SIZE: rt_sigprocmask(2) with an empty set, whatever the arguments */
static void do_sigprocmask(char **words, int count, char *block) {
  (void)block;
  uint64_t set[2] = {0, 0};
  report(words, count, syscall(SYS_rt_sigprocmask, (int)value_of(words[1]), set, NULL, value_of(words[2])));
}

/* suspend SIG…: sigsuspend(2) with a mask that blocks these alone */
static void do_suspend(char **words, int count, char *block) {
  (void)block;
  uint64_t set = signal_set(words, 1, count);
  report(words, count, syscall(SYS_rt_sigsuspend, &set, sizeof set));
}

/* --- sending ----------------------------------------------------------------------------------------------------------------- */

static void do_kill(char **words, int count, char *block) {
  (void)block;
  report(words, count, kill((pid_t)value_of(words[1]), signal_word(words[2])));
}

/* tgkill TGID TID SIG */
static void do_tgkill(char **words, int count, char *block) {
  (void)block;
  report(words, count, syscall(SYS_tgkill, value_of(words[1]), value_of(words[2]), signal_word(words[3])));
}

/* A siginfo_t for a signal, from the words SIG VALUE [CODE [PID]]: with a si_code and si_pid of one's choice */
static siginfo_t siginfo_of(char **words, int count) {
  siginfo_t info;
  memset(&info, 0, sizeof info);
  info.si_signo = signal_word(words[0]);
  info.si_code = count > 2 ? (int)value_of(words[2]) : SI_QUEUE;
  info.si_pid = count > 3 ? (pid_t)value_of(words[3]) : getpid();
  info.si_uid = getuid();
  info.si_value.sival_int = (int)value_of(words[1]);
  return info;
}

/* sigqueue TARGET SIG VALUE [CODE [PID]]: rt_sigqueueinfo(2) */
static void do_sigqueue(char **words, int count, char *block) {
  (void)block;
  siginfo_t info = siginfo_of(words + 2, count - 2);
  report(words, count, syscall(SYS_rt_sigqueueinfo, value_of(words[1]), info.si_signo, &info));
}

/* tgsigqueue TGID TID SIG VALUE [CODE [PID]]: rt_tgsigqueueinfo(2) */
static void do_tgsigqueue(char **words, int count, char *block) {
  (void)block;
  siginfo_t info = siginfo_of(words + 3, count - 3);
  report(words, count,
         syscall(SYS_rt_tgsigqueueinfo, value_of(words[1]), value_of(words[2]), info.si_signo, &info));
}

/* pidfd-queue PIDFD SIG VALUE [CODE [PID]]: pidfd_send_signal(2) with a siginfo_t */
static void do_pidfd_queue(char **words, int count, char *block) {
  (void)block;
  siginfo_t info = siginfo_of(words + 2, count - 2);
  report(words, count, syscall(SYS_pidfd_send_signal, value_of(words[1]), info.si_signo, &info, 0));
}

/* --- accepting: rt_sigtimedwait(2) by the raw call, since the C library rewrites si_code ---------------------------------------- */

/* How often the timer of the last SI_TIMER signal had expired beyond it. (timer_getoverrun(2)) */
static __thread int accepted_overrun;

static void accept_signal(char **words, int count, uint64_t set, const struct timespec *timeout) {
  siginfo_t info;
  long result = syscall(SYS_rt_sigtimedwait, &set, &info, timeout, sizeof set);
  if (result < 0) {
    report(words, count, result);
    return;
  }
  if (info.si_code == SI_TIMER) accepted_overrun = info.si_overrun;
  struct line line;
  char text[256] = "";
  append_signal(text, sizeof text, info.si_signo);
  append(text, sizeof text, " ");
  append_origin(text, sizeof text, &info);
  open_report(&line, words, count);
  line_number(&line, "result", result);
  line_string(&line, "text", text);
  add_siginfo(&line, &info);
  event_close(&line);
}

/* sigwait SIG…: until one comes; a handler that runs meanwhile ends it with EINTR */
static void do_sigwait(char **words, int count, char *block) {
  (void)block;
  accept_signal(words, count, signal_set(words, 1, count), NULL);
}

/* sigpoll SIG…: one that is pending, or EAGAIN at once */
static void do_sigpoll(char **words, int count, char *block) {
  (void)block;
  struct timespec now = {0, 0};
  accept_signal(words, count, signal_set(words, 1, count), &now);
}

static const struct verb signal_verbs[] = {
    {"on", 2, false, do_on},
    {"ignore", 2, false, do_ignore},
    {"default", 2, false, do_default},
    {"disposition", 2, false, do_disposition},
    {"action-mask", 2, false, do_action_mask},
    {"sigaction", 3, false, do_sigaction_raw},
    {"flags", 3, false, do_flags},
    {"runs", 2, false, do_runs},
    {"signal()", 3, false, do_signal},
    {"block", 2, false, do_block},
    {"unblock", 2, false, do_unblock},
    {"mask", 1, false, do_mask},
    {"pending", 1, false, do_pending},
    {"sigprocmask", 3, false, do_sigprocmask},
    {"suspend", 1, false, do_suspend},
    {"kill", 3, false, do_kill},
    {"tgkill", 4, false, do_tgkill},
    {"sigqueue", 4, false, do_sigqueue},
    {"tgsigqueue", 5, false, do_tgsigqueue},
    {"pidfd-queue", 4, false, do_pidfd_queue},
    {"sigwait", 2, false, do_sigwait},
    {"sigpoll", 2, false, do_sigpoll},
};

#endif
