/* Faults of the processor, abort(3), broken pipes and seccomp(2): signals that nobody sends. */
#ifndef KERNSPEC_ACTOR_FAULTS_H
#define KERNSPEC_ACTOR_FAULTS_H

#include "core.h"
#include <linux/filter.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <stddef.h>

/* crash: writes to address 16, where nothing is mapped */
static void do_crash(char **words, int count, char *block) {
  (void)words, (void)count, (void)block;
  *(volatile int *)16 = 0;
}

/* Faults of x86-64 by inline assembler: a compiler folds a division by zero. */
static void do_fault(char **words, int count, char *block) {
  (void)block;
  if (strcmp(words[1], "divide") == 0) {
    __asm__ volatile("xor %%edx, %%edx; mov $1, %%eax; xor %%ecx, %%ecx; div %%ecx" ::: "eax", "ecx", "edx");
  } else if (strcmp(words[1], "ud2") == 0) {
    __asm__ volatile("ud2");
  } else if (strcmp(words[1], "int3") == 0) {
    __asm__ volatile("int3");
  } else if (strcmp(words[1], "read-only") == 0) {
    char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *(volatile char *)page = 1;
  } else if (strcmp(words[1], "past-end-of-file") == 0) {
    int fd = memfd_create("empty", 0);
    volatile char *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED) die("mmap", error_name(errno));
    (void)page[0];
  } else {
    die("unknown fault", words[1]);
  }
  report(words, count, 0);
}

static void do_abort(char **words, int count, char *block) {
  (void)words, (void)count, (void)block;
  abort();
}

/* broken-pipe: writes to a pipe that nobody can read any more */
static void do_broken_pipe(char **words, int count, char *block) {
  (void)block;
  int ends[2];
  if (pipe(ends) < 0) die("pipe", error_name(errno));
  close(ends[0]);
  long result = write(ends[1], "x", 1);
  int error = errno;
  close(ends[1]);
  errno = error;
  report(words, count, result);
}

/* seccomp CALL kill|kill-thread|trap|errno: a filter for one system call; RET_DATA is 42 */
static void do_seccomp(char **words, int count, char *block) {
  (void)block;
  char name[64];
  snprintf(name, sizeof name, "SYS_%s", words[1]);
  uint32_t action = strcmp(words[2], "kill") == 0          ? SECCOMP_RET_KILL_PROCESS
                    : strcmp(words[2], "kill-thread") == 0 ? SECCOMP_RET_KILL_THREAD
                    : strcmp(words[2], "trap") == 0        ? SECCOMP_RET_TRAP | 42
                                                           : SECCOMP_RET_ERRNO | EPERM;
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)value_of(name), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, action),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  report(words, count, syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
}

/* The program's own instructions. (ld(1), etext(3)) */
extern char __executable_start, etext;

/* user-dispatch CALL: a system call from outside of the program's own text, where these are given back as signals.
 * (prctl(2), PR_SET_SYSCALL_USER_DISPATCH) */
static void do_user_dispatch(char **words, int count, char *block) {
  (void)block;
  static const unsigned char code[] = {0x89, 0xf8, 0x0f, 0x05, 0xc3}; /* mov %edi, %eax; syscall; ret */
  char name[64];
  snprintf(name, sizeof name, "SYS_%s", words[1]);
  unsigned char *outside = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (outside == MAP_FAILED) die("mmap", error_name(errno));
  memcpy(outside, code, sizeof code);
  long (*call)(long);
  memcpy(&call, &outside, sizeof call);
  long start = (long)&__executable_start, result = prctl(59, 1L, start, (long)&etext - start, 0L);
  if (result == 0) {
    call(value_of(name));
    prctl(59, 0L, 0L, 0L, 0L);
  }
  report(words, count, result);
}

/*
 * perf-trap VALUE [none]: a perf event that sends SIGTRAP, with that value, when a variable is written, and then writes it; `none`:
 * does not. (perf_event_open(2): sigtrap, sig_data)
 */
static void do_perf_trap(char **words, int count, char *block) {
  (void)block;
  static volatile uint64_t watched;
  struct perf_event_attr event = {
      .type = PERF_TYPE_BREAKPOINT,
      .size = sizeof event,
      .sample_period = 1,
      .bp_type = HW_BREAKPOINT_W,
      .bp_addr = (uint64_t)(uintptr_t)&watched,
      .bp_len = HW_BREAKPOINT_LEN_8,
      .exclude_kernel = 1,
      .exclude_hv = 1,
      .remove_on_exec = 1,
      .sigtrap = 1,
      .sig_data = (uint64_t)value_of(words[1]),
  };
  long fd = syscall(SYS_perf_event_open, &event, 0, -1, -1, 0UL);
  report(words, count, fd < 0 ? -1 : 0);
  if (fd < 0) return;
  if (count == 2) watched = 1;
  close((int)fd);
}

static const struct verb fault_verbs[] = {
    {"crash", 1, false, do_crash},  {"fault", 2, false, do_fault},
    {"abort", 1, false, do_abort},  {"broken-pipe", 1, false, do_broken_pipe},
    {"seccomp", 3, false, do_seccomp}, {"user-dispatch", 2, false, do_user_dispatch},
    {"perf-trap", 2, false, do_perf_trap},
};

#endif
