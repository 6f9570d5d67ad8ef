/*
 * actor: a process that does what its script says, one statement after the other, and reports each as an event.
 *
 *   actor 'on TERM exit 0; fork worker { ignore TERM; ready; pause }; await worker; ready; pause'
 *
 * Statements are separated by ';' or a newline; fork takes a block in braces. guest/PROTOCOL.md lists them all. A
 * statement that cannot be understood ends the actor with exit code 120 and an event "error": that is our bug, never
 * the kernel's.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/wait.h>

#include "events.h"
#include "names.h"

#define MAX_WORDS 16
#define MAX_CHILDREN 64

static void die(const char *what, const char *word) {
  struct line line;
  event_open(&line, "error");
  line_string(&line, "what", what);
  line_string(&line, "word", word);
  event_close(&line);
  _exit(120);
}

/* Reports the outcome of a system call, with errno's name when it failed. */
static void report_result(const char *ev, const char *about, long result) {
  int error = errno;
  struct line line;
  event_open(&line, ev);
  line_string(&line, "about", about);
  line_number(&line, "result", result);
  if (result < 0) line_string(&line, "error", error_name(error));
  event_close(&line);
}

static void add_siginfo(struct line *line, const siginfo_t *info) {
  line_number(line, "signo", info->si_signo);
  line_number(line, "code", info->si_code);
  line_number(line, "si_pid", info->si_pid);
  line_number(line, "si_uid", info->si_uid);
  if (info->si_signo == SIGCHLD) line_number(line, "si_status", info->si_status);
  if (info->si_code == SI_QUEUE) line_number(line, "value", info->si_value.sival_int);
}

/* --- names of children, shared with the blocks they run ------------------------------------------------------- */

static struct {
  char name[32];
  pid_t pid;
} children[MAX_CHILDREN];
static int child_count;

/* Flags in memory that all processes of the script share; a process sets one with `open`, others wait for it. */
static struct {
  char name[32];
  uint32_t open;
} *gates;

static uint32_t *gate(const char *name) {
  for (int i = 0; i < MAX_CHILDREN; i++) {
    if (gates[i].name[0] == '\0') strncpy(gates[i].name, name, sizeof gates[i].name - 1);
    if (strncmp(gates[i].name, name, sizeof gates[i].name) == 0) return &gates[i].open;
  }
  die("too many gates", name);
  return NULL;
}

static void gate_open(const char *name) {
  uint32_t *flag = gate(name);
  __atomic_store_n(flag, 1, __ATOMIC_SEQ_CST);
  syscall(SYS_futex, flag, FUTEX_WAKE, 1 << 30, NULL, NULL, 0);
}

static void gate_await(const char *name) {
  uint32_t *flag = gate(name);
  while (__atomic_load_n(flag, __ATOMIC_SEQ_CST) == 0) syscall(SYS_futex, flag, FUTEX_WAIT, 0, NULL, NULL, 0);
}

static pid_t target_pid(const char *word) {
  char *end;
  long number = strtol(word, &end, 10);
  if (*end == '\0') return (pid_t)number;
  if (strcmp(word, "self") == 0) return getpid();
  if (strcmp(word, "parent") == 0) return getppid();
  if (strcmp(word, "group") == 0) return 0;
  if (strcmp(word, "all") == 0) return -1;
  if (strcmp(word, "init") == 0) return 1;
  for (int i = child_count - 1; i >= 0; i--)
    if (strcmp(children[i].name, word) == 0) return children[i].pid;
  die("no such process", word);
  return -1;
}

static const char *child_name(pid_t pid) {
  for (int i = child_count - 1; i >= 0; i--)
    if (children[i].pid == pid) return children[i].name;
  return "";
}

/* --- dispositions ---------------------------------------------------------------------------------------------- */

/* What a handler does after it has reported its signal. */
enum reaction { REACT_REPORT, REACT_EXIT, REACT_DEFAULT, REACT_RAISE };
static struct {
  enum reaction reaction;
  int exit_code;
} reactions[_NSIG];

static void handler(int signo, siginfo_t *info, void *context) {
  (void)context;
  int error = errno;
  struct line line;
  event_open(&line, "signal");
  add_siginfo(&line, info);
  event_close(&line);
  if (reactions[signo].reaction == REACT_EXIT) _exit(reactions[signo].exit_code);
  if (reactions[signo].reaction == REACT_DEFAULT) signal(signo, SIG_DFL);
  if (reactions[signo].reaction == REACT_RAISE) raise(signo);
  errno = error;
}

static int signal_word(const char *word) {
  int signo = signal_number(word);
  if (signo < 0) die("unknown signal", word);
  return signo;
}

/* Adds the signals of words[from …] to a set; "all" fills it. */
static sigset_t signal_set(char **words, int from, int count) {
  sigset_t set;
  sigemptyset(&set);
  for (int i = from; i < count; i++) {
    if (strcmp(words[i], "all") == 0)
      sigfillset(&set);
    else
      sigaddset(&set, signal_word(words[i]));
  }
  return set;
}

/* on SIG [exit N | default | raise] [resethand] [nodefer] [restart] [nocldstop] [nocldwait] */
static void do_on(char **words, int count) {
  int signo = signal_word(words[1]);
  struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
  reactions[signo].reaction = REACT_REPORT;
  for (int i = 2; i < count; i++) {
    if (strcmp(words[i], "exit") == 0 && i + 1 < count) {
      reactions[signo].reaction = REACT_EXIT;
      reactions[signo].exit_code = atoi(words[++i]);
    } else if (strcmp(words[i], "default") == 0) {
      reactions[signo].reaction = REACT_DEFAULT;
    } else if (strcmp(words[i], "raise") == 0) {
      reactions[signo].reaction = REACT_RAISE;
    } else if (strcmp(words[i], "resethand") == 0) {
      action.sa_flags |= (int)SA_RESETHAND;
    } else if (strcmp(words[i], "nodefer") == 0) {
      action.sa_flags |= SA_NODEFER;
    } else if (strcmp(words[i], "restart") == 0) {
      action.sa_flags |= SA_RESTART;
    } else if (strcmp(words[i], "nocldstop") == 0) {
      action.sa_flags |= SA_NOCLDSTOP;
    } else if (strcmp(words[i], "nocldwait") == 0) {
      action.sa_flags |= SA_NOCLDWAIT;
    } else {
      die("unknown reaction", words[i]);
    }
  }
  report_result("sigaction", words[1], sigaction(signo, &action, NULL));
}

static void set_disposition(char **words, int count, void (*disposition)(int)) {
  for (int i = 1; i < count; i++) {
    struct sigaction action = {.sa_handler = disposition};
    report_result("sigaction", words[i], sigaction(signal_word(words[i]), &action, NULL));
  }
}

static void plain_handler(int signo) { (void)signo; }

/* signal SIG catch|ignore|default, by the library's signal(3), complaining as a textbook program would */
static void do_signal(char **words) {
  void (*disposition)(int) = strcmp(words[2], "catch") == 0    ? plain_handler
                             : strcmp(words[2], "ignore") == 0 ? SIG_IGN
                                                               : SIG_DFL;
  long result = signal(signal_word(words[1]), disposition) == SIG_ERR ? -1 : 0;
  int error = errno;
  report_result("signal()", words[1], result);
  errno = error;
  if (result < 0) perror("SIG_ERR");
}

static void change_mask(char **words, int count, int how) {
  sigset_t set = signal_set(words, 1, count);
  report_result(how == SIG_BLOCK ? "block" : "unblock", words[1], sigprocmask(how, &set, NULL));
}

/* sigwait SIG… : the raw rt_sigtimedwait(2) without a timeout; the C library would rewrite si_code */
static void do_sigwait(char **words, int count) {
  sigset_t set = signal_set(words, 1, count);
  siginfo_t info;
  long result;
  do result = syscall(SYS_rt_sigtimedwait, &set, &info, NULL, _NSIG / 8);
  while (result < 0 && errno == EINTR);
  if (result < 0) {
    report_result("sigwait", words[1], result);
    return;
  }
  struct line line;
  event_open(&line, "sigwait");
  add_siginfo(&line, &info);
  event_close(&line);
}

/* pending: the signals that wait, process-directed and thread-directed together */
static void do_pending(void) {
  sigset_t set;
  struct line line;
  sigpending(&set);
  event_open(&line, "pending");
  line_key(&line, "signals");
  line_raw(&line, "[");
  for (int signo = 1, first = 1; signo < _NSIG; signo++) {
    if (sigismember(&set, signo) != 1) continue;
    if (!first) line_raw(&line, ",");
    first = 0;
    line_integer(&line, signo);
  }
  line_raw(&line, "]");
  event_close(&line);
}

/* --- processes ------------------------------------------------------------------------------------------------- */

static void execute(char *script);

static void do_fork(const char *name, char *block) {
  if (child_count == MAX_CHILDREN) die("too many children", name);
  pid_t pid = fork();
  if (pid == 0) {
    strncpy(event_who, name, sizeof event_who - 1);
    event_who[sizeof event_who - 1] = '\0';
    execute(block);
    _exit(0);
  }
  if (pid > 0) {
    strncpy(children[child_count].name, name, sizeof children[child_count].name - 1);
    children[child_count++].pid = pid;
  }
  report_result("fork", name, pid);
}

/* Waits for one child (pid > 0) or any (-1) and reports its raw status; false when there is none (ECHILD). */
static bool reap_one(pid_t pid) {
  int status;
  pid_t reaped;
  do reaped = waitpid(pid, &status, 0);
  while (reaped < 0 && errno == EINTR);
  int error = errno;
  struct line line;
  event_open(&line, "wait");
  line_number(&line, "result", reaped);
  if (reaped < 0) {
    line_string(&line, "error", error_name(error));
  } else {
    line_string(&line, "about", child_name(reaped));
    line_number(&line, "status", status);
  }
  event_close(&line);
  return reaped >= 0;
}

static void do_ids(void) {
  struct line line;
  event_open(&line, "ids");
  line_number(&line, "ppid", getppid());
  line_number(&line, "pgrp", getpgrp());
  line_number(&line, "sid", getsid(0));
  event_close(&line);
}

static void do_exec(char **words, int count) {
  words[count] = NULL;
  execvp(words[1], words + 1);
  report_result("exec", words[1], -1);
  _exit(127);
}

static void pause_for_ever(void) {
  for (;;) pause();
}

/* --- the whole machine ------------------------------------------------------------------------------------------ */

/* Takes so much memory, MiB, and touches every page of it. */
static void do_hog(const char *mebibytes) {
  size_t size = (size_t)atol(mebibytes) << 20;
  char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) die("mmap", error_name(errno));
  memset(memory, 1, size);
  report_result("hog", mebibytes, 0);
}

/* What Ctrl-Alt-Del does from now on: reboot(2) only sets it, and restarts nothing. */
static void do_cad(const char *what) {
  int command = strcmp(what, "on") == 0 ? RB_ENABLE_CAD : RB_DISABLE_CAD;
  report_result("cad", what, reboot(command));
}

/* --- the script ------------------------------------------------------------------------------------------------ */

static void need(int count, int words, const char *statement) {
  if (count < words) die("too few words", statement);
}

static void statement(char **words, int count, char *block) {
  const char *verb = words[0];
  if (strcmp(verb, "fork") == 0) {
    need(count, 2, verb);
    if (block == NULL) die("fork needs a block", words[1]);
    do_fork(words[1], block);
    return;
  }
  if (block != NULL) die("only fork takes a block", verb);
  if (strcmp(verb, "ready") == 0) {
    report_result("ready", event_who, 0);
    gate_open(event_who);
  } else if (strcmp(verb, "say") == 0) {
    need(count, 2, verb);
    report_result("say", words[1], 0);
  } else if (strcmp(verb, "open") == 0) {
    need(count, 2, verb);
    gate_open(words[1]);
  } else if (strcmp(verb, "await") == 0) {
    need(count, 2, verb);
    gate_await(words[1]);
  } else if (strcmp(verb, "on") == 0) {
    need(count, 2, verb);
    do_on(words, count);
  } else if (strcmp(verb, "ignore") == 0) {
    set_disposition(words, count, SIG_IGN);
  } else if (strcmp(verb, "default") == 0) {
    set_disposition(words, count, SIG_DFL);
  } else if (strcmp(verb, "signal") == 0) {
    need(count, 3, verb);
    do_signal(words);
  } else if (strcmp(verb, "block") == 0 || strcmp(verb, "unblock") == 0) {
    need(count, 2, verb);
    change_mask(words, count, verb[0] == 'b' ? SIG_BLOCK : SIG_UNBLOCK);
  } else if (strcmp(verb, "sigwait") == 0) {
    need(count, 2, verb);
    do_sigwait(words, count);
  } else if (strcmp(verb, "pending") == 0) {
    do_pending();
  } else if (strcmp(verb, "kill") == 0) {
    need(count, 3, verb);
    report_result("kill", words[2], kill(target_pid(words[1]), signal_word(words[2])));
  } else if (strcmp(verb, "wait") == 0) {
    need(count, 2, verb);
    reap_one(strcmp(words[1], "any") == 0 ? -1 : target_pid(words[1]));
  } else if (strcmp(verb, "reap") == 0) {
    while (reap_one(-1)) continue;
  } else if (strcmp(verb, "ids") == 0) {
    do_ids();
  } else if (strcmp(verb, "setsid") == 0) {
    report_result("setsid", event_who, setsid());
  } else if (strcmp(verb, "setpgid") == 0) {
    report_result("setpgid", event_who, setpgid(0, 0));
  } else if (strcmp(verb, "subreaper") == 0) {
    report_result("subreaper", event_who, prctl(PR_SET_CHILD_SUBREAPER, 1));
  } else if (strcmp(verb, "hog") == 0) {
    need(count, 2, verb);
    do_hog(words[1]);
  } else if (strcmp(verb, "cad") == 0) {
    need(count, 2, verb);
    do_cad(words[1]);
  } else if (strcmp(verb, "crash") == 0) {
    *(volatile int *)16 = 0;
  } else if (strcmp(verb, "exec") == 0) {
    need(count, 2, verb);
    do_exec(words, count);
  } else if (strcmp(verb, "pause") == 0) {
    pause_for_ever();
  } else if (strcmp(verb, "exit") == 0) {
    need(count, 2, verb);
    _exit(atoi(words[1]));
  } else {
    die("unknown statement", verb);
  }
}

/* The text between braces, cut out of the script; *cursor moves behind the closing one. */
static char *cut_block(char **cursor) {
  char *start = *cursor;
  for (int depth = 1; **cursor != '\0'; (*cursor)++) {
    if (**cursor == '{') depth++;
    if (**cursor == '}' && --depth == 0) {
      *(*cursor)++ = '\0';
      return start;
    }
  }
  die("a brace is not closed", start);
  return NULL;
}

static void execute(char *script) {
  char *cursor = script;
  while (*cursor != '\0') {
    char *words[MAX_WORDS + 1];
    int count = 0;
    char *block = NULL;
    for (bool ended = false; !ended && *cursor != '\0';) {
      if (*cursor == ';' || *cursor == '\n') {
        cursor++;
        ended = true;
      } else if (isspace((unsigned char)*cursor)) {
        cursor++;
      } else if (*cursor == '{') {
        cursor++;
        block = cut_block(&cursor);
        ended = true;
      } else {
        if (count == MAX_WORDS) die("too many words", words[0]);
        words[count++] = cursor;
        while (*cursor != '\0' && *cursor != ';' && *cursor != '{' && !isspace((unsigned char)*cursor)) cursor++;
        char end = *cursor;
        if (end == '\0') continue;
        *cursor++ = '\0';
        if (end == ';' || end == '\n') ended = true;
        if (end == '{') {
          block = cut_block(&cursor);
          ended = true;
        }
      }
    }
    if (count > 0) statement(words, count, block);
  }
}

int main(int argc, char **argv) {
  gates = mmap(NULL, MAX_CHILDREN * sizeof *gates, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (gates == MAP_FAILED) die("mmap", error_name(errno));
  if (argc != 2) die("usage: actor SCRIPT", "");
  execute(argv[1]);
  return 0;
}
