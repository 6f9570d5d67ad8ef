/*
 * The way into a machine before there is ssh: it listens on the second serial port, a request a line, an answer a line.
 *
 *   settle                      waits until sshd answers on the loopback interface        -> settled
 *   resume ENTROPY SEC NSEC     credits the entropy (hex), reseeds, sets the wall clock   -> resumed
 *   connect                     from here on the port is a connection to sshd              -> connected
 *
 * It says `gate` when it begins to listen, and `failed WHAT: WHY` instead of an answer.
 *
 * A clone resumes with the random state and the wall clock of its template: nobody may be let in before `resume`.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#ifndef RNDRESEEDCRNG
#define RNDRESEEDCRNG _IO('R', 0x07)
#endif

static int port;

static void put(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t n = write(fd, bytes, length);
    if (n < 0 && errno != EINTR) exit(1);
    if (n > 0) bytes += n, length -= (size_t)n;
  }
}

static void answer(const char *text) {
  put(port, text, strlen(text));
  put(port, "\n", 1);
}

static void refuse(const char *what) {
  char text[128];
  snprintf(text, sizeof text, "failed %s: %s", what, strerror(errno));
  answer(text);
}

/* A connection to sshd; -1 while nobody listens. */
static int connect_to_sshd(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(22)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
  if (fd < 0) return -1;
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
    close(fd);
    return -1;
  }
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return fd;
}

static void settle(void) {
  char banner[4];
  int fd = connect_to_sshd();
  if (fd < 0 || recv(fd, banner, sizeof banner, MSG_WAITALL) != sizeof banner || memcmp(banner, "SSH-", 4) != 0) {
    refuse("settle");
  } else {
    /* Until sshd's child has closed its side too, so that no connection is left. */
    shutdown(fd, SHUT_WR);
    while (recv(fd, banner, sizeof banner, 0) > 0) continue;
    answer("settled");
  }
  if (fd >= 0) close(fd);
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void resume(const char *hex, const char *seconds, const char *nanoseconds) {
  struct {
    struct rand_pool_info info;
    unsigned char bytes[256];
  } pool;
  size_t length = strlen(hex) / 2;
  if (length == 0 || length > sizeof pool.bytes) {
    errno = EINVAL;
    refuse("entropy");
    return;
  }
  for (size_t i = 0; i < length; i++)
    pool.bytes[i] = (unsigned char)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
  pool.info.buf_size = (int)length;
  pool.info.entropy_count = (int)length * 8;
  struct timespec now = {.tv_sec = atoll(seconds), .tv_nsec = atol(nanoseconds)};
  int fd = open("/dev/urandom", O_RDWR | O_CLOEXEC);
  /* Crediting alone waits for the next reseed, minutes away; forcing one alone would use the old state. (random(4)) */
  if (fd < 0 || ioctl(fd, RNDADDENTROPY, &pool) < 0 || ioctl(fd, RNDRESEEDCRNG) < 0)
    refuse("entropy");
  else if (clock_settime(CLOCK_REALTIME, &now) < 0)
    refuse("clock");
  else
    answer("resumed");
  if (fd >= 0) close(fd);
}

/* Passes bytes on both ways until sshd hangs up. */
static void relay(void) {
  int fd = connect_to_sshd();
  if (fd < 0) {
    refuse("connect");
    return;
  }
  answer("connected");
  struct pollfd polled[] = {{port, POLLIN, 0}, {fd, POLLIN, 0}};
  char bytes[4096];
  for (;;) {
    if (poll(polled, 2, -1) < 0) continue;
    for (int i = 0; i < 2; i++) {
      if (polled[i].revents == 0) continue;
      ssize_t n = read(polled[i].fd, bytes, sizeof bytes);
      if (n > 0) put(polled[1 - i].fd, bytes, (size_t)n);
      if (n <= 0 && i == 1) {
        close(fd);
        return;
      }
    }
  }
}

static void request(char *line) {
  char *rest = line;
  const char *verb = strsep(&rest, " ");
  if (strcmp(verb, "settle") == 0) {
    settle();
  } else if (strcmp(verb, "connect") == 0) {
    relay();
  } else if (strcmp(verb, "resume") == 0) {
    const char *entropy = strsep(&rest, " "), *seconds = strsep(&rest, " "), *nanoseconds = strsep(&rest, " ");
    if (nanoseconds != NULL) resume(entropy, seconds, nanoseconds);
  } else {
    errno = EINVAL;
    refuse(verb);
  }
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  signal(SIGPIPE, SIG_IGN);
  port = open(argv[1], O_RDWR | O_NOCTTY | O_CLOEXEC);
  struct termios raw;
  if (port < 0 || tcgetattr(port, &raw) < 0) return 1;
  cfmakeraw(&raw);
  /* At the default 9600 baud the port would wait 4 ms before it hands over the end of a packet. */
  cfsetspeed(&raw, B115200);
  tcsetattr(port, TCSANOW, &raw);
  answer("gate");
  char line[512];
  size_t length = 0;
  for (;;) {
    /* Nobody asks again before he was answered: what comes with a line's end is its end. */
    ssize_t n = read(port, line + length, sizeof line - length);
    if (n < 0 && errno != EINTR) return 1;
    if (n <= 0) continue;
    length += (size_t)n;
    if (line[length - 1] == '\n') {
      line[length - 1] = '\0';
      length = 0;
      request(line);
    } else if (length == sizeof line) {
      length = 0;
    }
  }
}
