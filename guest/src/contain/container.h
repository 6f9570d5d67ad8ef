/* What is wanted of a container, and what has become of it. */
#ifndef KERNSPEC_CONTAIN_CONTAINER_H
#define KERNSPEC_CONTAIN_CONTAINER_H

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define MAX_BINDS 8
#define MAX_INJECTED 64

static struct {
  const char *directory, *root, *cgroup, *cwd, *input;
  const char *binds[MAX_BINDS][2];
  int bind_count;
  uint64_t ignored, blocked, pending;
  int uid, fd;
  long kill_after_us;
  int kill_signal;
  bool tty, odd, no_caps, cap_boot, no_proc, read_only, ahead;
  char **argv;
} wanted = {.root = "/", .cwd = "/", .fd = -1};

static struct {
  pid_t child;
  bool exited, closing;
  int events, output, errors, terminal;
  /* /proc as the container sees it: its members and nobody else. */
  DIR *members;
  pid_t injected[MAX_INJECTED];
  int injected_count;
} state = {.events = -1, .output = -1, .errors = -1, .terminal = -1};

#endif
