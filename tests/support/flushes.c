// SPDX-License-Identifier: Apache-2.0
// Loaded before the C library (tests/support/flushes.py): writes down each flush, with the path of
// what is flushed, and lets the one fail that it is told to.
//
//   FLUSHES_LOG    a line for each: "fsync /path", "syncfs /path"
//   FLUSHES_FAIL   "syncfs 2 5": the second syncfs fails with errno 5
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void write_down(const char* call, int fd) {
  const char* log = getenv("FLUSHES_LOG");
  if (!log) return;
  char link[64];
  char path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, sizeof path);
  char line[4200];
  const int octets =
      snprintf(line, sizeof line, "%s %.*s\n", call, length < 0 ? 0 : (int)length, path);
  const int out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (out < 0) return;
  if (write(out, line, (size_t)octets) != octets) abort();
  close(out);
}

static int flush(const char* call, atomic_int* count, int fd) {
  char which[16] = "";
  int number = 0;
  int error = 0;
  const char* failing = getenv("FLUSHES_FAIL");
  if (failing) sscanf(failing, "%15s %d %d", which, &number, &error);
  write_down(call, fd);
  if (strcmp(which, call) == 0 && atomic_fetch_add(count, 1) + 1 == number) {
    errno = error;
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
