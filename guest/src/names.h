/* Names of signals and errors, as signal(7) and errno(3) have them. */
#ifndef KERNSPEC_NAMES_H
#define KERNSPEC_NAMES_H

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  int number;
  const char *name;
} signal_names[] = {
    {SIGHUP, "HUP"},   {SIGINT, "INT"},   {SIGQUIT, "QUIT"}, {SIGILL, "ILL"},       {SIGTRAP, "TRAP"}, {SIGABRT, "ABRT"},
    {SIGBUS, "BUS"},   {SIGFPE, "FPE"},   {SIGKILL, "KILL"}, {SIGUSR1, "USR1"},     {SIGSEGV, "SEGV"}, {SIGUSR2, "USR2"},
    {SIGPIPE, "PIPE"}, {SIGALRM, "ALRM"}, {SIGTERM, "TERM"}, {SIGSTKFLT, "STKFLT"}, {SIGCHLD, "CHLD"}, {SIGCONT, "CONT"},
    {SIGSTOP, "STOP"}, {SIGTSTP, "TSTP"}, {SIGTTIN, "TTIN"}, {SIGTTOU, "TTOU"},     {SIGURG, "URG"},   {SIGXCPU, "XCPU"},
    {SIGXFSZ, "XFSZ"}, {SIGVTALRM, "VTALRM"}, {SIGPROF, "PROF"}, {SIGWINCH, "WINCH"}, {SIGIO, "IO"}, {SIGPWR, "PWR"},
    {SIGSYS, "SYS"},
};

/* The number of a signal named as TERM, or given as a number such as 34; -1 for anything else. */
static inline int signal_number(const char *word) {
  char *end;
  long number = strtol(word, &end, 10);
  if (*word != '\0' && *end == '\0') return (int)number;
  for (size_t i = 0; i < sizeof signal_names / sizeof *signal_names; i++)
    if (strcmp(word, signal_names[i].name) == 0) return signal_names[i].number;
  return -1;
}

/* TERM for 15; NULL for a number without a name, such as that of a real-time signal. */
static inline const char *name_of_signal(int signo) {
  for (size_t i = 0; i < sizeof signal_names / sizeof *signal_names; i++)
    if (signal_names[i].number == signo) return signal_names[i].name;
  return NULL;
}

/* errno's name, such as EINVAL: strerrorname_np(3), "0" for none. */
static inline const char *error_name(int error) {
  const char *name = strerrorname_np(error);
  return error == 0 ? "0" : name == NULL ? "?" : name;
}

#endif
