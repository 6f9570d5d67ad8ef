/* Who is in the container, and whether anything goes on there. */
#ifndef KERNSPEC_CONTAIN_CENSUS_H
#define KERNSPEC_CONTAIN_CENSUS_H

#include <dirent.h>

#include "../witness.h"
#include "container.h"
#include "lines.h"

/* A line of /proc/PID/status as a number of that base. */
static uint64_t status_field(const char *status, const char *name, int base) {
  const char *at = strstr(status, name);
  return at == NULL ? 0 : strtoull(at + strlen(name), NULL, base);
}

/*
 * Who is there, zombies among them; and whether anything is going on: who runs, who has a signal to take, how often
 * threads have gone to sleep. Two equal answers without either mean that all are waiting for something from outside.
 */
struct census {
  long members, zombies, busy;
  uint64_t switches;
};

/* Reads DIRECTORY/status; false when there is no such process or thread any more. */
static bool read_status(int directory, const char *name, char *status, size_t size) {
  char path[64];
  snprintf(path, sizeof path, "%.40s/status", name);
  int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t length = read(fd, status, size - 1);
  close(fd);
  status[length < 0 ? 0 : length] = '\0';
  return length > 0;
}

static char state_in(const char *status) {
  const char *letter = strstr(status, "\nState:\t");
  return letter == NULL ? '?' : letter[8];
}

/* What one thread is about. What is pending for the process counts with every thread that does not block it. */
static void count_thread(struct census *census, const char *status) {
  char is = state_in(status);
  uint64_t pending = status_field(status, "\nSigPnd:", 16) | status_field(status, "\nShdPnd:", 16);
  bool takes = (pending & ~status_field(status, "\nSigBlk:", 16)) != 0;
  /* An init sleeps in the middle of its exit, until all members are gone: who has no memory any more is about to end. */
  bool leaves = is != 'Z' && strstr(status, "\nVmSize:") == NULL;
  census->busy += is == 'R' || is == 'D' || leaves || (is != 'Z' && is != 'T' && takes);
  census->switches += status_field(status, "\nvoluntary_ctxt_switches:", 10);
  census->switches += status_field(status, "\nnonvoluntary_ctxt_switches:", 10);
}

static void count_other_threads(struct census *census, const char *process) {
  char path[64], status[4096];
  snprintf(path, sizeof path, "%.40s/task", process);
  int fd = openat(dirfd(state.members), path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *threads = fd < 0 ? NULL : fdopendir(fd);
  if (threads == NULL) return;
  for (struct dirent *entry; (entry = readdir(threads)) != NULL;)
    if (atoi(entry->d_name) > 0 && strcmp(entry->d_name, process) != 0 &&
        read_status(dirfd(threads), entry->d_name, status, sizeof status))
      count_thread(census, status);
  closedir(threads);
}

static struct census take_census(void) {
  struct census census = {0};
  char status[4096];
  rewinddir(state.members);
  for (struct dirent *entry; (entry = readdir(state.members)) != NULL;) {
    if (atoi(entry->d_name) <= 0 || !read_status(dirfd(state.members), entry->d_name, status, sizeof status)) continue;
    census.members++;
    census.zombies += state_in(status) == 'Z';
    count_thread(&census, status);
    if (status_field(status, "\nThreads:", 10) > 1) count_other_threads(&census, entry->d_name);
  }
  return census;
}

static void say_census(long id, const struct census *census) {
  struct line line;
  parent_event(&line, "census");
  line_number(&line, "id", id);
  line_number(&line, "members", census->members);
  line_number(&line, "zombies", census->zombies);
  say(&line);
}

/* What is waited for: that all is quiet, or that nobody is there but so many members, none of them a zombie. */
static struct {
  long id;
  bool quiet;
  long members;
  int64_t until;
  struct census before;
  bool looked;
  /* Milliseconds until the next look. Whoever is looked at needs the one processor, too: it has two thirds of it at least. */
  int pause;
} waiting;

static void wait_for(long id, bool quiet, long members, long ms) {
  waiting.id = id;
  waiting.quiet = quiet;
  waiting.members = members;
  waiting.until = monotonic_ns() + ms * 1000000;
  waiting.looked = false;
  waiting.pause = 10;
}

/* Looks whether it has come, or will not come any more: 1 or 0 is the answer. */
static void look_for_it(void) {
  int64_t start = monotonic_ns();
  struct census now = take_census();
  int took = (int)((monotonic_ns() - start) / 1000000);
  waiting.pause = took > 5 ? 2 * took : 10;
  bool same = waiting.looked && now.switches == waiting.before.switches && now.members == waiting.before.members;
  bool come = waiting.quiet ? same && now.busy == 0 && waiting.before.busy == 0
                            : now.zombies == 0 && now.members <= waiting.members;
  waiting.before = now;
  waiting.looked = true;
  if (!come && monotonic_ns() < waiting.until) return;
  pass_events();
  say_census(waiting.id, &now);
  answer(waiting.id, come);
  waiting.id = 0;
}

#endif
