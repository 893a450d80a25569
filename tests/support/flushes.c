// SPDX-License-Identifier: Apache-2.0
// Loaded before the C library (tests/support/flushes.py): writes down each flush, with the path of
// what is flushed, and lets the one fail that it is told to.
//
//   FLUSHES_LOG    a line for each: "fsync /path", "syncfs /path"
//   FLUSHES_BELOW  "/path": only what is below it is counted
//   FLUSHES_FAIL   "syncfs 2 5": the second syncfs fails with errno 5
//   FLUSHES_AWAIT  "syncfs 1 /path": the first one begins when something is written into that pipe;
//                  after 20 seconds without that the log has "late", and what is flushed
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void path_of(int fd, char path[4096]) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, 4095);
  path[length < 0 ? 0 : length] = 0;
}

static void write_down(const char* call, int fd) {
  const char* log = getenv("FLUSHES_LOG");
  if (!log) return;
  char path[4096];
  path_of(fd, path);
  char line[4200];
  const int octets = snprintf(line, sizeof line, "%s %s\n", call, path);
  const int out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (out < 0) return;
  if (write(out, line, (size_t)octets) != octets) abort();
  close(out);
}

// What the variable says of the call of that number: the text behind it, or NULL.
static const char* said_of(const char* variable, const char* call, int number) {
  const char* text = getenv(variable);
  char which[16] = "";
  int of = 0;
  int length = 0;
  if (!text || sscanf(text, "%15s %d %n", which, &of, &length) < 2) return NULL;
  return strcmp(which, call) == 0 && of == number ? text + length : NULL;
}

static void await(const char* path, int fd) {
  struct pollfd pipe = {open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC), POLLIN, 0};
  if (pipe.fd < 0) abort();
  int ready;
  do {
    ready = poll(&pipe, 1, 20000);
  } while (ready < 0 && errno == EINTR);
  if (ready != 1) write_down("late", fd);
  close(pipe.fd);
}

static int counts(int fd) {
  const char* below = getenv("FLUSHES_BELOW");
  char path[4096];
  if (!below) return 1;
  path_of(fd, path);
  return strncmp(path, below, strlen(below)) == 0;
}

static int flush(const char* call, atomic_int* count, int fd) {
  const int number = counts(fd) ? atomic_fetch_add(count, 1) + 1 : 0;
  const char* awaited = said_of("FLUSHES_AWAIT", call, number);
  const char* error = said_of("FLUSHES_FAIL", call, number);
  if (awaited) await(awaited, fd);
  write_down(call, fd);
  if (error) {
    errno = atoi(error);
    return -1;
  }
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, call);
  return real(fd);
}

int fsync(int fd) {
  static atomic_int count;
  return flush("fsync", &count, fd);
}

int fdatasync(int fd) {
  static atomic_int count;
  return flush("fdatasync", &count, fd);
}

int syncfs(int fd) {
  static atomic_int count;
  return flush("syncfs", &count, fd);
}
