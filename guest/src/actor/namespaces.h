/* Pid namespaces: nesting; unshare(2) and setns(2) are `call`s. */
#ifndef KERNSPEC_ACTOR_NAMESPACES_H
#define KERNSPEC_ACTOR_NAMESPACES_H

#include <sys/mount.h>

#include "files.h"
#include "processes.h"

/* nest-pidns: unshares and forks, again and again, until it is refused; says how deep that was */
static void do_nest(char **words, int count, char *block) {
  (void)block;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) die("pipe", error_name(errno));
  pid_t pid = fork();
  if (pid == 0) {
    for (int depth = 0;; depth++) {
      if (unshare(CLONE_NEWPID) < 0) {
        char text[64] = "";
        append_number(text, sizeof text, depth);
        append(text, sizeof text, " levels, then ");
        append(text, sizeof text, error_name(errno));
        _exit(write(ends[1], text, strlen(text)) < 0);
      }
      pid_t inner = fork();
      if (inner < 0) _exit(1);
      if (inner > 0) {
        waitpid(inner, NULL, 0);
        _exit(0);
      }
    }
  }
  close(ends[1]);
  char text[128] = "";
  ssize_t length = read(ends[0], text, sizeof text - 1);
  waitpid(pid, NULL, 0);
  close(ends[0]);
  report_text(words, count, length > 0 ? text : "nothing");
}

/* proc-of PATH DIRECTORY: a procfs of the namespace that PATH names, or the caller's for `own`. (proc(5), pidns=; fsconfig(2)) */
static void do_proc_of(char **words, int count, char *block) {
  (void)block;
  mkdir(words[2], 0755);
  int context = fsopen("proc", FSOPEN_CLOEXEC), mounted = -1;
  long result = context;
  if (result >= 0 && strcmp(words[1], "own") != 0)
    result = fsconfig(context, FSCONFIG_SET_STRING, "pidns", path_of(words[1]), 0);
  if (result >= 0) result = fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
  if (result >= 0) result = mounted = fsmount(context, FSMOUNT_CLOEXEC, 0);
  if (result >= 0) result = move_mount(mounted, "", AT_FDCWD, words[2], MOVE_MOUNT_F_EMPTY_PATH);
  int error = errno;
  if (context >= 0) close(context);
  if (mounted >= 0) close(mounted);
  errno = error;
  report(words, count, result < 0 ? -1 : 0);
}

static const struct verb namespace_verbs[] = {{"nest-pidns", 1, false, do_nest}, {"proc-of", 3, false, do_proc_of}};

#endif
