// SPDX-License-Identifier: Apache-2.0
// Loaded before the C library (recorder.py): writes down what the program does to files and
// directories, in the order in which it is done, whatever thread does it.
//
//   POWER_LOG       where: a record for each change and each flush, as recorder.py reads it
//   POWER_DIE_AT    "17": SIGKILL instead of the 17th
//   POWER_GRAVE     a directory in which whatever is unlinked stays, by device and inode
//   POWER_BOOT_ID   a file that stands for the kernel's id of this boot
//
// What is recorded names inodes, since paths change. It is written after the call, and one call at
// a time is made, so that whoever kills the program from outside loses one record at most.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

struct record {
  char what;
  char pad[3];
  uint32_t name_octets, other_octets, data_octets;
  uint64_t ino, directory, other_directory, number;  // number: offset, size or time
};

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = -1;
static const char* grave;
static long calls, die_at;

__attribute__((constructor)) static void begin(void) {
  const char* path = getenv("POWER_LOG");
  const char* at = getenv("POWER_DIE_AT");
  grave = getenv("POWER_GRAVE");
  die_at = at ? atol(at) : 0;
  // Out of the way of whoever closes all that is open.
  const int fd = path ? open64(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
  if (fd < 0) return;
  log_fd = fcntl(fd, F_DUPFD_CLOEXEC, 500);
  syscall(SYS_close, fd);
}

static void enter(void) {
  pthread_mutex_lock(&one_at_a_time);
  if (log_fd >= 0 && ++calls == die_at) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
  }
}

static int leave(int result) {
  const int error = errno;
  pthread_mutex_unlock(&one_at_a_time);
  errno = error;
  return result;
}

static void put(struct record record, const char* name, const char* other, const void* data) {
  if (log_fd < 0) return;
  const int error = errno;
  record.name_octets = name ? strlen(name) : 0;
  record.other_octets = other ? strlen(other) : 0;
  struct iovec parts[4] = {{&record, sizeof record},
                           {(void*)name, record.name_octets},
                           {(void*)other, record.other_octets},
                           {(void*)data, record.data_octets}};
  ssize_t whole = 0;
  for (int i = 0; i < 4; ++i) whole += (ssize_t)parts[i].iov_len;
  if (syscall(SYS_writev, log_fd, parts, 4) != whole) abort();
  errno = error;
}

// ---- what a path stands for

struct place {
  uint64_t directory;  // 0: there is none
  uint64_t ino;        // 0: nothing is there
  dev_t device;
  int is_directory;
  char name[NAME_MAX + 1];
};

static struct place find(int at, const char* path) {
  struct place place = {0};
  char head[PATH_MAX], tail[PATH_MAX];
  struct stat found;
  snprintf(head, sizeof head, "%s", path);
  snprintf(tail, sizeof tail, "%s", path);
  snprintf(place.name, sizeof place.name, "%s", basename(tail));
  if (fstatat(at, dirname(head), &found, 0) != 0) return place;
  place.directory = found.st_ino;
  if (fstatat(at, path, &found, AT_SYMLINK_NOFOLLOW) != 0) return place;
  place.ino = found.st_ino;
  place.device = found.st_dev;
  place.is_directory = S_ISDIR(found.st_mode);
  return place;
}

static void grave_of(const struct place* place, char* path, size_t octets) {
  snprintf(path, octets, "%s/%lu", grave, (unsigned long)place->ino);
}

// The last name goes; the inode stays, as power may be lost.
static void bury(int at, const char* path, const struct place* place) {
  if (!grave || !place->ino || place->is_directory) return;
  char kept[PATH_MAX];
  grave_of(place, kept, sizeof kept);
  REAL(linkat)(at, path, AT_FDCWD, kept, 0);  // it is there already, mostly
}

static int is_file(int fd, struct stat* found) {
  return log_fd >= 0 && fstat(fd, found) == 0 && S_ISREG(found->st_mode);
}

// ---- opening

static int do_open(int at, const char* path, int flags, mode_t mode) {
  const char* boot = getenv("POWER_BOOT_ID");
  if (boot && strcmp(path, "/proc/sys/kernel/random/boot_id") == 0) path = boot;
  const int changes = (flags & (O_CREAT | O_TRUNC)) || (flags & O_TMPFILE) == O_TMPFILE;
  if (!changes) return REAL(openat64)(at, path, flags, mode);
  enter();
  const int nameless = (flags & O_TMPFILE) == O_TMPFILE;
  struct place place = {0};
  if (!nameless) place = find(at, path);
  const int fd = REAL(openat64)(at, path, flags, mode);
  struct stat found;
  if (fd >= 0 && is_file(fd, &found)) {
    struct record record = {.ino = found.st_ino, .directory = place.directory};
    if (nameless || !place.ino) {
      record.what = nameless ? 'T' : 'C';
      put(record, nameless ? NULL : place.name, NULL, NULL);
    } else if (flags & O_TRUNC) {
      record.what = 'F';
      put(record, NULL, NULL, NULL);
    }
  }
  return leave(fd);
}

#define MODE_OF(flags)                                             \
  mode_t mode = 0;                                                 \
  if (((flags) & O_CREAT) || ((flags) & O_TMPFILE) == O_TMPFILE) { \
    va_list rest;                                                  \
    va_start(rest, flags);                                         \
    mode = va_arg(rest, mode_t);                                   \
    va_end(rest);                                                  \
  }

int open64(const char* path, int flags, ...) {
  MODE_OF(flags)
  return do_open(AT_FDCWD, path, flags, mode);
}

int open(const char* path, int flags, ...) {
  MODE_OF(flags)
  return do_open(AT_FDCWD, path, flags, mode);
}

int openat64(int at, const char* path, int flags, ...) {
  MODE_OF(flags)
  return do_open(at, path, flags, mode);
}

int openat(int at, const char* path, int flags, ...) {
  MODE_OF(flags)
  return do_open(at, path, flags, mode);
}

// ---- contents

static void put_written(int fd, const void* data, ssize_t octets, off_t offset) {
  struct stat found;
  if (octets <= 0 || !is_file(fd, &found)) return;
  put((struct record){.what = 'W',
                      .ino = found.st_ino,
                      .number = (uint64_t)offset,
                      .data_octets = (uint32_t)octets},
      NULL, NULL, data);
}

ssize_t write(int fd, const void* data, size_t octets) {
  struct stat found;
  if (!is_file(fd, &found)) return REAL(write)(fd, data, octets);
  enter();
  const ssize_t written = REAL(write)(fd, data, octets);
  put_written(fd, data, written, lseek(fd, 0, SEEK_CUR) - written);
  leave(0);
  return written;
}

ssize_t pwrite64(int fd, const void* data, size_t octets, off_t offset) {
  enter();
  const ssize_t written = REAL(pwrite64)(fd, data, octets, offset);
  put_written(fd, data, written, offset);
  leave(0);
  return written;
}

ssize_t pwrite(int fd, const void* data, size_t octets, off_t offset) {
  return pwrite64(fd, data, octets, offset);
}

int ftruncate64(int fd, off_t size) {
  enter();
  const int result = REAL(ftruncate64)(fd, size);
  struct stat found;
  if (result == 0 && is_file(fd, &found))
    put((struct record){.what = 'F', .ino = found.st_ino, .number = (uint64_t)size}, NULL, NULL,
        NULL);
  return leave(result);
}

int ftruncate(int fd, off_t size) {
  return ftruncate64(fd, size);
}

// ---- names

int linkat(int at, const char* path, int to, const char* name, int flags) {
  enter();
  const int result = REAL(linkat)(at, path, to, name, flags);
  if (result == 0) {
    const struct place place = find(to, name);
    put((struct record){.what = 'L', .ino = place.ino, .directory = place.directory}, place.name,
        NULL, NULL);
  }
  return leave(result);
}

static int do_rename(int from, const char* name, int to, const char* new_name, unsigned flags) {
  enter();
  const struct place old = find(from, name);
  const struct place target = find(to, new_name);
  if (!(flags & RENAME_NOREPLACE)) bury(to, new_name, &target);
  const int result = flags ? REAL(renameat2)(from, name, to, new_name, flags)
                           : REAL(renameat)(from, name, to, new_name);
  if (result == 0) {
    if (flags & RENAME_EXCHANGE) abort();  // nobody does it yet
    put((struct record){.what = 'R',
                        .ino = old.ino,
                        .directory = old.directory,
                        .other_directory = target.directory},
        old.name, target.name, NULL);
  }
  return leave(result);
}

int renameat2(int from, const char* name, int to, const char* new_name, unsigned flags) {
  return do_rename(from, name, to, new_name, flags);
}

int renameat(int from, const char* name, int to, const char* new_name) {
  return do_rename(from, name, to, new_name, 0);
}

int rename(const char* name, const char* new_name) {
  return do_rename(AT_FDCWD, name, AT_FDCWD, new_name, 0);
}

static int is_empty(int at, const char* path) {
  const int fd = REAL(openat64)(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* directory = fd < 0 ? NULL : fdopendir(fd);
  int entries = 0;
  while (directory && readdir(directory)) ++entries;
  if (directory) closedir(directory);
  return directory && entries <= 2;
}

// It goes to the grave, since what is made anew would be another inode.
static int remove_directory(int at, const char* path, const struct place* place) {
  if (!grave || !place->ino || !is_empty(at, path)) return REAL(unlinkat)(at, path, AT_REMOVEDIR);
  char kept[PATH_MAX];
  grave_of(place, kept, sizeof kept);
  return REAL(renameat)(at, path, AT_FDCWD, kept);
}

int unlinkat(int at, const char* path, int flags) {
  enter();
  const struct place place = find(at, path);
  bury(at, path, &place);
  const int result =
      flags & AT_REMOVEDIR ? remove_directory(at, path, &place) : REAL(unlinkat)(at, path, flags);
  if (result == 0)
    put((struct record){.what = 'U', .ino = place.ino, .directory = place.directory}, place.name,
        NULL, NULL);
  return leave(result);
}

int unlink(const char* path) {
  return unlinkat(AT_FDCWD, path, 0);
}

int rmdir(const char* path) {
  return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}

int mkdirat(int at, const char* path, mode_t mode) {
  enter();
  const int result = REAL(mkdirat)(at, path, mode);
  if (result == 0) {
    const struct place place = find(at, path);
    put((struct record){.what = 'M', .ino = place.ino, .directory = place.directory}, place.name,
        NULL, NULL);
  }
  return leave(result);
}

int mkdir(const char* path, mode_t mode) {
  return mkdirat(AT_FDCWD, path, mode);
}

// ---- flushes

static int flush(int (*real)(int), int fd, char what) {
  enter();
  const int result = real(fd);
  struct stat found;
  if (result == 0 && fstat(fd, &found) == 0)
    put((struct record){.what = what, .ino = found.st_ino}, NULL, NULL, NULL);
  return leave(result);
}

int fsync(int fd) {
  return flush(REAL(fsync), fd, 'S');
}

int fdatasync(int fd) {
  return flush(REAL(fdatasync), fd, 'S');
}

int syncfs(int fd) {
  return flush(REAL(syncfs), fd, 'Y');
}
