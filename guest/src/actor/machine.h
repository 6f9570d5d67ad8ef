/* What concerns the whole machine: memory, Ctrl-Alt-Del. */
#ifndef KERNSPEC_ACTOR_MACHINE_H
#define KERNSPEC_ACTOR_MACHINE_H

#include "core.h"
#include <sys/reboot.h>

/* hog MIB: takes so much memory and touches every page of it */
static void do_hog(char **words, int count, char *block) {
  (void)block;
  size_t size = (size_t)value_of(words[1]) << 20;
  char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) die("mmap", error_name(errno));
  memset(memory, 1, size);
  report(words, count, 0);
}

/* cad on|off: what Ctrl-Alt-Del does from now on. This reboot(2) only sets it, and restarts nothing. */
static void do_cad(char **words, int count, char *block) {
  (void)block;
  report(words, count, reboot(strcmp(words[1], "on") == 0 ? RB_ENABLE_CAD : RB_DISABLE_CAD));
}

static const struct verb machine_verbs[] = {
    {"hog", 2, false, do_hog},
    {"cad", 2, false, do_cad},
};

#endif
