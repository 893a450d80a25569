// SPDX-License-Identifier: Apache-2.0
// delayproxy LISTEN_PORT TARGET_PORT RTT_MS STATS.json
//
// A TCP relay on 127.0.0.1 that holds every byte for RTT/2 in each direction. It reads without
// limit (no window of its own), so the only artefact is the delay. Connecting upstream waits 1.5
// RTT, so that the client sees the server's greeting 2 RTT after its connect, as over a real path.
// On SIGTERM it writes totals: connections, bytes each way and "turns", the number of times that a
// connection changed from the server speaking to the client speaking (round trips that the client
// really waited for), in sum and the largest of any one connection. It prints "ready" when it
// listens.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAXC = 512, CHUNK = 65536 };
struct buf {
  struct buf* next;
  double due;
  size_t len, off;
  char data[];
};
struct dir {
  struct buf *head, *tail;
  int eof;
  double eof_due;
  int closed;
};
struct conn {
  int used, fd[2]; /* 0 client, 1 server (-1 until connected) */
  double connect_at;
  struct dir d[2]; /* d[0] client->server, d[1] server->client */
  int last;
  long turns;
};
static struct conn conns[MAXC];
static double one_way;
static long total_conns, total_turns, max_turns;
static long long bytes[2];
static volatile sig_atomic_t stop;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}
static void on_term(int s) {
  (void)s;
  stop = 1;
}
static void tune(int fd) {
  int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  fcntl(fd, F_SETFL, O_NONBLOCK);
}
static void finish(struct conn* c) {
  close(c->fd[0]);
  if (c->fd[1] >= 0) close(c->fd[1]);
  for (int i = 0; i < 2; i++)
    for (struct buf *b = c->d[i].head, *n; b; b = n) {
      n = b->next;
      free(b);
    }
  total_turns += c->turns;
  if (c->turns > max_turns) max_turns = c->turns;
  c->used = 0;
}

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  one_way = atof(argv[3]) / 2000;
  const char* out = argv[4];
  struct sigaction sa = {.sa_handler = on_term};
  sigaction(SIGTERM, &sa, NULL);
  signal(SIGPIPE, SIG_IGN);
  int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
  setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))},
                     up = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
  a.sin_addr.s_addr = up.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(l, (void*)&a, sizeof a) || listen(l, 256)) {
    perror("bind");
    return 1;
  }
  tune(l);
  puts("ready");
  fflush(stdout);
  static struct pollfd pf[1 + 2 * MAXC];
  while (!stop) {
    double t = now(), wake = t + 3600;
    int n = 0;
    pf[n++] = (struct pollfd){l, POLLIN, 0};
    for (int i = 0; i < MAXC; i++) {
      struct conn* c = &conns[i];
      if (!c->used) continue;
      if (c->fd[1] < 0) {
        if (t >= c->connect_at) {
          int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
          if (connect(fd, (void*)&up, sizeof up)) {
            close(fd);
            finish(c);
            continue;
          }
          tune(fd);
          c->fd[1] = fd;
        } else if (c->connect_at < wake)
          wake = c->connect_at;
      }
      int blocked[2] = {0, 0};
      for (int k = 0; k < 2; k++) { /* write what is due */
        struct dir* d = &c->d[k];
        int to = c->fd[!k];
        while (to >= 0 && d->head && d->head->due <= t) {
          struct buf* b = d->head;
          ssize_t w = send(to, b->data + b->off, b->len - b->off, MSG_NOSIGNAL);
          if (w < 0) {
            if (errno == EAGAIN) {
              blocked[k] = 1;
              break;
            }
            w = b->len - b->off; /* peer gone: drop */
          }
          if ((b->off += w) < b->len) {
            blocked[k] = 1;
            break;
          }
          if (!(d->head = b->next)) d->tail = NULL;
          free(b);
        }
        if (to >= 0 && d->eof && !d->head && !d->closed) {
          if (d->eof_due <= t) {
            shutdown(to, SHUT_WR);
            d->closed = 1;
          } else if (d->eof_due < wake)
            wake = d->eof_due;
        }
        if (d->head && !blocked[k] && d->head->due < wake && to >= 0) wake = d->head->due;
      }
      if (c->d[1].closed && (c->d[0].closed || c->d[1].eof)) {
        finish(c);
        continue;
      }
      for (int k = 0; k < 2; k++)
        pf[n++] = (struct pollfd){c->d[k].eof && !blocked[!k] ? -1 : c->fd[k],
                                  (c->d[k].eof ? 0 : POLLIN) | (blocked[!k] ? POLLOUT : 0), 0};
    }
    double dt = wake - now();
    if (dt < 0) dt = 0;
    struct timespec ts = {(time_t)dt, (long)((dt - (time_t)dt) * 1e9)};
    if (ppoll(pf, n, &ts, NULL) < 0 && errno != EINTR) break;
    t = now();
    for (int i = 0; i < MAXC; i++) { /* read everything readable */
      struct conn* c = &conns[i];
      if (!c->used) continue;
      for (int k = 0; k < 2; k++) {
        struct dir* d = &c->d[k];
        while (c->fd[k] >= 0 && !d->eof) {
          struct buf* b = malloc(sizeof *b + CHUNK);
          ssize_t r = recv(c->fd[k], b->data, CHUNK, 0);
          if (r <= 0) {
            free(b);
            if (r < 0 && (errno == EAGAIN || errno == EINTR)) break;
            d->eof = 1;
            d->eof_due = (d->tail ? d->tail->due : t + one_way);
            break;
          }
          b = realloc(b, sizeof *b + r);
          bytes[k] += r;
          if (k == 0 && c->last == 1) c->turns++;
          c->last = k;
          *b = (struct buf){.due = t + one_way, .len = r};
          if (d->tail)
            d->tail->next = b;
          else
            d->head = b;
          d->tail = b;
        }
      }
    }
    if (pf[0].revents & POLLIN) {
      int fd;
      while ((fd = accept4(l, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        int i = 0;
        while (i < MAXC && conns[i].used) i++;
        if (i == MAXC) {
          close(fd);
          continue;
        }
        tune(fd);
        memset(&conns[i], 0, sizeof conns[i]);
        conns[i].used = 1;
        conns[i].fd[0] = fd;
        conns[i].fd[1] = -1;
        conns[i].connect_at = t + 3 * one_way;
        total_conns++;
      }
    }
  }
  for (int i = 0; i < MAXC; i++)
    if (conns[i].used) finish(&conns[i]);
  FILE* o = fopen(out, "w");
  if (!o) return 1;
  fprintf(o, "{\"conns\":%ld,\"up\":%lld,\"down\":%lld,\"turns\":%ld,\"turns_max\":%ld}\n",
          total_conns, bytes[0], bytes[1], total_turns, max_turns);
  fclose(o);
  return 0;
}
