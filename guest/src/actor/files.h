/* Files of /proc, of cgroups, of sysctl: what they say, and what comes of writing to them. */
#ifndef KERNSPEC_ACTOR_FILES_H
#define KERNSPEC_ACTOR_FILES_H

#include "core.h"
#include <dirent.h>
#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/xattr.h>

/* In a path, a word between two slashes that begins with @ is a number: /proc/@child/status. */
static const char *path_of(const char *word) {
  static __thread char path[256];
  path[0] = '\0';
  for (const char *at = word; *at != '\0';) {
    size_t length = strcspn(at + 1, "/") + 1;
    char part[128];
    snprintf(part, sizeof part, "%.*s", (int)length, at);
    if (part[0] == '/' && part[1] == '@') {
      append(path, sizeof path, "/");
      append_number(path, sizeof path, value_of(part + 2));
    } else {
      append(path, sizeof path, part);
    }
    at += length;
  }
  return path;
}

/* Newlines and tabs become blanks, those at the end go. */
static void flatten(char *text) {
  for (char *at = text; *at != '\0'; at++)
    if (*at == '\n' || *at == '\t') *at = ' ';
  for (size_t length = strlen(text); length > 0 && text[length - 1] == ' ';) text[--length] = '\0';
}

/* read PATH: the beginning of a file, in one line */
static void do_read(char **words, int count, char *block) {
  (void)block;
  char text[1024];
  if (slurp(path_of(words[1]), text, sizeof text) < 0) {
    report(words, count, -1);
    return;
  }
  flatten(text);
  report_text(words, count, text);
}

/* field PATH NAME: the rest of the line that begins with NAME, as /proc/PID/status has them; "absent" without one */
static void do_field(char **words, int count, char *block) {
  (void)block;
  char text[8192];
  if (slurp(path_of(words[1]), text, sizeof text) < 0) {
    report(words, count, -1);
    return;
  }
  size_t length = strlen(words[2]);
  for (char *line = text; line != NULL && *line != '\0';) {
    char *end = strchr(line, '\n');
    if (end != NULL) *end = '\0';
    if (strncmp(line, words[2], length) == 0 && (line[length] == ':' || line[length] == ' ')) {
      char *value = line + length + 1;
      while (isspace((unsigned char)*value)) value++;
      flatten(value);
      report_text(words, count, value);
      return;
    }
    line = end == NULL ? NULL : end + 1;
  }
  report_text(words, count, "absent");
}

/* columns PID NAME: the numbers of a line of /proc/PID/status, one blank between them */
static void do_columns(char **words, int count, char *block) {
  (void)block;
  char path[64], text[8192], line[128] = "";
  snprintf(path, sizeof path, "/proc/%ld/status", value_of(words[1]));
  if (slurp(path, text, sizeof text) < 0) {
    report(words, count, -1);
    return;
  }
  char *at = strstr(text, words[2]);
  if (at == NULL) die("status has no such line", words[2]);
  for (char *word = strtok(at + strlen(words[2]) + 1, "\t"); word != NULL; word = strtok(NULL, "\t")) {
    char *end = strchr(word, '\n');
    if (end != NULL) *end = '\0';
    if (line[0] != '\0') append(line, sizeof line, " ");
    append(line, sizeof line, word);
    if (end != NULL) break;
  }
  report_text(words, count, line);
}

/* readlink PATH */
static void do_readlink(char **words, int count, char *block) {
  (void)block;
  char text[128];
  ssize_t length = readlink(path_of(words[1]), text, sizeof text - 1);
  if (length < 0) {
    report(words, count, -1);
    return;
  }
  text[length] = '\0';
  report_text(words, count, text);
}

/* write PATH WORD…: one write(2) to a file that is there */
static void do_write(char **words, int count, char *block) {
  (void)block;
  char text[512] = "";
  for (int i = 2; i < count; i++) {
    if (i > 2) append(text, sizeof text, " ");
    if (words[i][0] == '@')
      append_number(text, sizeof text, value_of(words[i] + 1));
    else
      append(text, sizeof text, words[i]);
  }
  int fd = open(path_of(words[1]), O_WRONLY | O_CLOEXEC);
  long result = fd < 0 ? -1 : write(fd, text, strlen(text));
  int error = errno;
  if (fd >= 0) close(fd);
  errno = error;
  report(words, count, result > 0 ? 0 : result);
}

/* exists PATH: access(2) */
static void do_exists(char **words, int count, char *block) {
  (void)block;
  report(words, count, access(path_of(words[1]), F_OK));
}

/* open-file PATH FLAGS > NAME */
static void do_open_file(char **words, int count, char *block) {
  (void)block;
  report(words, count, open(path_of(words[1]), (int)value_of(words[2]) | O_CLOEXEC));
}

static void do_chdir(char **words, int count, char *block) { (void)block, report(words, count, chdir(path_of(words[1]))); }
static void do_mkdir(char **words, int count, char *block) { (void)block, report(words, count, mkdir(path_of(words[1]), 0755)); }
static void do_rmdir(char **words, int count, char *block) { (void)block, report(words, count, rmdir(path_of(words[1]))); }

/* mount-proc: a procfs of the pid namespace that the caller is in, over /proc of its mount namespace */
static void do_mount_proc(char **words, int count, char *block) {
  (void)block;
  if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) die("mount", error_name(errno));
  report(words, count, mount("proc", "/proc", "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL));
}

/* state TARGET: the letter of /proc/PID/stat now */
static void do_state(char **words, int count, char *block) {
  (void)block;
  char text[2] = {state_of((pid_t)value_of(words[1])), '\0'};
  report_text(words, count, text);
}

/* The state letters of all threads of a process; false when there is none. */
static bool states_of(pid_t pid, char *text, size_t size) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%ld/task", (long)pid);
  DIR *tasks = opendir(path);
  if (tasks == NULL) return false;
  *text = '\0';
  for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
    pid_t tid = atoi(entry->d_name);
    char letter[2] = {tid > 0 ? state_of(tid) : '\0', '\0'};
    append(text, size, letter);
  }
  closedir(tasks);
  return true;
}

/* states PID: the state letters of all its threads */
static void do_states(char **words, int count, char *block) {
  (void)block;
  char text[64];
  if (states_of((pid_t)value_of(words[1]), text, sizeof text)) report_text(words, count, text);
  else report(words, count, -1);
}

/* until-states LETTERS PID: looks until its threads are in these states */
static void do_until_states(char **words, int count, char *block) {
  (void)block;
  char text[64] = "";
  do {
    if (!states_of((pid_t)value_of(words[2]), text, sizeof text)) {
      report(words, count, -1);
      return;
    }
  } while (strcmp(text, words[1]) != 0);
  report_text(words, count, text);
}

/* until-frozen CGROUP: looks until cgroup.events says frozen 1 */
static void do_until_frozen(char **words, int count, char *block) {
  (void)block;
  char path[128], text[256];
  snprintf(path, sizeof path, "%s/cgroup.events", words[1]);
  do {
    if (slurp(path, text, sizeof text) < 0) {
      report(words, count, -1);
      return;
    }
  } while (strstr(text, "frozen 1") == NULL);
  report_text(words, count, "frozen");
}

/* until LETTER… TARGET: looks until the process is in one of these states ('-': gone), as the harness has a deadline for it */
static void do_until(char **words, int count, char *block) {
  (void)block;
  pid_t pid = (pid_t)value_of(words[2]);
  char text[2] = {0};
  for (;;) {
    text[0] = state_of(pid);
    if (strchr(words[1], text[0]) != NULL) break;
    sched_yield();
  }
  report_text(words, count, text);
}

static void do_symlink(char **words, int count, char *block) {
  (void)block, report(words, count, symlink(words[1], words[2]));
}

static void do_link(char **words, int count, char *block) {
  (void)block, report(words, count, link(words[1], words[2]));
}

/* file-capability PATH N: the program has this capability, permitted and effective, whoever executes it. (capabilities(7)) */
static void do_file_capability(char **words, int count, char *block) {
  (void)block;
  long number = value_of(words[2]);
  struct vfs_cap_data data = {.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE};
  data.data[number / 32].permitted = 1u << (number % 32);
  report(words, count, setxattr(words[1], "security.capability", &data, sizeof data, 0));
}

static const struct verb file_verbs[] = {
    {"read", 2, false, do_read},       {"field", 3, false, do_field}, {"write", 3, false, do_write}, {"columns", 3, false, do_columns}, {"readlink", 2, false, do_readlink},
    {"mount-proc", 1, false, do_mount_proc}, {"exists", 2, false, do_exists},   {"open-file", 3, false, do_open_file}, {"mkdir", 2, false, do_mkdir},
    {"chdir", 2, false, do_chdir},     {"rmdir", 2, false, do_rmdir},     {"state", 2, false, do_state}, {"until", 3, false, do_until},
    {"states", 2, false, do_states}, {"until-states", 3, false, do_until_states},   {"until-frozen", 2, false, do_until_frozen},
    {"symlink", 3, false, do_symlink}, {"link", 3, false, do_link},         {"file-capability", 3, false, do_file_capability},
};

#endif
