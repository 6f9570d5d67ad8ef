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
 *   --ahead            it goes on before anybody that it forks gets a turn (sched(7): SCHED_FIFO, SCHED_RESET_ON_FORK)
 *   --setenv NAME VALUE   a variable more in its environment
 *
 * Lines and requests are those of guest/PROTOCOL.md. Nothing here looks by ptrace(2): it would change what signals do.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "witness.h"

#include "contain/census.h"
#include "contain/child.h"
#include "contain/container.h"
#include "contain/lines.h"
#include "contain/mounts.h"
#include "contain/options.h"
#include "contain/requests.h"

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
    int timeout = waiting.id != 0 ? waiting.pause : -1;
    int ready = poll(polled, sizeof polled / sizeof *polled, over && !drained ? 0 : timeout);
    /* An end is told before a look that has seen it. */
    if (ready > 0 && polled[1].revents != 0) collect_children(child_state);
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
    if (polled[2].revents != 0) lines_of(state.events, &events, pass_event);
    if (polled[3].revents != 0 && !pass_on(state.output, "O ")) polled[3].fd = -1;
    if (polled[4].revents != 0 && !pass_on(state.errors, "E ")) polled[4].fd = -1;
    /* A terminal that nobody has open says EIO, and may be opened again. */
    if (polled[5].revents != 0 && !pass_on(state.terminal, "O ") && (polled[5].revents & POLLHUP) != 0) polled[5].fd = -1;
  }
}

/*
 * Sends a signal so long after exec(2). Until then the processor is the init's; when the time has come, it is ours at once: a
 * real-time process goes before all others, and its timers are not put off. (sched(7), prctl(2): PR_SET_TIMERSLACK)
 */
static void kill_later(long microseconds, int signo) {
  struct timespec time = {microseconds / 1000000, microseconds % 1000000 * 1000};
  if (microseconds > 0) nanosleep(&time, NULL);
  kill(state.child, signo);
}

static void be_real_time(bool now) {
  struct sched_param priority = {.sched_priority = now ? 1 : 0};
  if (sched_setscheduler(0, now ? SCHED_FIFO : SCHED_OTHER, &priority) < 0) fail("sched_setscheduler");
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
  if (wanted.kill_signal > 0) be_real_time(true);
  ssize_t n = read(failed, &error, sizeof error);
  if (n <= 0 && wanted.kill_signal > 0) kill_later(wanted.kill_after_us, wanted.kill_signal);
  if (wanted.kill_signal > 0) be_real_time(false);
  close(failed);
  struct line line;
  parent_event(&line, n > 0 ? "init-not-executed" : "executed");
  if (n > 0) line_string(&line, "error", error_name(error));
  line_number(&line, "child", state.child);
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
