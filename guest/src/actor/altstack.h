/* The alternate signal stack: sigaltstack(2). */
#ifndef KERNSPEC_ACTOR_ALTSTACK_H
#define KERNSPEC_ACTOR_ALTSTACK_H

#include "signals.h"
#include <sys/auxv.h>

/* altstack SIZE FLAGS */
static void do_altstack(char **words, int count, char *block) {
  (void)block;
  static __thread char memory[65536];
  stack_t stack = {.ss_sp = memory, .ss_size = (size_t)value_of(words[1]), .ss_flags = (int)value_of(words[2])};
  report(words, count, syscall(SYS_sigaltstack, &stack, NULL));
}

/* altstack?: whether there is one */
static void do_altstack_state(char **words, int count, char *block) {
  (void)block;
  stack_t stack;
  if (syscall(SYS_sigaltstack, NULL, &stack) < 0) {
    report(words, count, -1);
    return;
  }
  report_text(words, count, stack.ss_flags & SS_DISABLE ? "disabled" : "set");
}

/* overflow: calls itself until the stack is used up, which comes long before the end that the compiler wants to see */
static int deepen(volatile int *depth) {
  volatile char frame[1024];
  frame[0] = (char)*depth;
  if ((*depth)++ < 0) return 0;
  return deepen(depth) + frame[0];
}

static void do_overflow(char **words, int count, char *block) {
  (void)block;
  volatile int depth = 0;
  report(words, count, deepen(&depth));
}

/* minsigstksz: whether the kernel tells AT_MINSIGSTKSZ (51) in the auxiliary vector, and whether it is at least 2048 */
static void do_minsigstksz(char **words, int count, char *block) {
  (void)block;
  unsigned long size = getauxval(51);
  report_text(words, count, size == 0 ? "absent" : size >= 2048 ? "enough" : "too small");
}

static const struct verb altstack_verbs[] = {
    {"altstack", 3, false, do_altstack},
    {"altstack?", 1, false, do_altstack_state},
    {"overflow", 1, false, do_overflow},
    {"minsigstksz", 1, false, do_minsigstksz},
};

#endif
