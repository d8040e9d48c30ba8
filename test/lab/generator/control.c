// One JSON line a command, one JSON line an answer, over a stream socket. Also the process's only sleep.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "generator.h"

#define CLIENTS_MAX 8
#define LINE_MAX_BYTES 2048

struct client {
  int fd;
  char line[LINE_MAX_BYTES];
  size_t length;
  struct text out;
  size_t written;
  bool closing;
};

static int listener = -1;
static char socket_path[sizeof((struct sockaddr_un *)0)->sun_path];
static struct client clients[CLIENTS_MAX];

bool control_open(const char *path, char *error, size_t error_size) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  for (unsigned i = 0; i < CLIENTS_MAX; i++) clients[i].fd = -1;
  if (strlen(path) >= sizeof address.sun_path) {
    snprintf(error, error_size, "the path of the control socket is too long");
    return false;
  }
  strcpy(address.sun_path, path);
  listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 8) != 0) {
    snprintf(error, error_size, "control socket: %s", strerror(errno));
    return false;
  }
  strcpy(socket_path, path);
  return true;
}

static void drop(struct client *c) {
  close(c->fd);
  free(c->out.bytes);
  memset(c, 0, sizeof *c);
  c->fd = -1;
}

void control_close(void) {
  if (listener < 0) return;
  for (unsigned i = 0; i < CLIENTS_MAX; i++)
    if (clients[i].fd >= 0) drop(&clients[i]);
  close(listener);
  if (socket_path[0] != '\0') unlink(socket_path);
}

static void accept_client(void) {
  int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return;
  for (unsigned i = 0; i < CLIENTS_MAX; i++) {
    if (clients[i].fd >= 0) continue;
    clients[i].fd = fd;
    return;
  }
  close(fd);
}

static void flush(struct client *c) {
  while (c->written < c->out.length) {
    ssize_t n = send(c->fd, c->out.bytes + c->written, c->out.length - c->written, MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
      c->closing = true;
      c->written = c->out.length;
      break;
    }
    c->written += (size_t)n;
  }
  c->out.length = c->written = 0;
}

static void answer(struct generator *g, struct client *c, const char *line) {
  size_t before = c->out.length;
  command_run(g, line, &c->out);
  if (c->out.full) {
    // Half an answer is none.
    c->out.full = false;
    c->out.length = before;
    text_add(&c->out, "{\"ok\":false,\"error\":\"too-large\"}");
  }
  text_add(&c->out, "\n");
  flush(c);
}

// Takes whole lines off the front of the buffer; a command waits while an earlier answer is still unread.
static void answer_lines(struct generator *g, struct client *c) {
  while (c->out.length == 0 && !c->closing) {
    char *end = memchr(c->line, '\n', c->length);
    if (end == NULL) break;
    size_t length = (size_t)(end - c->line);
    char line[LINE_MAX_BYTES];
    memcpy(line, c->line, length);
    line[length] = '\0';
    // A NUL inside would hide the rest of the line from the parser.
    if (memchr(line, '\0', length) != NULL) line[0] = '\0';
    c->length -= length + 1;
    memmove(c->line, end + 1, c->length);
    answer(g, c, line);
  }
  if (c->length == sizeof c->line && memchr(c->line, '\n', c->length) == NULL) {
    text_add(&c->out, "{\"ok\":false,\"error\":\"line-too-long\"}\n");
    c->closing = true;
    flush(c);
  }
}

static void serve(struct generator *g, struct client *c, short events) {
  if (events & POLLOUT) flush(c);
  if (events & (POLLIN | POLLHUP | POLLERR) && c->length < sizeof c->line) {
    ssize_t n = recv(c->fd, c->line + c->length, sizeof c->line - c->length, 0);
    if (n > 0) c->length += (size_t)n;
    else if (n == 0 || (errno != EAGAIN && errno != EINTR)) c->closing = true;
  }
  answer_lines(g, c);
  if (c->closing && c->out.length == 0) drop(c);
}

void control_wait(struct generator *g, uint64_t timeout_ns) {
  struct pollfd fds[2 + CLIENTS_MAX];
  fds[0] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
  fds[1] = (struct pollfd){.fd = listener, .events = POLLIN};
  for (unsigned i = 0; i < CLIENTS_MAX; i++) {
    short wanted = clients[i].out.length > 0 ? POLLOUT : POLLIN;
    fds[2 + i] = (struct pollfd){.fd = clients[i].fd, .events = wanted};
  }
  struct timespec pause = {.tv_sec = (time_t)(timeout_ns / 1000000000ULL), .tv_nsec = (long)(timeout_ns % 1000000000ULL)};
  if (ppoll(fds, 2 + CLIENTS_MAX, &pause, NULL) <= 0) return;
  if (fds[0].revents != 0) {
    char ignored[256];
    // The parent holds the other end: its death closes it, whatever killed it.
    if (read(STDIN_FILENO, ignored, sizeof ignored) <= 0) g->quit = true;
  }
  for (unsigned i = 0; i < CLIENTS_MAX; i++)
    if (clients[i].fd >= 0 && fds[2 + i].revents != 0) serve(g, &clients[i], fds[2 + i].revents);
  if (fds[1].revents != 0) accept_client();
}
