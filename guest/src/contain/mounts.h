/* Preparations in the container's mount namespace, and its cgroup. */
#ifndef KERNSPEC_CONTAIN_MOUNTS_H
#define KERNSPEC_CONTAIN_MOUNTS_H

#include <sys/stat.h>

#include "../witness.h"
#include "container.h"

/* The directories that a path stands in. What is there stays; what cannot be made, is noticed when it is used. */
static void make_parents(const char *path) {
  char part[4096];
  snprintf(part, sizeof part, "%s", path);
  for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    mkdir(part, 0755);
    *slash = '/';
  }
}

static void make_file(const char *name, const char *text) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", wanted.directory, name);
  make_parents(path);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, strncmp(text, "#!", 2) == 0 ? 0755 : 0644);
  if (fd < 0) fail(path);
  for (size_t left = strlen(text); left > 0;) {
    ssize_t n = write(fd, text, left);
    if (n < 0) fail(path);
    text += n;
    left -= (size_t)n;
  }
  close(fd);
}

static void bind_mount(const char *from, const char *to) {
  struct stat about;
  if (stat(from, &about) < 0) fail(from);
  make_parents(to);
  if (S_ISDIR(about.st_mode)) {
    mkdir(to, 0755);
  } else {
    int fd = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd >= 0) close(fd);
  }
  if (mount(from, to, NULL, MS_BIND | MS_REC, NULL) < 0) fail(to);
}

/* What is bound below the root of the container: name it as the container will. */
static void bind_below(const char *from, const char *to) {
  char path[4096];
  snprintf(path, sizeof path, "%s%s", strcmp(wanted.root, "/") == 0 ? "" : wanted.root, to);
  bind_mount(from, path);
}

/* The initramfs as a mount of its own in its own place: below it there is nothing that pivot_root(2) could exchange. */
static void move_root(void) {
  if (mount("/", "/mnt", NULL, MS_BIND | MS_REC, NULL) < 0 || chdir("/mnt") < 0 ||
      mount("/mnt", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0)
    fail("root");
}

static void prepare_mounts(void) {
  if (strcmp(wanted.root, "/") == 0) {
    move_root();
  } else {
    /* A mount of its own, so that it can be made read-only without touching anything else. */
    if (mount(wanted.root, wanted.root, NULL, MS_BIND | MS_REC, NULL) < 0) fail(wanted.root);
    bind_below("/kernspec", "/kernspec");
    bind_below("/dev", "/dev");
    if (wanted.directory != NULL) bind_below(wanted.directory, wanted.directory);
    char proc[4096];
    snprintf(proc, sizeof proc, "%s/proc", wanted.root);
    mkdir(proc, 0755);
  }
  for (int i = 0; i < wanted.bind_count; i++) bind_below(wanted.binds[i][0], wanted.binds[i][1]);
  if (wanted.read_only && mount(NULL, wanted.root, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) < 0) fail("read-only");
}

/* A cgroup that ends a fork bomb; none where the kernel has no such controller. */
static void join_cgroup(pid_t pid) {
  char path[256];
  snprintf(path, sizeof path, "/sys/fs/cgroup/%s", wanted.cgroup);
  if (mkdir(path, 0755) < 0 && errno != EEXIST) return;
  const char *const files[] = {"pids.max", "cgroup.procs"};
  for (int i = 0; i < 2; i++) {
    snprintf(path, sizeof path, "/sys/fs/cgroup/%s/%s", wanted.cgroup, files[i]);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) continue;
    dprintf(fd, "%d", i == 0 ? 1000 : pid);
    close(fd);
  }
}

static void make_directory(const char *path) {
  char events[4096];
  wanted.directory = path;
  make_parents(path);
  snprintf(events, sizeof events, "%s/events", path);
  mode_t mask = umask(0);
  if (mkdir(path, 0755) < 0 || mkfifo(events, 0666) < 0) fail(path);
  umask(mask);
  state.events = open(events, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (state.events < 0) fail(events);
}

#endif
