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
 * processes have gone to sleep. Two equal answers without either mean that all are waiting for something from outside.
 */
struct census {
  long members, zombies, busy;
  uint64_t switches;
};

static struct census take_census(void) {
  struct census census = {0};
  rewinddir(state.members);
  for (struct dirent *entry; (entry = readdir(state.members)) != NULL;) {
    if (atoi(entry->d_name) <= 0) continue;
    char path[sizeof entry->d_name + 8], status[4096];
    snprintf(path, sizeof path, "%s/status", entry->d_name);
    int fd = openat(dirfd(state.members), path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    ssize_t length = read(fd, status, sizeof status - 1);
    close(fd);
    if (length <= 0) continue;
    status[length] = '\0';
    const char *letter = strstr(status, "\nState:\t");
    char is = letter == NULL ? '?' : letter[8];
    census.members++;
    census.zombies += is == 'Z';
    uint64_t pending = status_field(status, "\nSigPnd:", 16) | status_field(status, "\nShdPnd:", 16);
    bool takes = (pending & ~status_field(status, "\nSigBlk:", 16)) != 0;
    census.busy += is == 'R' || is == 'D' || (is != 'Z' && is != 'T' && takes);
    census.switches += status_field(status, "\nvoluntary_ctxt_switches:", 10);
    census.switches += status_field(status, "\nnonvoluntary_ctxt_switches:", 10);
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
} waiting;

static void wait_for(long id, bool quiet, long members, long ms) {
  waiting.id = id;
  waiting.quiet = quiet;
  waiting.members = members;
  waiting.until = monotonic_ns() + ms * 1000000;
  waiting.looked = false;
}

/* Looks whether it has come, or will not come any more: 1 or 0 is the answer. */
static void look_for_it(void) {
  struct census now = take_census();
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
