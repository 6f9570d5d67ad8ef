/* What `launch` and `contain` share: both start a program, bear witness of it on stdout, and answer requests. */
#ifndef KERNSPEC_WITNESS_H
#define KERNSPEC_WITNESS_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/signalfd.h>

#include "events.h"
#include "names.h"

/* The host's /proc: the child mounts its own over it, in the mount namespace we share. */
static int host_proc = -1;

static void parent_event(struct line *line, const char *ev) {
  struct line event;
  event_open(&event, ev);
  *line = event;
}

/* A parent's line is an event behind "P ". */
static void say(struct line *line) {
  struct line framed = {.length = 0};
  line_raw(&framed, "P ");
  line->text[line->length] = '\0';
  line_raw(&framed, line->text);
  line_write(&framed, STDOUT_FILENO);
}

static void fail(const char *what) {
  int error = errno;
  struct line line;
  parent_event(&line, "launch-failed");
  line_string(&line, "what", what);
  line_string(&line, "error", error_name(error));
  say(&line);
  exit(121);
}

static void write_text(const char *letter, const char *bytes, size_t count, bool quoted) {
  while (count > 0) {
    /* A byte may become six when quoted; a line must stay within its buffer. */
    size_t part = count > 600 ? 600 : count;
    struct line line = {.length = 0};
    line_raw(&line, letter);
    if (quoted) {
      line_quoted(&line, bytes, part);
    } else {
      memcpy(line.text + line.length, bytes, part);
      line.length += part;
    }
    line.text[line.length++] = '\n';
    for (size_t done = 0; done < line.length;) {
      ssize_t n = write(STDOUT_FILENO, line.text + done, line.length - done);
      if (n < 0) return;
      done += (size_t)n;
    }
    bytes += part;
    count -= part;
  }
}

/* Whoever is asked by nobody any more must not die of it, and children are waited for in the loop: a descriptor of SIGCHLD. */
static int watch_children(void) {
  sigset_t child_signal;
  host_proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (host_proc < 0) fail("/proc");
  signal(SIGPIPE, SIG_IGN);
  sigemptyset(&child_signal);
  sigaddset(&child_signal, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child_signal, NULL);
  int fd = signalfd(-1, &child_signal, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0) fail("signalfd");
  return fd;
}

/* As unshare(1) does it: mounts of the new namespace are nobody else's. */
static void enter_namespaces(void) {
  if (unshare(CLONE_NEWPID | CLONE_NEWNS) < 0) fail("unshare");
  if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) fail("mount");
}

/* What sshd and shells leave behind must not reach the fixture: dispositions, mask, descriptors, session. */
static void reset_signals(void) {
  sigset_t none;
  for (int signo = 1; signo < _NSIG; signo++) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigaction(signo, &action, NULL);
  }
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

/* A path below /proc means the host's. */
static ssize_t read_file(const char *path, char *buffer, size_t size) {
  bool in_proc = strncmp(path, "/proc/", 6) == 0;
  int fd = openat(host_proc, in_proc ? path + 6 : path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  size_t length = 0;
  for (ssize_t n; length < size - 1 && (n = read(fd, buffer + length, size - 1 - length)) > 0;) length += (size_t)n;
  buffer[length] = '\0';
  close(fd);
  return (ssize_t)length;
}

static void answer(long id, long result) {
  int error = errno;
  struct line line;
  parent_event(&line, "answer");
  line_number(&line, "id", id);
  line_number(&line, "result", result);
  if (result < 0) line_string(&line, "error", error_name(error));
  say(&line);
}

static void do_cat(long id, const char *path) {
  static char content[65536];
  ssize_t length = read_file(path, content, sizeof content);
  int error = errno;
  for (ssize_t at = 0; at < length; at += 500) {
    struct line line;
    parent_event(&line, "content");
    line_number(&line, "id", id);
    line_key(&line, "text");
    line_quoted(&line, content + at, (size_t)(length - at > 500 ? 500 : length - at));
    say(&line);
  }
  errno = error;
  answer(id, length);
}

#endif
