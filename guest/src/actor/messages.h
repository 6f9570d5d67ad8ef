/* What processes tell one another besides signals: credentials of messages, peers of sockets, message queues, SIGIO. */
#ifndef KERNSPEC_ACTOR_MESSAGES_H
#define KERNSPEC_ACTOR_MESSAGES_H

#include <mqueue.h>
#include <sys/socket.h>

#include "signals.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

/* want-credentials FD: what comes out of this socket from now on says who sent it. (unix(7), SO_PASSCRED) */
static void do_want_credentials(char **words, int count, char *block) {
  (void)block;
  int on = 1;
  report(words, count, setsockopt((int)value_of(words[1]), SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
}

/* send FD: one byte; the kernel fills in who sends it */
static void do_send(char **words, int count, char *block) {
  (void)block;
  report(words, count, send((int)value_of(words[1]), "!", 1, 0) < 0 ? -1 : 0);
}

/* receive FD: one byte, and from whom it comes. (unix(7), SCM_CREDENTIALS) */
static void do_receive(char **words, int count, char *block) {
  (void)block;
  char byte, control[CMSG_SPACE(sizeof(struct ucred))], text[64] = "from nobody";
  struct iovec part = {&byte, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  if (recvmsg((int)value_of(words[1]), &message, 0) < 0) {
    report(words, count, -1);
    return;
  }
  for (struct cmsghdr *item = CMSG_FIRSTHDR(&message); item != NULL; item = CMSG_NXTHDR(&message, item)) {
    if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_CREDENTIALS) continue;
    struct ucred sender;
    memcpy(&sender, CMSG_DATA(item), sizeof sender);
    const char *name = name_of(sender.pid);
    strcpy(text, "from ");
    if (*name != '\0') append(text, sizeof text, name);
    else append_number(text, sizeof text, sender.pid);
  }
  report_text(words, count, text);
}

/* peer-pidfd FD > NAME: a pidfd of who has made the other end. (socket(7), SO_PEERPIDFD) */
static void do_peer_pidfd(char **words, int count, char *block) {
  (void)block;
  int pidfd = -1;
  socklen_t size = sizeof pidfd;
  int result = getsockopt((int)value_of(words[1]), SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size);
  report(words, count, result < 0 ? -1 : pidfd);
}

/* message-queue /NAME > FD: made if it is not there. (mq_open(3)) */
static void do_message_queue(char **words, int count, char *block) {
  (void)block;
  struct mq_attr attributes = {.mq_maxmsg = 4, .mq_msgsize = 8};
  report(words, count, mq_open(words[1], O_CREAT | O_RDWR | O_NONBLOCK, 0600, &attributes));
}

/* notify-me FD SIG VALUE: the next message that comes to an empty queue is told by a signal. (mq_notify(3)) */
static void do_notify_me(char **words, int count, char *block) {
  (void)block;
  struct sigevent how = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = signal_word(words[2])};
  how.sigev_value.sival_int = (int)value_of(words[3]);
  report(words, count, mq_notify((mqd_t)value_of(words[1]), &how));
}

/* message FD · take FD: one comes into the queue · one leaves it */
static void do_message(char **words, int count, char *block) {
  (void)block;
  report(words, count, mq_send((mqd_t)value_of(words[1]), "!", 1, 0));
}

static void do_take(char **words, int count, char *block) {
  (void)block;
  char bytes[8];
  report(words, count, mq_receive((mqd_t)value_of(words[1]), bytes, sizeof bytes, NULL) < 0 ? -1 : 0);
}

static const struct verb message_verbs[] = {
    {"want-credentials", 2, false, do_want_credentials},
    {"send", 2, false, do_send},
    {"receive", 2, false, do_receive},
    {"peer-pidfd", 2, false, do_peer_pidfd},
    {"message-queue", 2, false, do_message_queue},
    {"notify-me", 4, false, do_notify_me},
    {"message", 2, false, do_message},
    {"take", 2, false, do_take},
};

#endif
