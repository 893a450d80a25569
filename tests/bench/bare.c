// SPDX-License-Identifier: Apache-2.0
// bare [-o DIR [-f]] PORT USER PASSWORD SCRIPT
//
// What a client that synchronizes nothing at all needs for the same bytes: LOGIN, then the script
// of IMAP commands as it is, all pipelined, and every answer read until the server hangs up.
// Without -o the answers are read line by line and dropped; with -o each literal is written to
// DIR/tmp and renamed into DIR/cur (-f: synced before the rename). The script ends with LOGOUT.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int fd;
static char buffer[1 << 18];
static size_t begin, end;
static const char* out;
static size_t out_left;
static long refused;

static void die(const char* what) {
  fprintf(stderr, "bare: %s: %s\n", what, strerror(errno));
  exit(1);
}

// Sends what the socket takes; the rest of the script goes while answers are read.
static void pump(void) {
  while (out_left > 0) {
    ssize_t sent = send(fd, out, out_left, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (sent < 0) die("send");
    out += sent;
    out_left -= (size_t)sent;
  }
}

// Reads more into the buffer; 0 at the end of the connection.
static int fill(void) {
  if (begin == end) begin = end = 0;
  if (end == sizeof buffer) {
    memmove(buffer, buffer + begin, end - begin);
    end -= begin;
    begin = 0;
  }
  if (end == sizeof buffer) die("line too long");
  for (;;) {
    struct pollfd ready = {fd, (short)(POLLIN | (out_left ? POLLOUT : 0)), 0};
    if (poll(&ready, 1, -1) < 0) die("poll");
    if (ready.revents & POLLOUT) pump();
    if (ready.revents & (POLLIN | POLLHUP | POLLERR)) break;
  }
  ssize_t got = read(fd, buffer + end, sizeof buffer - end);
  if (got <= 0) return 0;
  end += (size_t)got;
  return 1;
}

// The next line with its end, or NULL.
static char* line(size_t* length) {
  size_t from = 0;
  for (;;) {
    char* newline = memchr(buffer + begin + from, '\n', end - begin - from);
    if (newline) {
      char* start = buffer + begin;
      *length = (size_t)(newline + 1 - start);
      begin += *length;
      return start;
    }
    from = end - begin;
    if (!fill()) return NULL;
  }
}

static void store(const char* directory, long number, size_t left, int sync) {
  char tmp[4096], cur[4096];
  snprintf(tmp, sizeof tmp, "%s/tmp/%ld", directory, number);
  snprintf(cur, sizeof cur, "%s/cur/%ld:2,S", directory, number);
  int file = open(tmp, O_CREAT | O_EXCL | O_WRONLY, 0600);
  if (file < 0) die(tmp);
  while (left > 0) {
    if (begin == end && !fill()) die("cut short");
    size_t part = end - begin < left ? end - begin : left;
    if (write(file, buffer + begin, part) != (ssize_t)part) die("disk");
    begin += part;
    left -= part;
  }
  if (sync && fsync(file)) die("fsync");
  close(file);
  if (rename(tmp, cur)) die("rename");
}

static void login(const char* port, const char* user, const char* password) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  fd = socket(AF_INET, SOCK_STREAM, 0);
  int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(fd, (struct sockaddr*)&address, sizeof address)) die("connect");
  char command[512];
  size_t length;
  if (!line(&length)) die("no greeting");
  int size = snprintf(command, sizeof command, "a LOGIN %s %s\r\n", user, password);
  if (write(fd, command, (size_t)size) != size) die("login");
  char* answer;
  do {
    if (!(answer = line(&length))) die("no answer to LOGIN");
  } while (answer[0] != 'a');
  if (strncmp(answer, "a OK", 4)) die("login refused");
}

int main(int argc, char** argv) {
  const char* directory = NULL;
  int sync = 0, option;
  while ((option = getopt(argc, argv, "o:f")) != -1) {
    if (option == 'o') directory = optarg;
    if (option == 'f') sync = 1;
  }
  if (argc - optind != 4) return 2;
  char** arguments = argv + optind;
  int script = open(arguments[3], O_RDONLY);
  struct stat info;
  if (script < 0 || fstat(script, &info)) die(arguments[3]);
  out = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, script, 0);
  if (out == MAP_FAILED) die("mmap");
  login(arguments[0], arguments[1], arguments[2]);
  out_left = (size_t)info.st_size;
  pump();
  if (directory) {
    char path[4096];
    mkdir(directory, 0700);
    snprintf(path, sizeof path, "%s/tmp", directory), mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/cur", directory), mkdir(path, 0700);
  }
  size_t length;
  long count = 0;
  char* start;
  if (directory) {
    while ((start = line(&length))) {
      char* brace = length > 4 && !memcmp(start + length - 3, "}\r\n", 3)
                        ? memrchr(start, '{', length)
                        : NULL;
      if (brace) store(directory, ++count, strtoul(brace + 1, NULL, 10), sync);
    }
  } else {
    while ((start = line(&length)))
      if (start[0] == 'c' && length > 3 && strncmp(start + 2, "OK", 2)) refused++;
  }
  if (refused) fprintf(stderr, "bare: %ld commands refused\n", refused);
  return refused ? 1 : 0;
}
