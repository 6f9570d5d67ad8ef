/* Terminals: a pty, whose controlling terminal it is, its foreground group, what is typed on it. */
#ifndef KERNSPEC_ACTOR_TERMINALS_H
#define KERNSPEC_ACTOR_TERMINALS_H

#include "processes.h"
#include <sys/ioctl.h>
#include <termios.h>

/* pty NAME: $NAME.m and $NAME.s, the two ends of a new one that controls nobody yet. (ioctl_tty(2), TIOCGPTPEER) */
static void do_pty(char **words, int count, char *block) {
  (void)block;
  char name[NAME_SIZE + 2];
  int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), unlocked = 0;
  int slave = master < 0 || ioctl(master, TIOCSPTLCK, &unlocked) < 0 ? -1 : ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
  if (slave >= 0) {
    snprintf(name, sizeof name, "%s.m", words[1]);
    set_variable(name, master);
    snprintf(name, sizeof name, "%s.s", words[1]);
    set_variable(name, slave);
  }
  report(words, count, slave < 0 ? -1 : 0);
}

/* controlling FD: makes it the controlling terminal of the caller's session */
static void do_controlling(char **words, int count, char *block) {
  (void)block;
  report(words, count, ioctl((int)value_of(words[1]), TIOCSCTTY, 0));
}

/* foreground FD PGRP: tcsetpgrp(3), by a caller that ignores SIGTTOU */
static void do_foreground(char **words, int count, char *block) {
  (void)block;
  pid_t group = (pid_t)value_of(words[2]);
  report(words, count, ioctl((int)value_of(words[1]), TIOCSPGRP, &group));
}

/* type FD C|Z|\: types the control character on the master, and waits until the terminal has shown it: its signal is sent
 * before that. (n_tty_receive_signal_char()) */
static void do_type(char **words, int count, char *block) {
  (void)block;
  char typed = (char)(words[2][0] & 0x1f), shown = 0;
  int master = (int)value_of(words[1]);
  long result = write(master, &typed, 1);
  while (result > 0 && shown != words[2][0]) result = read(master, &shown, 1);
  report(words, count, result < 0 ? -1 : 0);
}

/* tostop FD: writing from the background is a reason for SIGTTOU */
static void do_tostop(char **words, int count, char *block) {
  (void)block;
  struct termios settings;
  int terminal = (int)value_of(words[1]), result = tcgetattr(terminal, &settings);
  settings.c_lflag |= TOSTOP;
  report(words, count, result < 0 ? result : ioctl(terminal, TCSETS, &settings));
}

/* tty-read FD · tty-write FD: one byte; how many there were */
static void do_tty_read(char **words, int count, char *block) {
  (void)block;
  char byte;
  report(words, count, read((int)value_of(words[1]), &byte, 1));
}

static void do_tty_write(char **words, int count, char *block) {
  (void)block;
  report(words, count, write((int)value_of(words[1]), "x", 1));
}

static const struct verb terminal_verbs[] = {
    {"pty", 2, false, do_pty},       {"controlling", 2, false, do_controlling}, {"foreground", 3, false, do_foreground},
    {"type", 3, false, do_type},     {"tostop", 2, false, do_tostop},           {"tty-read", 2, false, do_tty_read},
    {"tty-write", 2, false, do_tty_write},
};

#endif
