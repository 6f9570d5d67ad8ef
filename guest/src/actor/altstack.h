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

static volatile uintptr_t frame_begin;

/* The frame begins with the address that the handler returns to. (arch/x86/include/asm/sigframe.h, struct rt_sigframe) */
static void note_frame(int signo, siginfo_t *info, void *context) {
  (void)signo, (void)info, (void)context;
  frame_begin = (uintptr_t)__builtin_frame_address(0) + sizeof(void *);
}

/* minsigstksz: whether the kernel tells AT_MINSIGSTKSZ (51) in the auxiliary vector, and whether the frame of a handler fits in */
static void do_minsigstksz(char **words, int count, char *block) {
  (void)block;
  static char stack[1 << 16] __attribute__((aligned(16)));
  stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  struct sigaction action = {.sa_sigaction = note_frame, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  if (sigaltstack(&alternate, NULL) < 0 || sigaction(SIGUSR1, &action, NULL) < 0) die("minsigstksz", error_name(errno));
  raise(SIGUSR1);
  uintptr_t used = (uintptr_t)stack + sizeof stack - frame_begin;
  unsigned long size = getauxval(51);
  report_text(words, count, size == 0 ? "absent" : used > sizeof stack ? "no frame" : size >= used ? "enough" : "too small");
}

static const struct verb altstack_verbs[] = {
    {"altstack", 3, false, do_altstack},
    {"altstack?", 1, false, do_altstack_state},
    {"overflow", 1, false, do_overflow},
    {"minsigstksz", 1, false, do_minsigstksz},
};

#endif
