/* Descriptors: pipe(2), poll(2), fstat(2), and clone3(2) as far as it goes without a child. */
#ifndef KERNSPEC_ACTOR_DESCRIPTORS_H
#define KERNSPEC_ACTOR_DESCRIPTORS_H

#include "processes.h"

/* pipe NAME: $NAME.r and $NAME.w; kept over exec */
static void do_pipe(char **words, int count, char *block) {
  (void)block;
  int ends[2];
  char name[NAME_SIZE + 2];
  long result = pipe(ends);
  if (result == 0) {
    snprintf(name, sizeof name, "%s.r", words[1]);
    set_variable(name, ends[0]);
    snprintf(name, sizeof name, "%s.w", words[1]);
    set_variable(name, ends[1]);
  }
  report(words, count, result);
}

/* at-end FD: whether a pipe has nobody left who could write, without waiting for it */
static void do_at_end(char **words, int count, char *block) {
  (void)block;
  struct pollfd polled = {.fd = (int)value_of(words[1]), .events = POLLIN};
  poll(&polled, 1, 0);
  report_text(words, count, polled.revents & POLLIN ? "data" : polled.revents & POLLHUP ? "end of file" : "open");
}

/* poll FD: what poll(2) says of it now */
static void do_poll(char **words, int count, char *block) {
  (void)block;
  struct pollfd polled = {.fd = (int)value_of(words[1]), .events = POLLIN | POLLPRI};
  char text[64] = "";
  if (poll(&polled, 1, 0) < 0) {
    report(words, count, -1);
    return;
  }
  if (polled.revents & POLLIN) append(text, sizeof text, "POLLIN ");
  if (polled.revents & POLLPRI) append(text, sizeof text, "POLLPRI ");
  if (polled.revents & POLLHUP) append(text, sizeof text, "POLLHUP ");
  if (polled.revents & POLLERR) append(text, sizeof text, "POLLERR ");
  if (text[0] != '\0') text[strlen(text) - 1] = '\0';
  report_text(words, count, polled.revents == 0 ? "nothing" : text);
}

/* watch PATH > FD: reads a file to its end and keeps it open: poll(2) tells when it has changed. (kernfs_fop_poll()) */
static void do_watch(char **words, int count, char *block) {
  (void)block;
  char text[4096];
  int fd = open(words[1], O_RDONLY | O_CLOEXEC);
  while (fd >= 0 && read(fd, text, sizeof text) > 0) continue;
  report(words, count, fd);
}

/* await-change FD: waits until a watched file has changed */
static void do_await_change(char **words, int count, char *block) {
  (void)block;
  struct pollfd polled = {.fd = (int)value_of(words[1]), .events = POLLPRI};
  int result = poll(&polled, 1, -1);
  report(words, count, result < 0 ? -1 : 0);
}

/* inode FD FD: whether they are the same file */
static void do_inode(char **words, int count, char *block) {
  (void)block;
  struct stat one, other;
  if (fstat((int)value_of(words[1]), &one) < 0 || fstat((int)value_of(words[2]), &other) < 0) {
    report(words, count, -1);
    return;
  }
  report_text(words, count, one.st_dev == other.st_dev && one.st_ino == other.st_ino ? "same" : "different");
}

/* clone-nowhere FLAGS: clone3(2) that has nowhere to put its pidfd or its child's tid, so that good flags end in EFAULT */
static void do_clone_nowhere(char **words, int count, char *block) {
  (void)block;
  static char stack[16384];
  struct clone_arguments arguments = {
      .flags = (uint64_t)value_of(words[1]), .pidfd = 8, .stack = (uint64_t)(uintptr_t)stack, .stack_size = sizeof stack};
  report(words, count, syscall(SYS_clone3, &arguments, sizeof arguments));
}

static struct {
  struct file_handle head;
  unsigned char bytes[MAX_HANDLE_SZ];
} kept_handle;

/* handle FD: keeps the handle of what a descriptor refers to. (name_to_handle_at(2)) */
static void do_handle(char **words, int count, char *block) {
  (void)block;
  int mount_id;
  kept_handle.head.handle_bytes = MAX_HANDLE_SZ;
  report(words, count, name_to_handle_at((int)value_of(words[1]), "", &kept_handle.head, &mount_id, AT_EMPTY_PATH));
}

/* open-handle FD > NAME: opens what the kept handle stands for, in the file system that FD belongs to. (open_by_handle_at(2)) */
static void do_open_handle(char **words, int count, char *block) {
  (void)block;
  report(words, count, open_by_handle_at((int)value_of(words[1]), &kept_handle.head, O_CLOEXEC));
}

static const struct verb descriptor_verbs[] = {
    {"handle", 2, false, do_handle},   {"open-handle", 2, false, do_open_handle},
    {"pipe", 2, false, do_pipe},   {"at-end", 2, false, do_at_end},
    {"poll", 2, false, do_poll},   {"inode", 3, false, do_inode},
    {"watch", 2, false, do_watch}, {"await-change", 2, false, do_await_change},
    {"clone-nowhere", 2, false, do_clone_nowhere},
};

#endif
