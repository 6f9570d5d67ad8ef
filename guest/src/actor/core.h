/* What all verbs of the actor share: reports, variables, words that mean numbers, names of children, gates, files. */
#ifndef KERNSPEC_ACTOR_CORE_H
#define KERNSPEC_ACTOR_CORE_H

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../events.h"
#include "../names.h"

#define MAX_WORDS 24
#define MAX_NAMES 64
#define NAME_SIZE 40

/* A statement by its first word: how many words it needs, whether a block in braces follows, and what it does. */
struct verb {
  const char *name;
  int words;
  bool takes_block;
  void (*run)(char **words, int count, char *block);
};

static void execute(char *script);

/* A script that cannot be carried out is a bug of ours, never a finding. */
static void die(const char *what, const char *word) {
  struct line line;
  event_mute = 0;
  event_open(&line, "error");
  line_string(&line, "what", what);
  line_string(&line, "word", word);
  event_close(&line);
  _exit(120);
}

/* --- reports: {"ev": the verb, "about": its words, "result": …, "error" or "text"} --------------------------------- */

/* The words behind the verb, as they stand in the script. */
static void add_about(struct line *line, char **words, int count) {
  line_key(line, "about");
  line_raw(line, "\"");
  for (int i = 1; i < count; i++) {
    if (i > 1) line_raw(line, " ");
    for (const char *at = words[i]; *at != '\0'; at++) {
      char escaped[3] = {'\\', *at, '\0'};
      line_raw(line, *at == '"' || *at == '\\' ? escaped : escaped + 1);
    }
  }
  line_raw(line, "\"");
}

static void open_report(struct line *line, char **words, int count) {
  event_open(line, words[0]);
  add_about(line, words, count);
}

/* Where `> NAME` behind the statement that runs wants its result; NULL for nowhere. */
static __thread const char *result_name;

static void set_variable(const char *name, long value);

/* What a system call has returned, with errno's name when it failed. */
static void report(char **words, int count, long result) {
  int error = errno;
  if (result_name != NULL) {
    set_variable(result_name, result);
    /* The number of a descriptor or of a process says nothing. */
    if (result > 0) result = 0;
  }
  struct line line;
  open_report(&line, words, count);
  line_number(&line, "result", result);
  if (result < 0) line_string(&line, "error", error_name(error));
  event_close(&line);
}

/* What was observed, in words. */
static void report_text(char **words, int count, const char *text) {
  struct line line;
  open_report(&line, words, count);
  line_number(&line, "result", 0);
  line_string(&line, "text", text);
  event_close(&line);
}

/* --- variables, shared by the threads of a process; a forked child has copies --------------------------------------- */

static struct {
  char name[NAME_SIZE];
  long value;
} variables[MAX_NAMES];

static void set_name(char *to, const char *name) {
  if (strlen(name) >= NAME_SIZE) die("the name is too long", name);
  strcpy(to, name);
}

static void set_variable(const char *name, long value) {
  for (int i = 0; i < MAX_NAMES; i++) {
    if (variables[i].name[0] != '\0' && strcmp(variables[i].name, name) != 0) continue;
    set_name(variables[i].name, name);
    variables[i].value = value;
    return;
  }
  die("too many variables", name);
}

/* The name of a variable that has this value; NULL when none has. */
static const char *name_of_value(long value) {
  for (int i = 0; i < MAX_NAMES && variables[i].name[0] != '\0'; i++)
    if (variables[i].value == value) return variables[i].name;
  return NULL;
}

/* --- names of children and threads ----------------------------------------------------------------------------------- */

static struct {
  char name[NAME_SIZE];
  pid_t pid;
} children[MAX_NAMES];
static int child_count;

/* Stands for a child that was never born: a number that no process has. (PID_MAX_LIMIT, include/linux/threads.h) */
#define NOBODY 4194303

/* Of several children of one name the latest is enough: makes room for another child, if there are such. */
static bool forget_namesake(void) {
  for (int i = 0; i < child_count; i++)
    for (int later = i + 1; later < child_count; later++) {
      if (strcmp(children[i].name, children[later].name) != 0) continue;
      memmove(&children[i], &children[i + 1], (size_t)(child_count - i - 1) * sizeof *children);
      child_count--;
      return true;
    }
  return false;
}

/* The latest child of a name is the one that is meant. */
static void add_child(const char *name, pid_t pid) {
  static const char *const taken[] = {"self", "tid", "parent", "group", "all", "init"};
  for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
    if (strcmp(name, taken[i]) == 0) die("the name means something else", name);
  if (child_count == MAX_NAMES && !forget_namesake()) die("too many children", name);
  set_name(children[child_count].name, name);
  children[child_count++].pid = pid;
}

/* The name a process goes by, "" for a stranger. Async-signal-safe. */
static const char *name_of(pid_t pid) {
  for (int i = child_count - 1; i >= 0; i--)
    if (children[i].pid == pid) return children[i].name;
  if (pid == (pid_t)syscall(SYS_getpid)) return "self";
  if (pid != 0 && pid == getppid()) return "parent";
  return "";
}

static pid_t child_pid(const char *name) {
  for (int i = child_count - 1; i >= 0; i--)
    if (strcmp(children[i].name, name) == 0) return children[i].pid;
  return -1;
}

/* --- words that mean numbers ------------------------------------------------------------------------------------------- */

#include "constants.h"

/*
 * One number: 15, -1, 0x1f, $variable, self, tid, parent, init (1), group (0), all (-1), the name of a child, of a signal
 * or of a constant; several joined by |.
 */
static long value_of(const char *word) {
  const char *bar = strchr(word, '|');
  if (bar != NULL) {
    char first[64];
    snprintf(first, sizeof first, "%.*s", (int)(bar - word), word);
    return value_of(first) | value_of(bar + 1);
  }
  char *end;
  long number = strtol(word, &end, 0);
  if (*word != '\0' && *end == '\0') return number;
  if (word[0] == '-' && word[1] != '\0') return -value_of(word + 1);
  if (word[0] == '$') {
    for (int i = 0; i < MAX_NAMES; i++)
      if (strcmp(variables[i].name, word + 1) == 0) return variables[i].value;
    die("no such variable", word);
  }
  if (strcmp(word, "self") == 0) return getpid();
  if (strcmp(word, "tid") == 0) return syscall(SYS_gettid);
  if (strcmp(word, "parent") == 0) return getppid();
  if (strcmp(word, "group") == 0) return 0;
  if (strcmp(word, "all") == 0) return -1;
  if (strcmp(word, "init") == 0) return 1;
  pid_t pid = child_pid(word);
  if (pid > 0) return pid;
  for (size_t i = 0; i < sizeof constants / sizeof *constants; i++)
    if (strcmp(constants[i].name, word) == 0) return constants[i].value;
  int signo = signal_number(word);
  if (signo > 0) return signo;
  die("no such process, constant or signal", word);
  return -1;
}

static int signal_word(const char *word) {
  int signo = signal_number(word);
  if (signo < 0 && word[0] != '-') die("unknown signal", word);
  return signo;
}

/* The kernel's own set of 64 signals: the C library leaves 32 and 33 out of its. Bit n-1 is signal n. */
static uint64_t signal_set(char **words, int from, int count) {
  uint64_t set = 0;
  for (int i = from; i < count; i++)
    set |= strcmp(words[i], "all") == 0 ? ~0ULL : 1ULL << (signal_word(words[i]) - 1);
  return set;
}

/* Appends a text to another of so many bytes; what does not fit is left out. Async-signal-safe. */
static void append(char *text, size_t size, const char *more) {
  size_t length = strlen(text);
  size_t room = size - 1 - length;
  size_t count = strlen(more) < room ? strlen(more) : room;
  memcpy(text + length, more, count);
  text[length + count] = '\0';
}

static void append_number(char *text, size_t size, long number) {
  struct line digits = {.length = 0};
  line_integer(&digits, number);
  digits.text[digits.length] = '\0';
  append(text, size, digits.text);
}

static void append_hexadecimal(char *text, size_t size, uint64_t number) {
  char digits[20];
  size_t at = sizeof digits - 1;
  digits[at] = '\0';
  do digits[--at] = "0123456789abcdef"[number & 15];
  while ((number >>= 4) > 0);
  append(text, size, "0x");
  append(text, size, digits + at);
}

static void append_signal(char *text, size_t size, int signo) {
  const char *name = name_of_signal(signo);
  if (name != NULL)
    append(text, size, name);
  else
    append_number(text, size, signo);
}

/* Names of the signals in a set, separated by blanks; "none" for an empty one. */
static void append_signals(char *text, size_t size, uint64_t set) {
  if (set == 0) append(text, size, "none");
  for (int signo = 1, first = 1; signo <= 64; signo++) {
    if ((set >> (signo - 1) & 1) == 0) continue;
    if (!first) append(text, size, " ");
    first = 0;
    append_signal(text, size, signo);
  }
}

/* --- gates: flags in memory that all processes of a script share --------------------------------------------------------- */

static struct {
  uint64_t key; /* 0: nobody's yet */
  uint32_t open;
} *gates;

/* A number for a name, never 0: FNV-1a, by Fowler, Noll and Vo. */
static uint64_t key_of(const char *name) {
  uint64_t key = 0xcbf29ce484222325;
  for (; *name != '\0'; name++) key = (key ^ (unsigned char)*name) * 0x100000001b3;
  return key | 1;
}

/*
 * The gate of that name. Several processes may be the first to ask for one, each may be interrupted or killed at any point, and
 * handlers ask too: a place is taken in one step, or not at all.
 */
static uint32_t *gate(const char *name) {
  uint64_t key = key_of(name);
  for (int i = 0; i < MAX_NAMES; i++) {
    uint64_t whose = 0;
    if (__atomic_compare_exchange_n(&gates[i].key, &whose, key, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) whose = key;
    if (whose == key) return &gates[i].open;
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

/* --- files ------------------------------------------------------------------------------------------------------------------- */

/* The beginning of a file as text; -1 with errno. */
static ssize_t slurp(const char *path, char *text, size_t size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t length = read(fd, text, size - 1);
  int error = errno;
  close(fd);
  errno = error;
  if (length >= 0) text[length] = '\0';
  return length;
}

/* The state letter of a process, by the procfs that the caller sees; '-' when there is no such process. (proc_pid_stat(5)) */
static char state_of(pid_t pid) {
  char path[64], text[512];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  if (slurp(path, text, sizeof text) <= 0) return '-';
  char *end = strrchr(text, ')');
  return end == NULL ? '-' : end[2];
}

#endif
