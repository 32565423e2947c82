// Calls of the C library that its headers show only under _GNU_SOURCE, which Swift's Glibc module is built without.
#ifndef OPZ_CLINUX_H
#define OPZ_CLINUX_H
#include <fcntl.h>
#include <malloc.h>
#include <spawn.h>
#include <sys/types.h>

extern int pipe2(int ends[2], int flags);
extern int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
extern void *memmem(const void *bytes, size_t count, const void *wanted, size_t wanted_count);
extern int sync_file_range(int fd, off_t offset, off_t count, unsigned int flags);
#define OPZ_SYNC_FILE_RANGE_WRITE 2

// O_TMPFILE: a file without a name, which the kernel frees when its last descriptor closes.
static const int opz_o_tmpfile = __O_TMPFILE | __O_DIRECTORY;

#endif
