/* The command line. */
#ifndef KERNSPEC_CONTAIN_OPTIONS_H
#define KERNSPEC_CONTAIN_OPTIONS_H

#include "../witness.h"
#include "container.h"
#include "mounts.h"

static uint64_t bit(const char *signal) {
  int signo = signal_number(signal);
  errno = EINVAL;
  if (signo < 1 || signo > 64) fail(signal);
  return 1ULL << (signo - 1);
}

static bool flag(const char *word) {
  const struct {
    const char *name;
    bool *value;
  } flags[] = {{"--tty", &wanted.tty},           {"--odd", &wanted.odd},         {"--no-caps", &wanted.no_caps},
               {"--cap-boot", &wanted.cap_boot}, {"--no-proc", &wanted.no_proc}, {"--read-only", &wanted.read_only},
               {"--ahead", &wanted.ahead}};
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
    if (strcmp(word, flags[i].name) == 0) return *flags[i].value = true;
  return false;
}

static void parse(int argc, char **argv) {
  for (int i = 1; i < argc && wanted.argv == NULL; i++) {
    int more = argc - i - 1;
    const char *word = argv[i];
    if (strcmp(word, "--") == 0 && more > 0) wanted.argv = argv + i + 1;
    else if (flag(word)) continue;
    else if (strcmp(word, "--directory") == 0 && more > 0) make_directory(argv[++i]);
    else if (strcmp(word, "--file") == 0 && more > 1 && wanted.directory != NULL) make_file(argv[i + 1], argv[i + 2]), i += 2;
    else if (strcmp(word, "--root") == 0 && more > 0) wanted.root = argv[++i];
    else if (strcmp(word, "--cgroup") == 0 && more > 0) wanted.cgroup = argv[++i];
    else if (strcmp(word, "--cwd") == 0 && more > 0) wanted.cwd = argv[++i];
    else if (strcmp(word, "--input") == 0 && more > 0) wanted.input = argv[++i];
    else if (strcmp(word, "--ignore") == 0 && more > 0) wanted.ignored |= bit(argv[++i]);
    else if (strcmp(word, "--block") == 0 && more > 0) wanted.blocked |= bit(argv[++i]);
    else if (strcmp(word, "--pending") == 0 && more > 0) wanted.pending |= bit(argv[++i]);
    else if (strcmp(word, "--uid") == 0 && more > 0) wanted.uid = atoi(argv[++i]);
    else if (strcmp(word, "--fd") == 0 && more > 0) wanted.fd = atoi(argv[++i]);
    else if (strcmp(word, "--setenv") == 0 && more > 1) setenv(argv[i + 1], argv[i + 2], 1), i += 2;
    else if (strcmp(word, "--kill-after") == 0 && more > 1) {
      wanted.kill_after_us = atol(argv[++i]);
      wanted.kill_signal = signal_number(argv[++i]);
    } else if (strcmp(word, "--bind") == 0 && more > 1 && wanted.bind_count < MAX_BINDS) {
      wanted.binds[wanted.bind_count][0] = argv[++i];
      wanted.binds[wanted.bind_count++][1] = argv[++i];
    } else {
      errno = EINVAL;
      fail(word);
    }
  }
  errno = EINVAL;
  if (wanted.argv == NULL) fail("usage");
}

#endif
