/*
 * Calls that block: something to block on, the call itself and how it has ended, and a look from outside that tells when a
 * process sleeps in it. (signal(7), "Interruption of system calls and library functions by signal handlers")
 */
#ifndef KERNSPEC_ACTOR_BLOCKING_H
#define KERNSPEC_ACTOR_BLOCKING_H

#include "files.h"
#include "processes.h"
#include <linux/aio_abi.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <mqueue.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/ioctl.h>
#include <sys/msg.h>
#include <sys/ptrace.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>

/* Seconds that no script lives to see the end of. */
#define FOR_EVER 1000

/* --- something to block on ------------------------------------------------------------------------------------------------ */

/* As much as fits, by writing until it would block. */
static void fill(int fd) {
  char bytes[4096] = {0};
  int flags = fcntl(fd, F_GETFL);
  fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  while (write(fd, bytes, sizeof bytes) > 0) continue;
  while (write(fd, bytes, 1) > 0) continue;
  fcntl(fd, F_SETFL, flags);
}

static void name_pair(const char *name, const int *pair) {
  char other[NAME_SIZE * 2];
  snprintf(other, sizeof other, "%s-w", name);
  set_variable(name, pair[0]);
  set_variable(other, pair[1]);
}

static int unix_listener(void) {
  struct sockaddr_un any = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  /* An address without a name: the kernel chooses an abstract one. A queue of length 0 has room for one. */
  if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof any.sun_family) < 0 || listen(fd, 0) < 0) return -1;
  return fd;
}

static long connect_to(int fd, int listener) {
  struct sockaddr_un address;
  socklen_t size = sizeof address;
  if (getsockname(listener, (struct sockaddr *)&address, &size) < 0) return -1;
  return connect(fd, (struct sockaddr *)&address, size);
}

static int message_queue(void) {
  char name[32];
  struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 16};
  snprintf(name, sizeof name, "kernspec-%d", getpid());
  int fd = (int)syscall(SYS_mq_open, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, &attributes);
  syscall(SYS_mq_unlink, name);
  return fd;
}

/*
 * channel KIND NAME [OF]: pipe, small-pipe (4096 bytes), full-pipe, socket, full-socket: $NAME to read, $NAME-w to write ·
 * listener, full-listener, client, eventfd, timerfd, inotify, epoll OF, file, mqueue: a descriptor · messages, semaphore: an
 * identifier of System V · aio
 */
static void do_channel(char **words, int count, char *block) {
  (void)block;
  const char *kind = words[1], *name = words[2];
  int pair[2] = {-1, -1};
  long result = -1;
  if (strstr(kind, "pipe") != NULL) {
    result = pipe2(pair, O_CLOEXEC);
    if (strcmp(kind, "pipe") != 0) fcntl(pair[1], F_SETPIPE_SZ, 4096);
    if (strcmp(kind, "full-pipe") == 0) fill(pair[1]);
    name_pair(name, pair);
  } else if (strcmp(kind, "socket") == 0 || strcmp(kind, "full-socket") == 0) {
    result = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
    if (strcmp(kind, "full-socket") == 0) fill(pair[1]);
    name_pair(name, pair);
  } else {
    if (strcmp(kind, "listener") == 0) {
      result = unix_listener();
    } else if (strcmp(kind, "full-listener") == 0) {
      result = unix_listener();
      connect_to(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), (int)result);
    } else if (strcmp(kind, "client") == 0) {
      result = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    } else if (strcmp(kind, "eventfd") == 0) {
      result = eventfd(0, EFD_CLOEXEC);
    } else if (strcmp(kind, "timerfd") == 0) {
      result = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    } else if (strcmp(kind, "inotify") == 0) {
      result = inotify_init1(IN_CLOEXEC);
      if (inotify_add_watch((int)result, "/proc/self/exe", IN_OPEN) < 0) result = -1;
    } else if (strcmp(kind, "epoll") == 0 && count > 3) {
      struct epoll_event event = {.events = EPOLLIN};
      result = epoll_create1(EPOLL_CLOEXEC);
      if (epoll_ctl((int)result, EPOLL_CTL_ADD, (int)value_of(words[3]), &event) < 0) result = -1;
    } else if (strcmp(kind, "file") == 0) {
      result = memfd_create("kernspec", MFD_CLOEXEC);
    } else if (strcmp(kind, "mqueue") == 0) {
      result = message_queue();
    } else if (strcmp(kind, "messages") == 0) {
      result = msgget(IPC_PRIVATE, 0600);
    } else if (strcmp(kind, "semaphore") == 0) {
      result = semget(IPC_PRIVATE, 1, 0600);
    } else if (strcmp(kind, "aio") == 0) {
      aio_context_t context = 0;
      result = syscall(SYS_io_setup, 1, &context);
      if (result == 0) set_variable(name, (long)context);
    } else {
      die("channel knows no", kind);
    }
    if (result >= 0 && strcmp(kind, "aio") != 0) set_variable(name, result);
  }
  report(words, count, result < 0 ? result : 0);
}

/* impatient FD: SO_RCVTIMEO and SO_SNDTIMEO of a socket, far away */
static void do_impatient(char **words, int count, char *block) {
  (void)block;
  struct timeval time = {.tv_sec = FOR_EVER};
  int fd = (int)value_of(words[1]);
  long result = setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
  if (result == 0) result = setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time);
  report(words, count, result);
}

/* --- the calls --------------------------------------------------------------------------------------------------------------- */

/* How a call has ended; `rest` is the time that it says it has left over, in ns, -1 without. */
struct outcome {
  long result;
  char text[128];
  int64_t rest;
};

static int64_t ns_of(struct timespec time) { return time.tv_sec * 1000000000L + time.tv_nsec; }

static struct timespec milliseconds(const char *word) {
  long ms = value_of(word);
  return (struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
}

/* Bytes that were received: as they are when they can be printed. */
static void show_bytes(struct outcome *outcome, const char *bytes) {
  bool printable = outcome->result > 0 && outcome->result < 64;
  for (long i = 0; printable && i < outcome->result; i++) printable = isgraph((unsigned char)bytes[i]);
  if (printable)
    snprintf(outcome->text, sizeof outcome->text, "%.*s", (int)outcome->result, bytes);
  else if (outcome->result >= 0)
    snprintf(outcome->text, sizeof outcome->text, "%ld bytes", outcome->result);
}

static void show_events(struct outcome *outcome, unsigned events) {
  if (outcome->result > 0)
    snprintf(outcome->text, sizeof outcome->text, "%s%s%s%s", events & POLLIN ? "in" : "", events & POLLOUT ? "out" : "",
             events & POLLHUP ? "hup" : "", events & POLLERR ? "err" : "");
}

/* N bytes, each an x, in memory of their own. */
static char *bytes_to_send(size_t size) {
  static char *bytes;
  static size_t have;
  if (have < size) bytes = realloc(bytes, have = size);
  if (bytes == NULL) die("no memory", "");
  return memset(bytes, 'x', size);
}

static void enter_transfer(char **words, const char *call, struct outcome *outcome) {
  static char bytes[1 << 18];
  int fd = (int)value_of(words[2]);
  if (strcmp(call, "read") == 0 || strcmp(call, "recv") == 0) {
    outcome->result = call[2] == 'a' ? read(fd, bytes, sizeof bytes) : recv(fd, bytes, sizeof bytes, 0);
    show_bytes(outcome, bytes);
  } else {
    size_t size = (size_t)value_of(words[3]);
    char *out = bytes_to_send(size);
    outcome->result = strcmp(call, "write") == 0 ? write(fd, out, size) : send(fd, out, size, 0);
  }
}

static void enter_sleep(char **words, const char *call, struct outcome *outcome) {
  struct timespec wanted = milliseconds(words[2]), rest = {-1, 0}, now;
  if (strcmp(call, "nanosleep") == 0) {
    outcome->result = syscall(SYS_nanosleep, &wanted, &rest);
  } else if (strcmp(call, "clock_nanosleep") == 0) {
    outcome->result = syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &wanted, &rest);
  } else {
    clock_gettime(CLOCK_MONOTONIC, &now);
    wanted.tv_sec += now.tv_sec;
    wanted.tv_nsec += now.tv_nsec;
    if (wanted.tv_nsec >= 1000000000) wanted.tv_sec++, wanted.tv_nsec -= 1000000000;
    outcome->result = syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &wanted, &rest);
  }
  if (rest.tv_sec >= 0) outcome->rest = ns_of(rest);
}

static void enter_multiplex(char **words, int count, const char *call, struct outcome *outcome) {
  int fd = (int)value_of(words[2]);
  struct timespec time = {.tv_sec = FOR_EVER};
  uint64_t mask = signal_set(words, 3, count);
  if (strstr(call, "poll") != NULL && call[0] != 'e') {
    struct pollfd wanted = {.fd = fd, .events = POLLIN};
    if (strcmp(call, "poll") == 0) {
      outcome->result = syscall(SYS_poll, &wanted, 1, FOR_EVER * 1000);
    } else {
      outcome->result = syscall(SYS_ppoll, &wanted, 1, &time, &mask, sizeof mask);
      outcome->rest = ns_of(time);
    }
    show_events(outcome, (unsigned)wanted.revents);
  } else if (call[0] == 'e') {
    struct epoll_event event = {0};
    outcome->result = strcmp(call, "epoll_wait") == 0
                          ? syscall(SYS_epoll_wait, fd, &event, 1, FOR_EVER * 1000)
                          : syscall(SYS_epoll_pwait, fd, &event, 1, FOR_EVER * 1000, &mask, sizeof mask);
    show_events(outcome, event.events);
  } else {
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fd, &set);
    if (strcmp(call, "select") == 0) {
      struct timeval old = {.tv_sec = FOR_EVER};
      outcome->result = syscall(SYS_select, fd + 1, &set, NULL, NULL, &old);
      outcome->rest = old.tv_sec * 1000000000L + old.tv_usec * 1000L;
    } else {
      struct {
        const uint64_t *mask;
        size_t size;
      } with = {&mask, sizeof mask};
      outcome->result = syscall(SYS_pselect6, fd + 1, &set, NULL, NULL, &time, &with);
      outcome->rest = ns_of(time);
    }
    show_events(outcome, outcome->result > 0 && FD_ISSET(fd, &set) ? POLLIN : 0);
  }
}

static void enter_ipc(char **words, const char *call, struct outcome *outcome) {
  struct {
    long type;
    char text[1];
  } message = {1, {'m'}};
  struct timespec time = {.tv_sec = FOR_EVER}, end;
  int id = (int)value_of(words[2]);
  clock_gettime(CLOCK_REALTIME, &end);
  end.tv_sec += FOR_EVER;
  if (strcmp(call, "msgrcv") == 0) {
    outcome->result = msgrcv(id, &message, sizeof message.text, 0, 0);
    show_bytes(outcome, message.text);
  } else if (strcmp(call, "msgsnd") == 0) {
    outcome->result = msgsnd(id, &message, sizeof message.text, 0);
  } else if (call[0] == 's') {
    struct sembuf operation = {.sem_op = (short)value_of(words[3])};
    outcome->result = strcmp(call, "semop") == 0 ? syscall(SYS_semop, id, &operation, 1)
                                                 : syscall(SYS_semtimedop, id, &operation, 1, &time);
  } else if (strcmp(call, "mq_receive") == 0 || strcmp(call, "mq_timedreceive") == 0) {
    char text[16];
    outcome->result = syscall(SYS_mq_timedreceive, id, text, sizeof text, NULL, call[3] == 't' ? &end : NULL);
    show_bytes(outcome, text);
  } else {
    outcome->result = syscall(SYS_mq_timedsend, id, "queued", 6, 0, call[3] == 't' ? &end : NULL);
  }
}

static void enter_lock(char **words, const char *call, struct outcome *outcome) {
  int fd = (int)value_of(words[2]);
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  if (strcmp(call, "flock") == 0)
    outcome->result = flock(fd, LOCK_EX);
  else
    outcome->result = fcntl(fd, strcmp(call, "setlkw") == 0 ? F_SETLKW : F_OFD_SETLKW, &lock);
}

/*
 * enter CALL [ARGUMENT…]: a system call that may block, and how it has ended. read, recv FD · write, send FD N · accept FD ·
 * connect FD LISTENER · open PATH FLAGS · wait4, waitid PID · nanosleep, clock_nanosleep, clock_nanosleep-absolute MS ·
 * poll, select, epoll_wait FD · ppoll, pselect6, epoll_pwait FD SIG… (with a mask that blocks these) · pause · futex,
 * futex-timed, futex-until GATE · flock, setlkw, ofd-setlkw FD · msgrcv, msgsnd, mq_receive, mq_timedreceive, mq_send,
 * mq_timedsend ID · semop, semtimedop ID N · sigtimedwait SIG… · io_getevents, io_pgetevents ID. What takes a timeout has one
 * of 1000 s. The event has `rest`: the time left over that the call has told, in ns.
 */
static void do_enter(char **words, int count, char *block) {
  (void)block;
  struct outcome outcome = {.result = -1, .rest = -1};
  const char *call = words[1];
  struct timespec time = {.tv_sec = FOR_EVER}, end;
  clock_gettime(CLOCK_MONOTONIC, &end);
  end.tv_sec += FOR_EVER;
  if (count < 3 && strcmp(call, "pause") != 0) die("enter needs to know what with", call);
  if (strcmp(call, "read") == 0 || strcmp(call, "recv") == 0 || strcmp(call, "write") == 0 || strcmp(call, "send") == 0) {
    enter_transfer(words, call, &outcome);
  } else if (strcmp(call, "accept") == 0) {
    outcome.result = accept4((int)value_of(words[2]), NULL, NULL, SOCK_CLOEXEC);
    if (outcome.result >= 0) strcpy(outcome.text, "a connection");
  } else if (strcmp(call, "connect") == 0) {
    outcome.result = connect_to((int)value_of(words[2]), (int)value_of(words[3]));
  } else if (strcmp(call, "open") == 0) {
    outcome.result = open(path_of(words[2]), (int)value_of(words[3]) | O_CLOEXEC);
    if (outcome.result >= 0) strcpy(outcome.text, "open");
  } else if (strcmp(call, "wait4") == 0) {
    int status = 0;
    outcome.result = syscall(SYS_wait4, value_of(words[2]), &status, 0, NULL);
    if (outcome.result > 0) append_status(outcome.text, sizeof outcome.text, status);
  } else if (strcmp(call, "waitid") == 0) {
    siginfo_t info = {0};
    outcome.result = syscall(SYS_waitid, P_PID, value_of(words[2]), &info, WEXITED, NULL);
    if (outcome.result == 0) append_origin(outcome.text, sizeof outcome.text, &info);
  } else if (strstr(call, "nanosleep") != NULL) {
    enter_sleep(words, call, &outcome);
  } else if (strstr(call, "poll") != NULL || strstr(call, "select") != NULL) {
    enter_multiplex(words, count, call, &outcome);
  } else if (strcmp(call, "pause") == 0) {
    outcome.result = syscall(SYS_pause);
  } else if (strcmp(call, "futex") == 0) {
    outcome.result = syscall(SYS_futex, gate(words[2]), FUTEX_WAIT, 0, NULL, NULL, 0);
  } else if (strcmp(call, "futex-timed") == 0) {
    outcome.result = syscall(SYS_futex, gate(words[2]), FUTEX_WAIT, 0, &time, NULL, 0);
  } else if (strcmp(call, "futex-until") == 0) {
    outcome.result = syscall(SYS_futex, gate(words[2]), FUTEX_WAIT_BITSET, 0, &end, NULL, FUTEX_BITSET_MATCH_ANY);
  } else if (strcmp(call, "flock") == 0 || strstr(call, "setlkw") != NULL) {
    enter_lock(words, call, &outcome);
  } else if (strcmp(call, "sigtimedwait") == 0) {
    siginfo_t info = {0};
    uint64_t set = signal_set(words, 2, count);
    outcome.result = syscall(SYS_rt_sigtimedwait, &set, &info, &time, sizeof set);
    if (outcome.result > 0) append_signal(outcome.text, sizeof outcome.text, info.si_signo);
  } else if (strcmp(call, "io_getevents") == 0) {
    struct io_event event;
    outcome.result = syscall(SYS_io_getevents, value_of(words[2]), 1, 1, &event, &time);
  } else if (strcmp(call, "io_pgetevents") == 0) {
    struct io_event event;
    outcome.result = syscall(SYS_io_pgetevents, value_of(words[2]), 1, 1, &event, &time, NULL);
  } else if (strncmp(call, "msg", 3) == 0 || strncmp(call, "sem", 3) == 0 || strncmp(call, "mq_", 3) == 0) {
    enter_ipc(words, call, &outcome);
  } else {
    die("enter knows no", call);
  }
  int error = errno;
  struct line line;
  if (outcome.result >= 0 && result_name != NULL) set_variable(result_name, outcome.result);
  open_report(&line, words, count);
  line_number(&line, "result", outcome.result);
  if (outcome.result < 0)
    line_string(&line, "error", error_name(error));
  else if (outcome.text[0] != '\0')
    line_string(&line, "text", outcome.text);
  if (outcome.rest >= 0) line_number(&line, "rest", outcome.rest);
  event_close(&line);
}

/* look EPOLL: epoll_wait(2) that does not wait */
static void do_look(char **words, int count, char *block) {
  (void)block;
  struct outcome outcome = {.result = -1};
  struct epoll_event event = {0};
  outcome.result = epoll_wait((int)value_of(words[1]), &event, 1, 0);
  show_events(&outcome, event.events);
  if (outcome.result > 0)
    report_text(words, count, outcome.text);
  else
    report(words, count, outcome.result);
}

/* sigwait-for MS|bad SIG…: rt_sigtimedwait(2) with a timeout; `bad` has a second of nanoseconds */
static void do_sigwait_for(char **words, int count, char *block) {
  (void)block;
  struct timespec time = {.tv_nsec = 1000000000};
  uint64_t set = signal_set(words, 2, count);
  if (strcmp(words[1], "bad") != 0) time = milliseconds(words[1]);
  long result = syscall(SYS_rt_sigtimedwait, &set, NULL, &time, sizeof set);
  char text[16] = "";
  if (result <= 0) {
    report(words, count, result);
    return;
  }
  append_signal(text, sizeof text, (int)result);
  report_text(words, count, text);
}

/* --- a look from outside ------------------------------------------------------------------------------------------------------- */

static const struct {
  const char *name;
  long number;
} blocking_calls[] = {
#define CALL(name) {#name, SYS_##name}
    CALL(read), CALL(write), CALL(recvfrom), CALL(sendto), CALL(accept4), CALL(connect), CALL(openat), CALL(wait4),
    CALL(waitid), CALL(nanosleep), CALL(clock_nanosleep), CALL(poll), CALL(ppoll), CALL(select), CALL(pselect6),
    CALL(epoll_wait), CALL(epoll_pwait), CALL(pause), CALL(futex), CALL(flock), CALL(fcntl), CALL(msgrcv), CALL(msgsnd),
    CALL(semop), CALL(semtimedop), CALL(mq_timedreceive), CALL(mq_timedsend), CALL(rt_sigtimedwait), CALL(rt_sigsuspend),
    CALL(io_getevents), CALL(io_pgetevents), CALL(restart_syscall), CALL(clone), CALL(exit_group), CALL(personality),
    CALL(rt_sigprocmask), CALL(exit),
#undef CALL
};

/*
 * until-in CALL[,CALL…] TARGET: looks at /proc/PID/syscall until the process sleeps in one of these calls, and says which; "gone"
 * without such a process. (proc_pid_syscall(5): a task that runs shows no number)
 */
static void do_until_in(char **words, int count, char *block) {
  (void)block;
  char path[64], text[256];
  snprintf(path, sizeof path, "/proc/%ld/syscall", value_of(words[2]));
  for (;;) {
    if (slurp(path, text, sizeof text) <= 0) {
      report_text(words, count, "gone");
      return;
    }
    /* One that was woken on another processor and has not run yet still shows the call that it slept in. */
    if (state_of((pid_t)value_of(words[2])) == 'R') {
      sched_yield();
      continue;
    }
    char *end;
    long number = strtol(text, &end, 10);
    for (size_t i = 0; end != text && i < sizeof blocking_calls / sizeof *blocking_calls; i++) {
      if (blocking_calls[i].number != number) continue;
      size_t length = strlen(blocking_calls[i].name);
      for (const char *at = words[1]; at != NULL; at = strchr(at, ',')) {
        if (*at == ',') at++;
        if (strncmp(at, blocking_calls[i].name, length) != 0 || (at[length] != ',' && at[length] != '\0')) continue;
        report_text(words, count, blocking_calls[i].name);
        return;
      }
    }
    sched_yield();
  }
}

static long blocking_number(const char *name) {
  for (size_t i = 0; i < sizeof blocking_calls / sizeof *blocking_calls; i++)
    if (strcmp(blocking_calls[i].name, name) == 0) return blocking_calls[i].number;
  die("no such call", name);
  return -1;
}

/*
 * signal-at-entry CALL SIG { … }: a child `traced` does this, and the first time it enters the call its tracer, this process, sends
 * the signal, which is thus pending when the call begins. In the end: how often it has entered, and how it has ended.
 */
static void do_signal_at_entry(char **words, int count, char *block) {
  long wanted = blocking_number(words[1]);
  int status = 0, entries = 0;
  bool inside = false;
  char text[128] = "";
  pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGSTOP);
    live_as("traced", block);
  }
  add_child("traced", child);
  waitpid(child, &status, 0);
  ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
  for (int signo = 0; ptrace(PTRACE_SYSCALL, child, NULL, (void *)(long)signo) == 0;) {
    if (waitpid(child, &status, 0) < 0 || !WIFSTOPPED(status)) break;
    signo = WSTOPSIG(status);
    if (signo != (SIGTRAP | 0x80)) continue;
    signo = 0;
    inside = !inside;
    /* orig_rax, the number of the call, is the sixteenth of the registers. */
    if (inside && ptrace(PTRACE_PEEKUSER, child, (void *)(15 * sizeof(long)), NULL) == wanted && entries++ == 0)
      kill(child, signal_word(words[2]));
  }
  append_number(text, sizeof text, entries);
  append(text, sizeof text, " entries, ");
  append_status(text, sizeof text, status);
  report_text(words, count, text);
}

/* --- calls that somebody else answers: seccomp_unotify(2) ------------------------------------------------------------------------ */

/*
 * hand-over CALL [killable] > NAME: a filter of this thread that has this call answered through the listener $NAME; `killable`: once
 * it is in somebody's hands, signals that do not kill wait until it is answered. (SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
 */
static void do_hand_over(char **words, int count, char *block) {
  (void)block;
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)blocking_number(words[1]), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  unsigned flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | (count > 2 ? 1u << 5 : 0);
  report(words, count, syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program));
}

/* handed LISTENER > NAME: waits for a call, whose number for the answer is $NAME; `nobody` when nobody is left who could make one */
static void do_handed(char **words, int count, char *block) {
  (void)block;
  struct pollfd listener = {.fd = (int)value_of(words[1]), .events = POLLIN};
  struct seccomp_notif call;
  memset(&call, 0, sizeof call);
  while (poll(&listener, 1, -1) < 0) continue;
  if ((listener.revents & POLLIN) == 0) {
    if (result_name != NULL) set_variable(result_name, 0);
    report_text(words, count, "nobody");
    return;
  }
  long result = ioctl(listener.fd, SECCOMP_IOCTL_NOTIF_RECV, &call);
  int error = errno;
  if (result_name != NULL) set_variable(result_name, (long)call.id);
  result_name = NULL;
  errno = error;
  report(words, count, result < 0 ? -1 : 0);
}

/* answer LISTENER CALL VALUE|go-on: what the call returns · that it may be made */
static void do_answer(char **words, int count, char *block) {
  (void)block;
  struct seccomp_notif_resp response = {.id = (uint64_t)value_of(words[2])};
  if (strcmp(words[3], "go-on") == 0) response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  else response.val = value_of(words[3]);
  report(words, count, ioctl((int)value_of(words[1]), SECCOMP_IOCTL_NOTIF_SEND, &response));
}

/* compute MS: keeps the processor busy until the clock has moved on by so much */
static void do_compute(char **words, int count, char *block) {
  (void)block;
  int64_t end = monotonic_ns() + value_of(words[1]) * 1000000;
  while (monotonic_ns() < end) continue;
  report(words, count, 0);
}

static void blocking_mkfifo(char **words, int count, char *block) {
  (void)block, report(words, count, mkfifo(path_of(words[1]), 0600));
}

static void blocking_unlink(char **words, int count, char *block) {
  (void)block, report(words, count, unlink(path_of(words[1])));
}

static const struct verb blocking_verbs[] = {
    {"channel", 3, false, do_channel},   {"impatient", 2, false, do_impatient},   {"enter", 2, false, do_enter},
    {"until-in", 3, false, do_until_in}, {"compute", 2, false, do_compute},       {"mkfifo", 2, false, blocking_mkfifo},
    {"look", 2, false, do_look},
    {"sigwait-for", 3, false, do_sigwait_for}, {"unlink", 2, false, blocking_unlink},  {"signal-at-entry", 3, true, do_signal_at_entry},
    {"hand-over", 2, false, do_hand_over}, {"handed", 2, false, do_handed},       {"answer", 4, false, do_answer},
};

#endif
