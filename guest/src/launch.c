/*
 * launch: starts a fixture from a known state and bears witness as its parent.
 *
 *   launch [--init] [--end-all] [--trace INSTANCE] [--ignore SIG] [--block SIG] -- PROGRAM [ARGUMENT…]
 *
 * With --init it calls unshare(2) for a new pid namespace and a new mount namespace: the child it forks is PID 1 of the former
 * and gets a /proc of its own. Being the parent, it knows the init's own wait status, which unshare(1) --fork would hide.
 *
 * It speaks on stdout, one line at a time, the first letter tells who speaks (guest/PROTOCOL.md):
 *   P {…}   the parent: what launch itself did and saw, and its answers to requests
 *   F …     a line the fixture wrote on file descriptor 3, as it came
 *   O "…"   bytes from the fixture's stdout;   E "…"   from its stderr
 *   T …     a line of the kernel's trace
 * and takes requests on stdin: `ID kill PID SIG`, `ID cat PATH`, `ID members`, `ID trace`. When stdin closes, the child is
 * killed. Each source is read a little at a time, so that no flood of the fixture can hide what the parent saw.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "witness.h"

enum source { COMMANDS, CHILD_STATE, EVENTS, OUTPUT, ERRORS, SOURCES };

static struct {
  pid_t child;
  bool exited;
  bool drained;
  bool closing;
  /* With --end-all: whoever is left when the child has ended is ended too. */
  bool end_all;
  int trace_pipe;
} state = {.trace_pipe = -1};

/* --- the child's side ------------------------------------------------------------------------------------------ */

struct start {
  bool init;
  int ignored;
  int blocked;
  char **argv;
};

static void become_fixture(const struct start *start, int event_pipe, int output, int errors, int go) {
  char byte;
  setsid();
  if (start->init && mount("proc", "/proc", "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL) < 0) _exit(122);
  int null = open("/dev/null", O_RDONLY);
  /* The parent says go when it has written down who we are. */
  if (read(go, &byte, 1) != 1) _exit(123);
  dup2(null, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(errors, STDERR_FILENO);
  dup2(event_pipe, EVENT_FD);
  syscall(SYS_close_range, EVENT_FD + 1, ~0U, 0);
  reset_signals();
  if (start->ignored > 0) signal(start->ignored, SIG_IGN);
  if (start->blocked > 0) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, start->blocked);
    sigprocmask(SIG_BLOCK, &set, NULL);
  }
  execvp(start->argv[0], start->argv);
  int error = errno;
  struct line line;
  event_open(&line, "exec-failed");
  line_string(&line, "program", start->argv[0]);
  line_string(&line, "error", error_name(error));
  event_close(&line);
  _exit(127);
}

/* --- requests -------------------------------------------------------------------------------------------------- */

/* The host pids of everybody whose pid namespace is the child's. */
static void do_members(long id) {
  char path[64], want[64] = "", have[64];
  snprintf(path, sizeof path, "%d/ns/pid", state.child);
  if (readlinkat(host_proc, path, want, sizeof want - 1) < 0) want[0] = '\0';
  DIR *proc = fdopendir(openat(host_proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  long count = 0;
  for (struct dirent *entry; proc != NULL && (entry = readdir(proc)) != NULL;) {
    int pid = atoi(entry->d_name);
    if (pid <= 0) continue;
    snprintf(path, sizeof path, "%d/ns/pid", pid);
    ssize_t length = readlinkat(host_proc, path, have, sizeof have - 1);
    if (length < 0) continue;
    have[length] = '\0';
    if (strcmp(have, want) != 0) continue;
    struct line line;
    parent_event(&line, "member");
    line_number(&line, "id", id);
    line_number(&line, "child", pid);
    say(&line);
    count++;
  }
  if (proc != NULL) closedir(proc);
  answer(id, count);
}

/* Passes on what the kernel has traced so far. Reading trace_pipe consumes, and fails with EAGAIN when there is no more. */
static void do_trace(void) {
  static char rest[8192];
  static size_t length;
  if (state.trace_pipe < 0) return;
  for (ssize_t n; (n = read(state.trace_pipe, rest + length, sizeof rest - length)) > 0;) {
    length += (size_t)n;
    char *start = rest;
    for (char *end; (end = memchr(start, '\n', length - (size_t)(start - rest))) != NULL; start = end + 1)
      write_text("T ", start, (size_t)(end - start), false);
    length -= (size_t)(start - rest);
    memmove(rest, start, length);
    if (length == sizeof rest) length = 0;
  }
}

static void request(char *text) {
  char *words[4] = {NULL};
  int count = 0;
  for (char *word = strtok(text, " "); word != NULL && count < 4; word = strtok(NULL, " ")) words[count++] = word;
  if (count < 2) return;
  long id = atol(words[0]);
  if (strcmp(words[1], "kill") == 0 && count == 4) {
    pid_t pid = strcmp(words[2], "init") == 0 ? state.child : atoi(words[2]);
    answer(id, kill(pid, signal_number(words[3])));
  } else if (strcmp(words[1], "cat") == 0 && count == 3) {
    do_cat(id, words[2]);
  } else if (strcmp(words[1], "members") == 0) {
    do_members(id);
  } else if (strcmp(words[1], "trace") == 0) {
    do_trace();
    answer(id, 0);
  } else {
    errno = EINVAL;
    answer(id, -1);
  }
}

/* --- the parent's loop ----------------------------------------------------------------------------------------- */

/* Ends all our children: those that the fixture has left behind are ours, since we are their subreaper. */
static void end_children(void) {
  char path[64], text[4096];
  snprintf(path, sizeof path, "self/task/%d/children", getpid());
  if (read_file(path, text, sizeof text) <= 0) return;
  for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " ")) kill(atoi(word), SIGKILL);
}

/* Wait statuses of the child, and of nobody else: stopped and continued too. */
static void collect_child_state(int fd) {
  struct signalfd_siginfo discarded;
  if (read(fd, &discarded, sizeof discarded) < 0) return;
  int status;
  pid_t whom = state.end_all ? -1 : state.child;
  for (pid_t pid; (pid = waitpid(whom, &status, WNOHANG | WUNTRACED | WCONTINUED)) > 0;) {
    if (pid != state.child) continue;
    struct line line;
    parent_event(&line, "wait-status");
    line_number(&line, "child", state.child);
    line_number(&line, "status", status);
    say(&line);
    state.exited = WIFEXITED(status) || WIFSIGNALED(status);
  }
  if (state.end_all && state.exited) end_children();
}

/* Reads one portion of a source; false at its end. */
static bool relay(enum source source, int fd) {
  static struct {
    char text[4096];
    size_t length;
  } partial[SOURCES];
  char *text = partial[source].text;
  size_t *length = &partial[source].length;
  ssize_t n = read(fd, text + *length, sizeof partial[source].text - *length);
  if (n < 0) return errno == EINTR || errno == EAGAIN;
  *length += (size_t)n;
  if (source == OUTPUT || source == ERRORS) {
    write_text(source == OUTPUT ? "O " : "E ", text, *length, true);
    *length = 0;
    return n > 0;
  }
  char *start = text;
  for (char *end; (end = memchr(start, '\n', *length - (size_t)(start - text))) != NULL; start = end + 1) {
    if (source == COMMANDS) {
      *end = '\0';
      request(start);
    } else {
      write_text("F ", start, (size_t)(end - start), false);
    }
  }
  *length -= (size_t)(start - text);
  memmove(text, start, *length);
  if (*length == sizeof partial[source].text || (n == 0 && *length > 0)) {
    write_text("F ", text, *length, false);
    *length = 0;
  }
  return n > 0;
}

static void close_down(struct pollfd *polled) {
  if (!state.exited) kill(state.child, SIGKILL);
  state.closing = true;
  polled[COMMANDS].fd = -1;
}

static void attend(struct pollfd *polled) {
  for (;;) {
    bool quiet = polled[EVENTS].fd < 0 && polled[OUTPUT].fd < 0 && polled[ERRORS].fd < 0;
    if (state.exited && quiet && !state.drained) {
      do_trace();
      struct line line;
      parent_event(&line, "drained");
      say(&line);
      state.drained = true;
    }
    bool over = state.closing && state.exited;
    if (over && state.drained) return;
    int ready = poll(polled, SOURCES, over ? 0 : -1);
    /* The child is gone, yet somebody still holds its output: whoever is told no `drained` knows. */
    if (over && ready == 0) return;
    if (ready < 0) continue;
    for (enum source source = COMMANDS; source < SOURCES; source++) {
      if (polled[source].fd < 0 || polled[source].revents == 0) continue;
      if (source == CHILD_STATE) {
        collect_child_state(polled[source].fd);
      } else if (!relay(source, polled[source].fd)) {
        if (source == COMMANDS) {
          close_down(polled);
        } else {
          close(polled[source].fd);
          polled[source].fd = -1;
        }
      }
    }
  }
}

/* From here on the kernel writes down what we and our children do. What the instance still holds is of somebody before us. */
static void follow_trace(const char *instance) {
  char path[256], pid[16], old[8192];
  snprintf(path, sizeof path, "%s/trace_pipe", instance);
  state.trace_pipe = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (state.trace_pipe < 0) fail(path);
  while (read(state.trace_pipe, old, sizeof old) > 0) continue;
  snprintf(path, sizeof path, "%s/set_event_pid", instance);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  int length = snprintf(pid, sizeof pid, "%d", getpid());
  if (fd < 0 || write(fd, pid, (size_t)length) < 0) fail(path);
  close(fd);
}

int main(int argc, char **argv) {
  struct start start = {.init = false};
  int events[2], output[2], errors[2], go[2];
  strcpy(event_who, "parent");
  for (int i = 1; i < argc && start.argv == NULL; i++) {
    bool more = i + 1 < argc;
    if (strcmp(argv[i], "--") == 0 && more)
      start.argv = argv + i + 1;
    else if (strcmp(argv[i], "--init") == 0)
      start.init = true;
    else if (strcmp(argv[i], "--end-all") == 0)
      state.end_all = true;
    else if (strcmp(argv[i], "--trace") == 0 && more)
      follow_trace(argv[++i]);
    else if (strcmp(argv[i], "--ignore") == 0 && more)
      start.ignored = signal_number(argv[++i]);
    else if (strcmp(argv[i], "--block") == 0 && more)
      start.blocked = signal_number(argv[++i]);
  }
  errno = EINVAL;
  if (start.argv == NULL || start.ignored < 0 || start.blocked < 0) fail("usage");
  int child_state = watch_children();
  if (pipe2(events, O_CLOEXEC) < 0 || pipe2(output, O_CLOEXEC) < 0 || pipe2(errors, O_CLOEXEC) < 0 ||
      pipe2(go, O_CLOEXEC) < 0)
    fail("pipe");
  if (start.init) enter_namespaces();
  if (state.end_all && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) fail("subreaper");
  state.child = fork();
  if (state.child < 0) fail("fork");
  if (state.child == 0) become_fixture(&start, events[1], output[1], errors[1], go[0]);
  close(events[1]), close(output[1]), close(errors[1]), close(go[0]);
  struct line line;
  parent_event(&line, "started");
  line_number(&line, "child", state.child);
  say(&line);
  if (write(go[1], "!", 1) != 1) fail("go");
  close(go[1]);
  struct pollfd polled[SOURCES] = {
      [COMMANDS] = {STDIN_FILENO, POLLIN, 0},   [CHILD_STATE] = {child_state, POLLIN, 0},
      [EVENTS] = {events[0], POLLIN, 0},        [OUTPUT] = {output[0], POLLIN, 0},
      [ERRORS] = {errors[0], POLLIN, 0},
  };
  attend(polled);
  return 0;
}
