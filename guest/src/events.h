/*
 * Events: one JSON object a line, as guest/PROTOCOL.md has it. Everything here is async-signal-safe: a line is built on
 * the stack and leaves with one write(2), so that lines of several processes never mix (PIPE_BUF is 4096).
 */
#ifndef KERNSPEC_EVENTS_H
#define KERNSPEC_EVENTS_H

#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define EVENT_FD 3

/* Where events go: descriptor 3, unless a program was told otherwise. */
static int event_fd = EVENT_FD;

struct line {
  char text[4000];
  size_t length;
};

/* The name a process or thread goes by in its events. */
static __thread char event_who[40] = "main";

/* While it is not 0, events are made and thrown away. */
static __thread int event_mute;

static inline void line_raw(struct line *line, const char *text) {
  size_t length = strlen(text);
  if (line->length + length > sizeof line->text - 8) length = sizeof line->text - 8 - line->length;
  memcpy(line->text + line->length, text, length);
  line->length += length;
}

static inline void line_integer(struct line *line, int64_t value) {
  char digits[24];
  size_t at = sizeof digits - 1;
  uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  digits[at] = '\0';
  do {
    digits[--at] = (char)('0' + magnitude % 10);
    magnitude /= 10;
  } while (magnitude > 0);
  if (value < 0) digits[--at] = '-';
  line_raw(line, digits + at);
}

/* A JSON string of any bytes; those outside printable ASCII become \u00XX, one for each byte. */
static inline void line_quoted(struct line *line, const char *bytes, size_t count) {
  static const char hex[] = "0123456789abcdef";
  line_raw(line, "\"");
  for (size_t i = 0; i < count; i++) {
    unsigned char byte = (unsigned char)bytes[i];
    char escaped[7] = {(char)byte, 0};
    if (byte == '"' || byte == '\\') {
      escaped[0] = '\\', escaped[1] = (char)byte;
    } else if (byte < 0x20 || byte > 0x7e) {
      memcpy(escaped, "\\u00", 4);
      escaped[4] = hex[byte >> 4], escaped[5] = hex[byte & 15];
    }
    line_raw(line, escaped);
  }
  line_raw(line, "\"");
}

static inline void line_key(struct line *line, const char *key) {
  line_raw(line, ",\"");
  line_raw(line, key);
  line_raw(line, "\":");
}

static inline void line_number(struct line *line, const char *key, int64_t value) {
  line_key(line, key);
  line_integer(line, value);
}

static inline void line_string(struct line *line, const char *key, const char *value) {
  line_key(line, key);
  line_quoted(line, value, strlen(value));
}

/* CLOCK_MONOTONIC in nanoseconds, the clock all three witnesses share. */
static inline int64_t monotonic_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Opens an event: sequence number, time, pid as this process knows itself, name, kind. */
static inline void event_open(struct line *line, const char *ev) {
  static int sequence;
  line->length = 0;
  line_raw(line, "{\"seq\":");
  line_integer(line, __atomic_add_fetch(&sequence, 1, __ATOMIC_RELAXED));
  line_number(line, "t", monotonic_ns());
  line_number(line, "pid", syscall(SYS_getpid));
  line_string(line, "who", event_who);
  line_string(line, "ev", ev);
}

static inline void line_write(struct line *line, int fd) {
  memcpy(line->text + line->length, "}\n", 2);
  for (size_t done = 0; done < line->length + 2;) {
    ssize_t n = write(fd, line->text + done, line->length + 2 - done);
    if (n < 0) return; /* nobody reads any more */
    done += (size_t)n;
  }
}

static inline void event_close(struct line *line) {
  if (event_mute == 0) line_write(line, event_fd);
}

#endif
