/*
 * contain: starts the init of a container as a container runtime does, and bears witness from outside.
 *
 *   contain [OPTION…] -- PROGRAM [ARGUMENT…]
 *
 * The program is PID 1 of a new pid namespace with a /proc of its own, default dispositions and an empty mask, a session of
 * its own, without CAP_SYS_BOOT (as container runtimes have it). Options make one thing different:
 *
 *   --directory DIR    a directory that is made for it, seen in the container by the same path; in it a FIFO called `events`:
 *                      whoever is in the container reports by writing lines to it
 *   --file NAME TEXT   a file in that directory; one that begins with `#!` can be executed
 *   --root DIR         the root directory; /kernspec and that directory are to be seen in it, too
 *   --bind FROM TO     a file or directory of ours in the place of one of the container's
 *   --cgroup NAME      a cgroup of its own, with room for 1000 processes
 *   --ignore SIG · --block SIG · --pending SIG   ignored · blocked · blocked and pending when the program starts (repeatable)
 *   --uid N · --no-caps · --cap-boot   another user · no capabilities at all · with CAP_SYS_BOOT
 *   --fd N             an open descriptor more
 *   --odd              umask 027, RLIMIT_NOFILE 333, nice 5, oom_score_adj 300, no_new_privs
 *   --cwd DIR · --input TEXT · --tty   where it starts · what its stdin says · on a terminal of its own
 *   --no-proc · --read-only   an empty /proc · nothing of / can be written
 *   --kill-after US SIG   the signal so many microseconds after the program has been executed
 *   --setenv NAME VALUE   a variable more in its environment
 *
 * Lines and requests are those of guest/PROTOCOL.md. Nothing here looks by ptrace(2): it would change what signals do.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "witness.h"

#define MAX_BINDS 8
#define MAX_INJECTED 64

static struct {
  const char *directory, *root, *cgroup, *cwd, *input;
  const char *binds[MAX_BINDS][2];
  int bind_count;
  uint64_t ignored, blocked, pending;
  int uid, fd;
  long kill_after_us;
  int kill_signal;
  bool tty, odd, no_caps, cap_boot, no_proc, read_only;
  char **argv;
} wanted = {.root = "/", .cwd = "/", .fd = -1};

static struct {
  pid_t child;
  bool exited, closing;
  int events, output, errors, terminal;
  /* /proc as the container sees it: its members and nobody else. */
  DIR *members;
  pid_t injected[MAX_INJECTED];
  int injected_count;
} state = {.events = -1, .output = -1, .errors = -1, .terminal = -1};

/* --- preparations in the container's mount namespace -------------------------------------------------------------- */

/* The directories that a path stands in. What is there stays; what cannot be made, is noticed when it is used. */
static void make_parents(const char *path) {
  char part[4096];
  snprintf(part, sizeof part, "%s", path);
  for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    mkdir(part, 0755);
    *slash = '/';
  }
}

static void make_file(const char *name, const char *text) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", wanted.directory, name);
  make_parents(path);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, strncmp(text, "#!", 2) == 0 ? 0755 : 0644);
  if (fd < 0) fail(path);
  for (size_t left = strlen(text); left > 0;) {
    ssize_t n = write(fd, text, left);
    if (n < 0) fail(path);
    text += n;
    left -= (size_t)n;
  }
  close(fd);
}

static void bind_mount(const char *from, const char *to) {
  struct stat about;
  if (stat(from, &about) < 0) fail(from);
  make_parents(to);
  if (S_ISDIR(about.st_mode)) {
    mkdir(to, 0755);
  } else {
    int fd = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd >= 0) close(fd);
  }
  if (mount(from, to, NULL, MS_BIND | MS_REC, NULL) < 0) fail(to);
}

/* What is bound below the root of the container: name it as the container will. */
static void bind_below(const char *from, const char *to) {
  char path[4096];
  snprintf(path, sizeof path, "%s%s", strcmp(wanted.root, "/") == 0 ? "" : wanted.root, to);
  bind_mount(from, path);
}

static void prepare_mounts(void) {
  if (strcmp(wanted.root, "/") != 0) {
    /* A mount of its own, so that it can be made read-only without touching anything else. */
    if (mount(wanted.root, wanted.root, NULL, MS_BIND | MS_REC, NULL) < 0) fail(wanted.root);
    bind_below("/kernspec", "/kernspec");
    bind_below("/dev", "/dev");
    if (wanted.directory != NULL) bind_below(wanted.directory, wanted.directory);
    char proc[4096];
    snprintf(proc, sizeof proc, "%s/proc", wanted.root);
    mkdir(proc, 0755);
  }
  for (int i = 0; i < wanted.bind_count; i++) bind_below(wanted.binds[i][0], wanted.binds[i][1]);
  if (wanted.read_only && mount(NULL, wanted.root, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) < 0) fail("read-only");
}

/* A cgroup that ends a fork bomb; none where the kernel has no such controller. */
static void join_cgroup(pid_t pid) {
  char path[256];
  snprintf(path, sizeof path, "/sys/fs/cgroup/%s", wanted.cgroup);
  if (mkdir(path, 0755) < 0 && errno != EEXIST) return;
  const char *const files[] = {"pids.max", "cgroup.procs"};
  for (int i = 0; i < 2; i++) {
    snprintf(path, sizeof path, "/sys/fs/cgroup/%s/%s", wanted.cgroup, files[i]);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) continue;
    dprintf(fd, "%d", i == 0 ? 1000 : pid);
    close(fd);
  }
}

/* --- the child's side ------------------------------------------------------------------------------------------------- */

static void drop_capabilities(void) {
  if (!wanted.cap_boot) prctl(PR_CAPBSET_DROP, CAP_SYS_BOOT);
  if (wanted.no_caps)
    for (int capability = 0; capability <= CAP_LAST_CAP; capability++) prctl(PR_CAPBSET_DROP, capability);
}

static void be_odd(void) {
  struct rlimit limit = {333, 444};
  umask(027);
  setrlimit(RLIMIT_NOFILE, &limit);
  setpriority(PRIO_PROCESS, 0, 5);
  int fd = open("/proc/self/oom_score_adj", O_WRONLY);
  if (fd >= 0) dprintf(fd, "300"), close(fd);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static void set_signals(void) {
  uint64_t blocked = wanted.blocked | wanted.pending;
  reset_signals();
  for (int signo = 1; signo <= 64; signo++)
    if (wanted.ignored >> (signo - 1) & 1) signal(signo, SIG_IGN);
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &blocked, NULL, sizeof blocked);
  for (int signo = 1; signo <= 64; signo++)
    if (wanted.pending >> (signo - 1) & 1) kill(getpid(), signo);
}

/* Standard input: a terminal, a text, or nothing. */
static int open_input(void) {
  int ends[2];
  if (wanted.tty) {
    char name[64];
    if (ptsname_r(state.terminal, name, sizeof name) != 0) _exit(124);
    int slave = open(name, O_RDWR);
    ioctl(slave, TIOCSCTTY, 0);
    return slave;
  }
  if (wanted.input == NULL) return open("/dev/null", O_RDONLY);
  if (pipe(ends) < 0 || write(ends[1], wanted.input, strlen(wanted.input)) < 0) _exit(124);
  close(ends[1]);
  return ends[0];
}

static void become_init(int output, int errors, int ready, int go, int failed) {
  char byte;
  setsid();
  if (strcmp(wanted.root, "/") != 0 && (chroot(wanted.root) < 0 || chdir("/") < 0)) _exit(122);
  if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL) < 0) _exit(122);
  if (write(ready, "!", 1) != 1 || read(go, &byte, 1) != 1) _exit(123);
  if (wanted.odd) be_odd();
  if (wanted.no_proc && mount("none", "/proc", "tmpfs", MS_RDONLY, NULL) < 0) _exit(122);
  int input = open_input();
  /* The end that says whether exec(2) has worked must be out of the way of what the init is given. */
  failed = fcntl(failed, F_DUPFD_CLOEXEC, 200);
  dup2(input, STDIN_FILENO);
  dup2(wanted.tty ? input : output, STDOUT_FILENO);
  dup2(wanted.tty ? input : errors, STDERR_FILENO);
  for (int fd = 3; fd < 200; fd++) close(fd);
  if (wanted.fd >= 0) dup2(STDIN_FILENO, wanted.fd);
  drop_capabilities();
  int error = 0;
  if (chdir(wanted.cwd) < 0) error = errno;
  if (wanted.uid != 0 && (setgroups(0, NULL) < 0 || setresgid((gid_t)wanted.uid, (gid_t)wanted.uid, (gid_t)wanted.uid) < 0 ||
                          setresuid((uid_t)wanted.uid, (uid_t)wanted.uid, (uid_t)wanted.uid) < 0))
    error = errno;
  set_signals();
  if (error == 0) {
    execvp(wanted.argv[0], wanted.argv);
    error = errno;
  }
  if (write(failed, &error, sizeof error) < 0) _exit(126);
  _exit(127);
}

/* --- lines -------------------------------------------------------------------------------------------------------------- */

struct partial {
  char text[8192];
  size_t length;
};

/* Whole lines of a source, each to be dealt with; false at its end. */
static bool lines_of(int fd, struct partial *partial, void (*deal)(char *line)) {
  ssize_t n = read(fd, partial->text + partial->length, sizeof partial->text - 1 - partial->length);
  if (n < 0) return errno == EAGAIN || errno == EINTR;
  if (n == 0) return false;
  partial->length += (size_t)n;
  char *start = partial->text;
  for (char *end; (end = memchr(start, '\n', partial->length - (size_t)(start - partial->text))) != NULL; start = end + 1) {
    *end = '\0';
    deal(start);
  }
  partial->length -= (size_t)(start - partial->text);
  memmove(partial->text, start, partial->length);
  if (partial->length == sizeof partial->text - 1) partial->length = 0;
  return true;
}

static void pass_event(char *line) { write_text("F ", line, strlen(line), false); }

static struct partial commands, events;

/* What has been reported so far is passed on before anything that is known later. */
static void pass_events(void) {
  if (state.events < 0) return;
  struct pollfd more = {state.events, POLLIN, 0};
  while (poll(&more, 1, 0) > 0 && lines_of(state.events, &events, pass_event)) continue;
}

/* --- requests ------------------------------------------------------------------------------------------------------------ */

/* A program as docker exec starts one: in the namespace, but nobody's child there. It is ours, so we shall reap it. */
static pid_t inject(char **argv) {
  if (state.injected_count == MAX_INJECTED) {
    errno = ENOMEM;
    return -1;
  }
  /* unshare(2) has made the container's namespace that of all children we have from then on. */
  pid_t pid = fork();
  if (pid == 0) {
    setsid();
    if (strcmp(wanted.root, "/") != 0 && (chroot(wanted.root) < 0 || chdir("/") < 0)) _exit(122);
    int null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; fd++) dup2(null, fd);
    for (int fd = 3; fd < 200; fd++) close(fd);
    reset_signals();
    execv(argv[0], argv);
    _exit(127);
  }
  if (pid > 0) state.injected[state.injected_count++] = pid;
  return pid;
}

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

/* The host's pid of somebody who is called so in the container. The last number of NSpid is the innermost. (proc_pid_status(5)) */
static pid_t host_pid(long wanted_pid) {
  char path[300], ours[64] = "", theirs[64];
  snprintf(path, sizeof path, "%d/ns/pid", state.child);
  if (readlinkat(host_proc, path, ours, sizeof ours - 1) < 0) return -1;
  DIR *proc = fdopendir(openat(host_proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  pid_t found = -1;
  for (struct dirent *entry; proc != NULL && found < 0 && (entry = readdir(proc)) != NULL;) {
    char status[4096];
    if (atoi(entry->d_name) <= 0) continue;
    snprintf(path, sizeof path, "%s/status", entry->d_name);
    int fd = openat(host_proc, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    ssize_t length = read(fd, status, sizeof status - 1);
    close(fd);
    status[length < 0 ? 0 : length] = '\0';
    const char *line = strstr(status, "\nNSpid:");
    const char *last = line == NULL ? NULL : line + strcspn(line + 1, "\n");
    while (last != NULL && last > line && *last != '\t') last--;
    if (last == NULL || atol(last) != wanted_pid) continue;
    snprintf(path, sizeof path, "%s/ns/pid", entry->d_name);
    ssize_t n = readlinkat(host_proc, path, theirs, sizeof theirs - 1);
    theirs[n < 0 ? 0 : n] = '\0';
    if (strcmp(ours, theirs) == 0) found = atoi(entry->d_name);
  }
  if (proc != NULL) closedir(proc);
  errno = ESRCH;
  return found;
}

static void do_readlink(long id, const char *path) {
  char target[4096];
  ssize_t length = readlinkat(host_proc, strncmp(path, "/proc/", 6) == 0 ? path + 6 : path, target, sizeof target);
  int error = errno;
  if (length >= 0) {
    struct line line;
    parent_event(&line, "content");
    line_number(&line, "id", id);
    line_key(&line, "text");
    line_quoted(&line, target, (size_t)length > 600 ? 600 : (size_t)length);
    say(&line);
  }
  errno = error;
  answer(id, length);
}

/* %XX stands for a byte: requests are words. */
static size_t decode(char *text) {
  char *to = text;
  for (char *at = text; *at != '\0'; at++) {
    if (*at == '%' && at[1] != '\0' && at[2] != '\0') {
      char digits[3] = {at[1], at[2], '\0'};
      *to++ = (char)strtol(digits, NULL, 16);
      at += 2;
    } else {
      *to++ = *at;
    }
  }
  return (size_t)(to - text);
}

static void request(char *text) {
  char *words[8] = {NULL};
  int count = 0;
  for (char *word = strtok(text, " "); word != NULL && count < 7; word = strtok(NULL, " ")) words[count++] = word;
  if (count < 2) return;
  long id = atol(words[0]);
  pass_events();
  if (strcmp(words[1], "kill") == 0 && count == 4)
    answer(id, kill(strcmp(words[2], "init") == 0 ? state.child : atoi(words[2]), signal_number(words[3])));
  else if (strcmp(words[1], "kill-often") == 0 && count == 5) {
    /* kill-often SIG TIMES US: one after the other, without a round trip between them */
    long result = 0;
    struct timespec pause = {0, atol(words[4]) * 1000};
    for (long left = atol(words[3]); left > 0 && result == 0; left--) {
      result = kill(state.child, signal_number(words[2]));
      nanosleep(&pause, NULL);
    }
    answer(id, result);
  } else if (strcmp(words[1], "cat") == 0 && count == 3)
    do_cat(id, words[2]);
  else if (strcmp(words[1], "readlink") == 0 && count == 3)
    do_readlink(id, words[2]);
  else if (strcmp(words[1], "census") == 0) {
    struct census census = take_census();
    say_census(id, &census);
    answer(id, 0);
  } else if (strcmp(words[1], "quiet") == 0 && count == 3)
    wait_for(id, true, 0, atol(words[2]));
  else if (strcmp(words[1], "reaped") == 0 && count == 4)
    wait_for(id, false, atol(words[2]), atol(words[3]));
  else if (strcmp(words[1], "host-pid") == 0 && count == 3)
    answer(id, host_pid(atol(words[2])));
  else if (strcmp(words[1], "inject") == 0 && count >= 3)
    answer(id, inject(words + 2));
  else if (strcmp(words[1], "type") == 0 && count == 3) {
    size_t length = decode(words[2]);
    answer(id, write(state.terminal, words[2], length));
  } else if (strcmp(words[1], "resize") == 0 && count == 4) {
    struct winsize size = {(unsigned short)atoi(words[2]), (unsigned short)atoi(words[3]), 0, 0};
    answer(id, ioctl(state.terminal, TIOCSWINSZ, &size));
  } else {
    errno = EINVAL;
    answer(id, -1);
  }
}

/* --- the parent's loop ----------------------------------------------------------------------------------------------------- */

static void say_status(const char *ev, pid_t pid, int status) {
  struct line line;
  pass_events();
  parent_event(&line, ev);
  line_number(&line, "child", pid);
  line_number(&line, "status", status);
  say(&line);
}

static void collect_children(int fd) {
  struct signalfd_siginfo discarded;
  if (read(fd, &discarded, sizeof discarded) < 0) return;
  int status;
  while (waitpid(state.child, &status, WNOHANG | WUNTRACED | WCONTINUED) > 0) {
    say_status("wait-status", state.child, status);
    if (WIFEXITED(status) || WIFSIGNALED(status)) state.exited = true;
  }
  for (int i = 0; i < state.injected_count; i++) {
    if (state.injected[i] == 0 || waitpid(state.injected[i], &status, WNOHANG) <= 0) continue;
    say_status("injected-ended", state.injected[i], status);
    state.injected[i] = 0;
  }
}

/* Passes on what a source says; false at its end. */
static bool pass_on(int fd, const char *letter) {
  char bytes[4096];
  ssize_t n = read(fd, bytes, sizeof bytes);
  if (n > 0) write_text(letter, bytes, (size_t)n, true);
  return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void end_all(void) {
  if (!state.exited) kill(state.child, SIGKILL);
  state.closing = true;
}

static void attend(int child_state) {
  bool drained = false;
  struct pollfd polled[] = {{STDIN_FILENO, POLLIN, 0}, {child_state, POLLIN, 0}, {state.events, POLLIN, 0},
                            {state.output, POLLIN, 0}, {state.errors, POLLIN, 0}, {state.terminal, POLLIN, 0}};
  for (;;) {
    if (drained && state.closing) return;
    bool over = state.exited && polled[3].fd < 0 && polled[4].fd < 0;
    /* With the init everybody in its namespace has ended: what there is to read is all there will be. */
    int timeout = waiting.id != 0 ? 10 : -1;
    int ready = poll(polled, sizeof polled / sizeof *polled, over && !drained ? 0 : timeout);
    if (waiting.id != 0) look_for_it();
    if (over && ready == 0 && !drained) {
      struct line line;
      parent_event(&line, "drained");
      say(&line);
      drained = true;
    }
    if (ready <= 0) continue;
    if (polled[0].revents != 0 && !lines_of(STDIN_FILENO, &commands, request)) {
      polled[0].fd = -1;
      end_all();
    }
    if (polled[1].revents != 0) collect_children(child_state);
    if (polled[2].revents != 0) lines_of(state.events, &events, pass_event);
    if (polled[3].revents != 0 && !pass_on(state.output, "O ")) polled[3].fd = -1;
    if (polled[4].revents != 0 && !pass_on(state.errors, "E ")) polled[4].fd = -1;
    /* A terminal that nobody has open says EIO, and may be opened again. */
    if (polled[5].revents != 0 && !pass_on(state.terminal, "O ") && (polled[5].revents & POLLHUP) != 0) polled[5].fd = -1;
  }
}

static void busy_wait(long microseconds) {
  for (int64_t until = monotonic_ns() + microseconds * 1000; monotonic_ns() < until;) continue;
}

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
               {"--cap-boot", &wanted.cap_boot}, {"--no-proc", &wanted.no_proc}, {"--read-only", &wanted.read_only}};
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
    if (strcmp(word, flags[i].name) == 0) return *flags[i].value = true;
  return false;
}

static void make_directory(const char *path) {
  char events[4096];
  wanted.directory = path;
  make_parents(path);
  snprintf(events, sizeof events, "%s/events", path);
  mode_t mask = umask(0);
  if (mkdir(path, 0755) < 0 || mkfifo(events, 0666) < 0) fail(path);
  umask(mask);
  state.events = open(events, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (state.events < 0) fail(events);
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

static void open_terminal(void) {
  state.terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  if (state.terminal < 0 || grantpt(state.terminal) < 0 || unlockpt(state.terminal) < 0) fail("terminal");
  struct winsize size = {24, 80, 0, 0};
  ioctl(state.terminal, TIOCSWINSZ, &size);
}

/* Whether the program runs now: exec(2) closes the other end. */
static void await_exec(int failed) {
  int error = 0;
  ssize_t n = read(failed, &error, sizeof error);
  close(failed);
  struct line line;
  parent_event(&line, n > 0 ? "init-not-executed" : "executed");
  if (n > 0) line_string(&line, "error", error_name(error));
  line_number(&line, "child", state.child);
  if (n <= 0 && wanted.kill_signal > 0) {
    busy_wait(wanted.kill_after_us);
    kill(state.child, wanted.kill_signal);
  }
  say(&line);
}

int main(int argc, char **argv) {
  int output[2], errors[2], ready[2], go[2], failed[2];
  char byte;
  strcpy(event_who, "parent");
  parse(argc, argv);
  int child_state = watch_children();
  if (pipe2(output, O_CLOEXEC) < 0 || pipe2(errors, O_CLOEXEC) < 0 || pipe2(ready, O_CLOEXEC) < 0 ||
      pipe2(go, O_CLOEXEC) < 0 || pipe2(failed, O_CLOEXEC) < 0)
    fail("pipe");
  if (wanted.tty) open_terminal();
  enter_namespaces();
  prepare_mounts();
  state.child = fork();
  if (state.child < 0) fail("fork");
  if (state.child == 0) become_init(output[1], errors[1], ready[1], go[0], failed[1]);
  close(output[1]), close(errors[1]), close(ready[1]), close(go[0]), close(failed[1]);
  state.output = output[0], state.errors = errors[0];
  if (read(ready[0], &byte, 1) != 1) errno = EIO, fail("the child");
  char proc[4096];
  snprintf(proc, sizeof proc, "%s/proc", strcmp(wanted.root, "/") == 0 ? "" : wanted.root);
  state.members = opendir(proc);
  if (state.members == NULL) fail(proc);
  if (wanted.cgroup != NULL) join_cgroup(state.child);
  struct line line;
  parent_event(&line, "started");
  line_number(&line, "child", state.child);
  say(&line);
  if (write(go[1], "!", 1) != 1) fail("go");
  close(go[1]), close(ready[0]);
  await_exec(failed[0]);
  attend(child_state);
  if (wanted.cgroup != NULL) {
    snprintf(proc, sizeof proc, "/sys/fs/cgroup/%s", wanted.cgroup);
    rmdir(proc);
  }
  return 0;
}
