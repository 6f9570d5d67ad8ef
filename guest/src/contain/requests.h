/* What the harness may ask of the container while it runs. */
#ifndef KERNSPEC_CONTAIN_REQUESTS_H
#define KERNSPEC_CONTAIN_REQUESTS_H

#include <sys/ioctl.h>

#include "../witness.h"
#include "census.h"
#include "container.h"
#include "lines.h"

/* A program as docker exec starts one: in the namespace, but nobody's child there. It is ours, so we shall reap it. */
static pid_t inject(char **argv) {
  if (state.injected_count == MAX_INJECTED) {
    errno = ENOMEM;
    return -1;
  }
  /* unshare(2) has made the container's namespace that of all children we have from then on. */
  pid_t pid = fork();
  if (pid == 0) {
    setsid();
    if (strcmp(wanted.root, "/") != 0 && (chroot(wanted.root) < 0 || chdir("/") < 0)) _exit(122);
    int null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; fd++) dup2(null, fd);
    for (int fd = 3; fd < 200; fd++) close(fd);
    reset_signals();
    execv(argv[0], argv);
    _exit(127);
  }
  if (pid > 0) state.injected[state.injected_count++] = pid;
  return pid;
}

/* The host's pid of somebody who is called so in the container. The last number of NSpid is the innermost. (proc_pid_status(5)) */
static pid_t host_pid(long wanted_pid) {
  char path[300], ours[64] = "", theirs[64];
  snprintf(path, sizeof path, "%d/ns/pid", state.child);
  if (readlinkat(host_proc, path, ours, sizeof ours - 1) < 0) return -1;
  DIR *proc = fdopendir(openat(host_proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  pid_t found = -1;
  for (struct dirent *entry; proc != NULL && found < 0 && (entry = readdir(proc)) != NULL;) {
    char status[4096];
    if (atoi(entry->d_name) <= 0) continue;
    snprintf(path, sizeof path, "%s/status", entry->d_name);
    int fd = openat(host_proc, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    ssize_t length = read(fd, status, sizeof status - 1);
    close(fd);
    status[length < 0 ? 0 : length] = '\0';
    const char *line = strstr(status, "\nNSpid:");
    const char *last = line == NULL ? NULL : line + strcspn(line + 1, "\n");
    while (last != NULL && last > line && *last != '\t') last--;
    if (last == NULL || atol(last) != wanted_pid) continue;
    snprintf(path, sizeof path, "%s/ns/pid", entry->d_name);
    ssize_t n = readlinkat(host_proc, path, theirs, sizeof theirs - 1);
    theirs[n < 0 ? 0 : n] = '\0';
    if (strcmp(ours, theirs) == 0) found = atoi(entry->d_name);
  }
  if (proc != NULL) closedir(proc);
  errno = ESRCH;
  return found;
}

static void do_readlink(long id, const char *path) {
  char target[4096];
  ssize_t length = readlinkat(host_proc, strncmp(path, "/proc/", 6) == 0 ? path + 6 : path, target, sizeof target);
  int error = errno;
  if (length >= 0) {
    struct line line;
    parent_event(&line, "content");
    line_number(&line, "id", id);
    line_key(&line, "text");
    line_quoted(&line, target, (size_t)length > 600 ? 600 : (size_t)length);
    say(&line);
  }
  errno = error;
  answer(id, length);
}

/* %XX stands for a byte: requests are words. */
static size_t decode(char *text) {
  char *to = text;
  for (char *at = text; *at != '\0'; at++) {
    if (*at == '%' && at[1] != '\0' && at[2] != '\0') {
      char digits[3] = {at[1], at[2], '\0'};
      *to++ = (char)strtol(digits, NULL, 16);
      at += 2;
    } else {
      *to++ = *at;
    }
  }
  return (size_t)(to - text);
}

static void request(char *text) {
  char *words[8] = {NULL};
  int count = 0;
  for (char *word = strtok(text, " "); word != NULL && count < 7; word = strtok(NULL, " ")) words[count++] = word;
  if (count < 2) return;
  long id = atol(words[0]);
  pass_events();
  if (strcmp(words[1], "kill") == 0 && count == 4)
    answer(id, kill(strcmp(words[2], "init") == 0 ? state.child : atoi(words[2]), signal_number(words[3])));
  else if (strcmp(words[1], "kill-often") == 0 && count == 5) {
    /* kill-often SIG TIMES US: one after the other, without a round trip between them */
    long result = 0;
    struct timespec pause = {0, atol(words[4]) * 1000};
    for (long left = atol(words[3]); left > 0 && result == 0; left--) {
      result = kill(state.child, signal_number(words[2]));
      nanosleep(&pause, NULL);
    }
    answer(id, result);
  } else if (strcmp(words[1], "cat") == 0 && count == 3)
    do_cat(id, words[2]);
  else if (strcmp(words[1], "readlink") == 0 && count == 3)
    do_readlink(id, words[2]);
  else if (strcmp(words[1], "census") == 0) {
    struct census census = take_census();
    say_census(id, &census);
    answer(id, 0);
  } else if (strcmp(words[1], "quiet") == 0 && count == 3)
    wait_for(id, true, 0, atol(words[2]));
  else if (strcmp(words[1], "reaped") == 0 && count == 4)
    wait_for(id, false, atol(words[2]), atol(words[3]));
  else if (strcmp(words[1], "host-pid") == 0 && count == 3)
    answer(id, host_pid(atol(words[2])));
  else if (strcmp(words[1], "inject") == 0 && count >= 3)
    answer(id, inject(words + 2));
  else if (strcmp(words[1], "type") == 0 && count == 3) {
    size_t length = decode(words[2]);
    answer(id, write(state.terminal, words[2], length));
  } else if (strcmp(words[1], "resize") == 0 && count == 4) {
    struct winsize size = {(unsigned short)atoi(words[2]), (unsigned short)atoi(words[3]), 0, 0};
    answer(id, ioctl(state.terminal, TIOCSWINSZ, &size));
  } else {
    errno = EINVAL;
    answer(id, -1);
  }
}

#endif
