/* Processes and threads: fork(2), clone3(2), pthread_create(3), execve(2), wait(2), prctl(2), sessions and groups. */
#ifndef KERNSPEC_ACTOR_PROCESSES_H
#define KERNSPEC_ACTOR_PROCESSES_H

#include "signals.h"

/* --- birth ---------------------------------------------------------------------------------------------------------------- */

static void live_as(const char *name, char *block) __attribute__((noreturn));
static void live_as(const char *name, char *block) {
  set_name(event_who, name);
  /* What its parent keeps quiet about is not its own story. */
  event_mute = 0;
  execute(block);
  _exit(0);
}

/* Waits until the parent has written down who we are, so that it knows us by name whatever we send it. */
static void await_registration(int fd) {
  char byte;
  while (read(fd, &byte, 1) < 0 && errno == EINTR) continue;
  close(fd);
}

/* fork NAME { … } */
static void do_fork(char **words, int count, char *block) {
  int registered[2];
  if (pipe2(registered, O_CLOEXEC) < 0) die("pipe", error_name(errno));
  pid_t pid = fork();
  if (pid == 0) {
    close(registered[1]);
    await_registration(registered[0]);
    live_as(words[1], block);
  }
  int error = errno;
  add_child(words[1], pid > 0 ? pid : NOBODY);
  if (write(registered[1], "!", 1) != 1) die("pipe", error_name(errno));
  close(registered[1]);
  close(registered[0]);
  errno = error;
  report(words, count, pid);
}

/* The structure of clone3(2), whatever this computer's headers know. (include/uapi/linux/sched.h) */
struct clone_arguments {
  uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

/*
 * clone NAME FLAGS [exit SIG|0] [pid N] [cgroup FD] { … }: clone3(2) that copies memory, as fork does. With CLONE_PIDFD the
 * descriptor is $NAME.
 */
static void do_clone(char **words, int count, char *block) {
  int pidfd = -1;
  pid_t wanted;
  struct clone_arguments arguments = {.flags = (uint64_t)value_of(words[2]), .exit_signal = SIGCHLD};
  if (arguments.flags & 0x1000) arguments.pidfd = (uint64_t)(uintptr_t)&pidfd;
  for (int i = 3; i + 1 < count; i += 2) {
    if (strcmp(words[i], "exit") == 0)
      arguments.exit_signal = (uint64_t)value_of(words[i + 1]);
    else if (strcmp(words[i], "cgroup") == 0)
      arguments.cgroup = (uint64_t)value_of(words[i + 1]);
    else if (strcmp(words[i], "pid") == 0) {
      wanted = (pid_t)value_of(words[i + 1]);
      arguments.set_tid = (uint64_t)(uintptr_t)&wanted;
      arguments.set_tid_size = 1;
    } else
      die("clone knows no", words[i]);
  }
  long pid = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (pid == 0) live_as(words[1], block);
  int error = errno;
  add_child(words[1], pid > 0 ? (pid_t)pid : NOBODY);
  if (pid > 0 && pidfd >= 0) set_variable(words[1], pidfd);
  errno = error;
  report(words, count, pid);
}

struct life {
  const char *name;
  char *block;
};

static int live(void *argument) {
  const struct life *life = argument;
  live_as(life->name, life->block);
}

/* A vfork child that shares more than memory; on a stack of its own, since it returns from the call first. (clone(2)) */
static pid_t vfork_sharing(long flags, const char *name, char *block) {
  static char stack[1 << 16] __attribute__((aligned(16)));
  struct life life = {name, block};
  return clone(live, stack + sizeof stack, CLONE_VM | CLONE_VFORK | (int)flags | SIGCHLD, &life);
}

/* vfork NAME [FLAGS] { … }: the child works in the memory of its parent, which has its own name back afterwards */
static void do_vfork(char **words, int count, char *block) {
  static __thread char own[sizeof event_who];
  memcpy(own, event_who, sizeof own);
  pid_t pid = count > 2 ? vfork_sharing(value_of(words[2]), words[1], block) : vfork();
  if (pid == 0) live_as(words[1], block);
  memcpy(event_who, own, sizeof own);
  if (pid > 0) add_child(words[1], pid);
  report(words, count, pid > 0 ? 0 : pid);
}

static struct {
  char name[NAME_SIZE];
  pthread_t thread;
  char *block;
  uint32_t started;
} threads[MAX_NAMES];
static int thread_count;

static void *live_as_thread(void *argument) {
  int at = (int)(intptr_t)argument;
  set_name(event_who, threads[at].name);
  add_child(threads[at].name, (pid_t)syscall(SYS_gettid));
  __atomic_store_n(&threads[at].started, 1, __ATOMIC_SEQ_CST);
  syscall(SYS_futex, &threads[at].started, FUTEX_WAKE, 1, NULL, NULL, 0);
  execute(threads[at].block);
  return NULL;
}

/* thread NAME { … }: pthread_create(3); NAME then means its tid. Returns when it runs. */
static void do_thread(char **words, int count, char *block) {
  if (thread_count == MAX_NAMES) die("too many threads", words[1]);
  int at = thread_count++;
  set_name(threads[at].name, words[1]);
  threads[at].block = block;
  errno = pthread_create(&threads[at].thread, NULL, live_as_thread, (void *)(intptr_t)at);
  if (errno != 0) {
    thread_count--;
    report(words, count, -1);
    return;
  }
  while (__atomic_load_n(&threads[at].started, __ATOMIC_SEQ_CST) == 0)
    syscall(SYS_futex, &threads[at].started, FUTEX_WAIT, 0, NULL, NULL, 0);
  report(words, count, 0);
}

/* join NAME: pthread_join(3) */
static void do_join(char **words, int count, char *block) {
  (void)block;
  for (int i = thread_count - 1; i >= 0; i--) {
    if (strcmp(threads[i].name, words[1]) != 0) continue;
    errno = pthread_join(threads[i].thread, NULL);
    report(words, count, errno == 0 ? 0 : -1);
    return;
  }
  errno = ESRCH;
  report(words, count, -1);
}

/* exec PROGRAM [ARGUMENT…] */
static void do_exec(char **words, int count, char *block) {
  (void)block;
  words[count] = NULL;
  execvp(words[1], words + 1);
  report(words, count, -1);
}

/* exec-actor { … }: a new image of this program, under the same name; gates are kept */
static void do_exec_actor(char **words, int count, char *block) {
  execl("/proc/self/exe", "actor", "--as", event_who, block, (char *)NULL);
  report(words, count, -1);
}

/* --- death ---------------------------------------------------------------------------------------------------------------- */

static void do_exit(char **words, int count, char *block) {
  (void)count, (void)block;
  _exit((int)value_of(words[1]));
}

/* exit-thread N: exit(2) of the calling thread alone */
static void do_exit_thread(char **words, int count, char *block) {
  (void)count, (void)block;
  syscall(SYS_exit, (int)value_of(words[1]));
}

/* What wait(2) says, in words: `exit 3`, `SIGKILL`, `SIGSEGV (core dumped)`, `stopped by SIGSTOP`, `continued`. */
static void append_status(char *text, size_t size, int status) {
  if (WIFEXITED(status)) {
    append(text, size, "exit ");
    append_number(text, size, WEXITSTATUS(status));
  } else if (WIFCONTINUED(status)) {
    append(text, size, "continued");
  } else {
    append(text, size, WIFSTOPPED(status) ? "stopped by SIG" : "SIG");
    append_signal(text, size, WIFSTOPPED(status) ? WSTOPSIG(status) : WTERMSIG(status));
    if (WIFSTOPPED(status) && status >> 16 != 0) append(text, size, " event "), append_number(text, size, status >> 16);
    if (WIFSIGNALED(status) && WCOREDUMP(status)) append(text, size, " (core dumped)");
  }
}

/* wait NAME|any|PID [OPTIONS]: wait4(2), again when a handler interrupts it; the event has the raw word of status, too */
static long wait_and_report(char **words, int count, pid_t pid, int options) {
  int status = 0;
  long result;
  do result = syscall(SYS_wait4, pid, &status, options, NULL);
  while (result < 0 && errno == EINTR);
  if (result <= 0) {
    report(words, count, result);
    return result;
  }
  struct line line;
  char text[128] = "";
  append_status(text, sizeof text, status);
  event_open(&line, "wait");
  line_string(&line, "about", name_of((pid_t)result));
  line_number(&line, "result", result);
  line_string(&line, "text", text);
  line_number(&line, "status", status);
  event_close(&line);
  return result;
}

static void do_wait(char **words, int count, char *block) {
  (void)block;
  pid_t pid = strcmp(words[1], "any") == 0 ? -1 : (pid_t)value_of(words[1]);
  wait_and_report(words, count, pid, count > 2 ? (int)value_of(words[2]) : 0);
}

/* wait-raw NAME [OPTIONS]: the word of status that wait4(2) gives */
static void do_wait_raw(char **words, int count, char *block) {
  (void)block;
  int status = 0;
  char text[32] = "";
  if (syscall(SYS_wait4, value_of(words[1]), &status, count > 2 ? value_of(words[2]) : 0, NULL) <= 0) {
    report(words, count, -1);
    return;
  }
  append_hexadecimal(text, sizeof text, (uint64_t)(unsigned)status);
  report_text(words, count, text);
}

/* children-cpu MS: whether the children that were waited for have had so much of the processor. (getrusage(2)) */
static void do_children_cpu(char **words, int count, char *block) {
  (void)block;
  struct rusage usage;
  getrusage(RUSAGE_CHILDREN, &usage);
  long user = usage.ru_utime.tv_sec * 1000 + usage.ru_utime.tv_usec / 1000;
  long system = usage.ru_stime.tv_sec * 1000 + usage.ru_stime.tv_usec / 1000;
  long ms = count < 3 ? user + system : strcmp(words[2], "user") == 0 ? user : system;
  report_text(words, count, ms < value_of(words[1]) ? "less" : "at least");
}

/* reap: waits for any child until there is none */
static void do_reap(char **words, int count, char *block) {
  (void)block;
  while (wait_and_report(words, count, -1, 0) > 0) continue;
}

/* waitid TYPE ID OPTIONS: what siginfo it gives, in words */
static void do_waitid(char **words, int count, char *block) {
  (void)block;
  siginfo_t info;
  memset(&info, 0xff, sizeof info);
  long result = syscall(SYS_waitid, value_of(words[1]), value_of(words[2]), &info, value_of(words[3]), NULL);
  if (result < 0) {
    report(words, count, result);
    return;
  }
  char text[128] = "";
  if (info.si_signo == 0 && info.si_pid == 0)
    append(text, sizeof text, "nothing");
  else
    append_origin(text, sizeof text, &info);
  report_text(words, count, text);
}

/* --- attributes -------------------------------------------------------------------------------------------------------------- */

static void do_ids(char **words, int count, char *block) {
  (void)block;
  struct line line;
  char text[128] = "ppid ";
  append_number(text, sizeof text, getppid());
  append(text, sizeof text, " pgrp ");
  append_number(text, sizeof text, getpgrp());
  append(text, sizeof text, " sid ");
  append_number(text, sizeof text, getsid(0));
  open_report(&line, words, count);
  line_number(&line, "result", 0);
  line_string(&line, "text", text);
  line_number(&line, "ppid", getppid());
  line_number(&line, "pgrp", getpgrp());
  line_number(&line, "sid", getsid(0));
  event_close(&line);
}

/* parent: who getppid(2) says it is: `1`, `0`, or the name of a process */
static void do_parent(char **words, int count, char *block) {
  (void)block;
  char text[32] = "";
  pid_t parent = getppid();
  for (int i = child_count - 1; i >= 0 && *text == '\0'; i--)
    if (children[i].pid == parent) append(text, sizeof text, children[i].name);
  if (*text == '\0') append_number(text, sizeof text, parent);
  report_text(words, count, text);
}

/* same: whether the caller is the main thread of its process · same-as PID: whether it has that pid */
static void do_same(char **words, int count, char *block) {
  (void)block;
  report_text(words, count, syscall(SYS_gettid) == getpid() ? "pid is tid" : "pid is not tid");
}

static void do_same_as(char **words, int count, char *block) {
  (void)block;
  report_text(words, count, value_of(words[1]) == getpid() ? "yes" : "no");
}

/* until-gone NAME: looks until there is no such process, zombies included */
static void do_until_gone(char **words, int count, char *block) {
  (void)block;
  pid_t pid = child_pid(words[1]);
  while (pid != NOBODY && state_of(pid) != '-') sched_yield();
  report_text(words, count, pid != NOBODY ? "gone" : "never was");
}

/* children-of PID > NAME: the first of its children, by its number here. (proc_pid_task(5)) */
static void do_children_of(char **words, int count, char *block) {
  (void)block;
  char path[64], text[512];
  long pid = value_of(words[1]);
  snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", pid, pid);
  if (slurp(path, text, sizeof text) <= 0) die("it has no children", words[1]);
  report(words, count, atol(text));
}

static void do_setsid(char **words, int count, char *block) {
  (void)block;
  long result = setsid();
  report(words, count, result > 0 ? 0 : result);
}

/* setpgid [PID PGID]: (0, 0) unless told */
static void do_setpgid(char **words, int count, char *block) {
  (void)block;
  pid_t pid = count > 1 ? (pid_t)value_of(words[1]) : 0;
  report(words, count, setpgid(pid, count > 2 ? (pid_t)value_of(words[2]) : 0));
}

/* subreaper [0|1] */
static void do_subreaper(char **words, int count, char *block) {
  (void)block;
  report(words, count, prctl(PR_SET_CHILD_SUBREAPER, count > 1 ? value_of(words[1]) : 1));
}

/* subreaper?: PR_GET_CHILD_SUBREAPER */
static void do_is_subreaper(char **words, int count, char *block) {
  (void)block;
  int is = -1;
  prctl(PR_GET_CHILD_SUBREAPER, &is);
  report(words, count, is);
}

/* pdeathsig SIG|0: PR_SET_PDEATHSIG · pdeathsig: which it is */
static void do_pdeathsig(char **words, int count, char *block) {
  (void)block;
  if (count > 1) {
    report(words, count, prctl(PR_SET_PDEATHSIG, value_of(words[1])));
    return;
  }
  int signo = 0;
  char text[16] = "";
  prctl(PR_GET_PDEATHSIG, &signo);
  append_signal(text, sizeof text, signo);
  report_text(words, count, text);
}

/* limit RLIMIT_X SOFT [HARD]: setrlimit(2); a hard limit as it is unless told */
static void do_limit(char **words, int count, char *block) {
  (void)block;
  struct rlimit limit;
  int resource = (int)value_of(words[1]);
  getrlimit(resource, &limit);
  limit.rlim_cur = (rlim_t)value_of(words[2]);
  if (count > 3) limit.rlim_max = (rlim_t)value_of(words[3]);
  report(words, count, setrlimit(resource, &limit));
}

/* call NAME [NUMBER…]: any system call whose arguments are numbers */
static void do_call(char **words, int count, char *block) {
  (void)block;
  char name[64];
  long arguments[6] = {0};
  if (count > 8) die("a system call has six arguments", words[1]);
  snprintf(name, sizeof name, "SYS_%s", words[1]);
  for (int i = 2; i < count; i++) arguments[i - 2] = value_of(words[i]);
  report(words, count,
         syscall(value_of(name), arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]));
}

static const struct verb process_verbs[] = {
    {"fork", 2, true, do_fork},
    {"clone", 3, true, do_clone},
    {"vfork", 2, true, do_vfork},
    {"thread", 2, true, do_thread},
    {"join", 2, false, do_join},
    {"exec", 2, false, do_exec},
    {"exec-actor", 1, true, do_exec_actor},
    {"exit", 2, false, do_exit},
    {"exit-thread", 2, false, do_exit_thread},
    {"wait", 2, false, do_wait},
    {"wait-raw", 2, false, do_wait_raw},
    {"children-cpu", 2, false, do_children_cpu},
    {"waitid", 4, false, do_waitid},
    {"reap", 1, false, do_reap},
    {"ids", 1, false, do_ids},
    {"parent", 1, false, do_parent},
    {"same", 1, false, do_same},
    {"same-as", 2, false, do_same_as},
    {"until-gone", 2, false, do_until_gone},
    {"children-of", 2, false, do_children_of},
    {"setsid", 1, false, do_setsid},
    {"setpgid", 1, false, do_setpgid},
    {"subreaper", 1, false, do_subreaper},
    {"subreaper?", 1, false, do_is_subreaper},
    {"pdeathsig", 1, false, do_pdeathsig},
    {"limit", 3, false, do_limit},
    {"call", 2, false, do_call},
};

#endif
