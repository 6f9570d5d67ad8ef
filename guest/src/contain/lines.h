/* Lines from others: requests on stdin, events from the FIFO. */
#ifndef KERNSPEC_CONTAIN_LINES_H
#define KERNSPEC_CONTAIN_LINES_H

#include <poll.h>

#include "../witness.h"
#include "container.h"

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

#endif
