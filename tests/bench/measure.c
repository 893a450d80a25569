// SPDX-License-Identifier: Apache-2.0
// measure OUT.json COMMAND ARGUMENT...
//
// Runs the command and writes one JSON object: wall time, user and system CPU of the whole process
// tree (orphans included) and peak resident memory (the sum over the tree, sampled from /proc;
// never less than the largest single process's own high-water mark). In C, so that the parent's own
// memory and CPU do not disturb the figures.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static long tree_kb(pid_t pid, int self) { /* resident kB of pid's descendants */
  char path[64], buf[4096];
  long kb = 0, size, res;
  FILE* f;
  if (!self) {
    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    if ((f = fopen(path, "r"))) {
      if (fscanf(f, "%ld %ld", &size, &res) == 2) kb = res * (sysconf(_SC_PAGESIZE) / 1024);
      fclose(f);
    }
  }
  snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
  if (!(f = fopen(path, "r"))) return kb;
  size_t n = fread(buf, 1, sizeof buf - 1, f);
  fclose(f);
  buf[n] = 0;
  for (char *p = buf, *e; *p; p = e) {
    long c = strtol(p, &e, 10);
    if (e == p) break;
    kb += tree_kb((pid_t)c, 0);
  }
  return kb;
}

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigprocmask(SIG_BLOCK, &set, NULL);
  double t0 = now();
  pid_t pid = fork();
  if (pid == 0) {
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    execvp(argv[2], argv + 2);
    perror(argv[2]);
    _exit(127);
  }
  double wall = -1, user = 0, sys = 0;
  long peak = 0, own = 0;
  int rc = -1;
  for (;;) {
    struct rusage ru;
    int st;
    pid_t p;
    while ((p = wait4(-1, &st, WNOHANG, &ru)) > 0) {
      if (p == pid) {
        wall = now() - t0;
        rc = WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
      }
      user += ru.ru_utime.tv_sec + ru.ru_utime.tv_usec / 1e6;
      sys += ru.ru_stime.tv_sec + ru.ru_stime.tv_usec / 1e6;
      if (ru.ru_maxrss > own) own = ru.ru_maxrss;
    }
    if (p < 0 && errno == ECHILD) break;
    long kb = tree_kb(getpid(), 1);
    if (kb > peak) peak = kb;
    double age = now() - t0;
    struct timespec ts = {0, age < 0.2 ? 2000000 : age < 2 ? 10000000 : 50000000};
    sigtimedwait(&set, NULL, &ts);
  }
  if (own > peak) peak = own;
  FILE* o = fopen(argv[1], "w");
  if (!o) return 3;
  fprintf(o, "{\"wall\":%.6f,\"user\":%.6f,\"sys\":%.6f,\"rss_kb\":%ld,\"rc\":%d}\n", wall, user,
          sys, peak, rc);
  fclose(o);
  return rc;
}
