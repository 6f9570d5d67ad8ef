/*
 * actor: a process that does what its script says, one statement after the other, and reports each as an event.
 *
 *   actor 'on TERM exit 0; fork worker { ignore TERM; ready; pause }; await worker; ready; pause'
 *
 * Statements are separated by ';' or a newline; some take a block in braces. guest/PROTOCOL.md lists them all, guest/src/actor/
 * has a header for each theme. A statement that cannot be understood ends the actor with exit code 120 and an event "error":
 * that is our bug, never the kernel's.
 */
#define _GNU_SOURCE
#include "actor/core.h"

#include "actor/altstack.h"
#include "actor/blocking.h"
#include "actor/core-dump.h"
#include "actor/descriptors.h"
#include "actor/faults.h"
#include "actor/files.h"
#include "actor/machine.h"
#include "actor/messages.h"
#include "actor/namespaces.h"
#include "actor/processes.h"
#include "actor/service.h"
#include "actor/signalfd.h"
#include "actor/signals.h"
#include "actor/terminals.h"
#include "actor/timers.h"
#include "actor/tracing.h"

/* --- the order of things ---------------------------------------------------------------------------------------------- */

/* ready: everything before it is in force; opens the gate of its own name */
static void do_ready(char **words, int count, char *block) {
  (void)block;
  report(words, count, 0);
  gate_open(event_who);
}

static void do_say(char **words, int count, char *block) { (void)block, report(words, count, 0); }
static void do_open(char **words, int count, char *block) { (void)count, (void)block, gate_open(words[1]); }
static void do_await(char **words, int count, char *block) { (void)count, (void)block, gate_await(words[1]); }

static void do_pause(char **words, int count, char *block) {
  (void)words, (void)count, (void)block;
  for (;;) pause();
}

/* repeat N { … } */
static void do_repeat(char **words, int count, char *block) {
  (void)count;
  for (long left = value_of(words[1]); left > 0; left--) {
    /* A script is cut into pieces as it is carried out. */
    char *copy = strdup(block);
    if (copy == NULL) die("no memory", words[0]);
    execute(copy);
    free(copy);
  }
}

/* quietly { … }: without reports */
static void do_quietly(char **words, int count, char *block) {
  (void)words, (void)count;
  event_mute++;
  execute(block);
  event_mute--;
}

/* What a script in a file was started with: its own name first. */
static int script_argc;
static char **script_argv;

/* arguments: an event for each */
static void do_arguments(char **words, int count, char *block) {
  (void)block;
  for (int i = 1; i < script_argc; i++) report_text(words, count, script_argv[i]);
}

/* environment NAME: getenv(3) */
static void do_environment(char **words, int count, char *block) {
  (void)block;
  const char *value = getenv(words[1]);
  if (value == NULL) {
    errno = ENOENT;
    report(words, count, -1);
  } else {
    report_text(words, count, value);
  }
}

static const struct verb order_verbs[] = {
    {"ready", 1, false, do_ready}, {"say", 2, false, do_say},     {"open", 2, false, do_open},
    {"await", 2, false, do_await}, {"pause", 1, false, do_pause}, {"repeat", 2, true, do_repeat},
    {"quietly", 1, true, do_quietly}, {"arguments", 1, false, do_arguments},
    {"environment", 2, false, do_environment},
};

static const struct {
  const struct verb *verbs;
  size_t count;
} themes[] = {
#define THEME(verbs) {verbs, sizeof verbs / sizeof *verbs}
    THEME(order_verbs),     THEME(signal_verbs),     THEME(process_verbs),    THEME(file_verbs),     THEME(machine_verbs),
    THEME(fault_verbs),     THEME(namespace_verbs),  THEME(descriptor_verbs), THEME(timer_verbs),    THEME(altstack_verbs),
    THEME(blocking_verbs),  THEME(signalfd_verbs),   THEME(core_dump_verbs), THEME(terminal_verbs), THEME(service_verbs),
    THEME(message_verbs),   THEME(tracing_verbs),
#undef THEME
};

/* --- the script ------------------------------------------------------------------------------------------------------- */

static const struct verb *verb_of(const char *name) {
  for (size_t theme = 0; theme < sizeof themes / sizeof *themes; theme++)
    for (size_t i = 0; i < themes[theme].count; i++)
      if (strcmp(themes[theme].verbs[i].name, name) == 0) return &themes[theme].verbs[i];
  die("unknown statement", name);
  return NULL;
}

/* VERB WORD… [> NAME] [{ block }] */
static void statement(char **words, int count, char *block) {
  const struct verb *verb = verb_of(words[0]);
  result_name = NULL;
  if (count > 2 && strcmp(words[count - 2], ">") == 0) {
    result_name = words[count - 1];
    count -= 2;
  }
  if (count < verb->words) die("too few words", words[0]);
  if (verb->takes_block && block == NULL) die("it needs a block", words[0]);
  if (!verb->takes_block && block != NULL) die("it takes no block", words[0]);
  verb->run(words, count, block);
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

/* Where the memory of the gates stays open, so that they are kept over exec. */
#define GATES_FD 9

/*
 * A file whose first line is `#!/kernspec/bin/actor --events=FIFO` and whose rest is a script: a program for somebody else to
 * start. The kernel passes what stands behind the program as one word, then the file's name, then the arguments. (execve(2))
 */
static char *script_of_file(int argc, char **argv) {
  event_fd = open(argv[1] + strlen("--events="), O_WRONLY | O_CLOEXEC);
  /* Out of the way of descriptors that scripts ask for, and of those that are handed down from 3 on. */
  if (event_fd >= 0) event_fd = fcntl(event_fd, F_DUPFD_CLOEXEC, 100);
  if (event_fd < 0 || argc < 3) _exit(120);
  script_argc = argc - 2;
  script_argv = argv + 2;
  FILE *file = fopen(argv[2], "re");
  static char script[65536];
  size_t length = file == NULL ? 0 : fread(script, 1, sizeof script - 1, file);
  char *end_of_first_line = memchr(script, '\n', length);
  if (end_of_first_line == NULL) die("no script in", argv[2]);
  fclose(file);
  return end_of_first_line + 1;
}

/* actor [--as NAME] SCRIPT; with a name it goes on as the process of that name, by exec-actor. actor --events=FIFO FILE … */
int main(int argc, char **argv) {
  bool continued = argc == 4 && strcmp(argv[1], "--as") == 0;
  bool in_file = argc >= 2 && strncmp(argv[1], "--events=", strlen("--events=")) == 0;
  if (!continued && !in_file && argc != 2) die("usage: actor SCRIPT", "");
  char *script = in_file ? script_of_file(argc, argv) : argv[argc - 1];
  if (continued) {
    set_name(event_who, argv[2]);
  } else {
    int fd = memfd_create("gates", 0);
    if (fd < 0 || ftruncate(fd, MAX_NAMES * sizeof *gates) < 0 || dup2(fd, GATES_FD) < 0) die("gates", error_name(errno));
    if (fd != GATES_FD) close(fd);
  }
  gates = mmap(NULL, MAX_NAMES * sizeof *gates, PROT_READ | PROT_WRITE, MAP_SHARED, GATES_FD, 0);
  if (gates == MAP_FAILED) die("mmap", error_name(errno));
  execute(script);
  return 0;
}
