// What starting and watching a worker needs of the kernel, beyond what the C libraries' headers show.
#ifndef OPZ_WORKERS_H
#define OPZ_WORKERS_H
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct opz_worker_program {
  // Absolute path; NULL-terminated lists.
  const char *path;
  char *const *arguments;
  char *const *environment;
  // What becomes descriptors 0 to 4 of the worker; each 5 or more.
  int descriptors[5];
  // RLIMIT_DATA in bytes, 0 for this process's.
  uint64_t data_limit;
};

// Starts a program in a process group of its own, with descriptors 0 to 4 and no other, all signals at their defaults, and
// SIGKILL for it when the calling thread ends. Returns its pid, or -1 with *error set to the errno of the step that failed.
pid_t opz_worker_start(const struct opz_worker_program *program, int *error);

// pidfd_open(2): readable once the process has ended. Close-on-exec. -1 and errno on failure.
int opz_pidfd(pid_t pid);

// eventfd(2), non-blocking and close-on-exec. -1 and errno on failure.
int opz_eventfd(void);

// pipe2(2) with O_CLOEXEC, both ends 5 or more, with a buffer of up to 1 MiB. 0, or -1 and errno.
int opz_worker_pipe(int ends[2]);

// socketpair(2) of streams, both ends 5 or more and close-on-exec. 0, or -1 and errno.
int opz_worker_sockets(int ends[2]);

// Sends bytes and descriptors in one message (SCM_RIGHTS of unix(7)) without waiting. Bytes that were sent, or -1 and errno.
ssize_t opz_send_descriptors(int socket, const void *bytes, size_t count, const int *descriptors, size_t descriptor_count);

// Makes this process the parent of its descendants whose parents end (PR_SET_CHILD_SUBREAPER of prctl(2)). 0, or -1 and errno.
int opz_adopt_orphans(void);

// A file in memory (memfd_create(2)) with these bytes, to be read from its start; 5 or more, close-on-exec. -1 and errno on
// failure.
int opz_memory_file(const void *bytes, size_t count);

// Waits until a child has ended, and leaves it to be reaped. 0, or -1 and errno.
int opz_wait_for_end(pid_t pid);

// Whether a process is a child of this one that nobody has reaped.
int opz_is_child(pid_t pid);

// The pid of a child that has ended, which is not yet reaped; 0 for none.
pid_t opz_ended_child(void);

#endif
