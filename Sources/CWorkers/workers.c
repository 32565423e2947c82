#define _GNU_SOURCE
#include "opz_workers.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#define OPZ_CLOSE_RANGE_CLOEXEC 4u

// Only calls that are safe between fork and exec of a process with threads from here.

static void close_others_at_exec(void) {
  if (syscall(SYS_close_range, 5u, ~0u, OPZ_CLOSE_RANGE_CLOEXEC) == 0) return;
  struct rlimit limit;
  int most = 1 << 16;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < (rlim_t)most) most = (int)limit.rlim_cur;
  for (int fd = 5; fd < most; fd++) fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void fail(int report) {
  int code = errno;
  ssize_t ignored = write(report, &code, sizeof code);
  (void)ignored;
  _exit(127);
}

static void become(const struct opz_worker_program *program, pid_t parent, int report) {
  struct sigaction usual;
  memset(&usual, 0, sizeof usual);
  usual.sa_handler = SIG_DFL;
  for (int number = 1; number < 65; number++) sigaction(number, &usual, NULL);
  sigset_t none;
  sigemptyset(&none);
  if (setpgid(0, 0) != 0) fail(report);
  // A worker never outlives the server, even one that hangs.
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (getppid() != parent) _exit(127);
  for (int fd = 0; fd < 5; fd++) {
    if (dup2(program->descriptors[fd], fd) < 0) fail(report);
  }
  close_others_at_exec();
  struct rlimit core = {0, 0};
  setrlimit(RLIMIT_CORE, &core);
  if (program->data_limit != 0) {
    struct rlimit data = {program->data_limit, program->data_limit};
    setrlimit(RLIMIT_DATA, &data);
  }
  sigprocmask(SIG_SETMASK, &none, NULL);
  execve(program->path, program->arguments, program->environment);
  fail(report);
}

pid_t opz_worker_start(const struct opz_worker_program *program, int *error) {
  int report[2];
  if (opz_worker_pipe(report) != 0) {
    *error = errno;
    return -1;
  }
  pid_t parent = getpid();
  sigset_t all, before;
  sigfillset(&all);
  // No handler of this process runs in the child.
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pid_t pid = fork();
  if (pid == 0) become(program, parent, report[1]);
  *error = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  close(report[1]);
  if (pid > 0) {
    int code = 0;
    ssize_t count;
    do count = read(report[0], &code, sizeof code); while (count < 0 && errno == EINTR);
    if (count == (ssize_t)sizeof code) {
      while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
      *error = code;
      pid = -1;
    }
  }
  close(report[0]);
  return pid;
}

int opz_pidfd(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0u); }

int opz_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

// Moves both ends to 5 or more, since 0 to 4 are what a worker gets its own at.
static int lift(const int low[2], int ends[2]) {
  for (int end = 0; end < 2; end++) {
    ends[end] = fcntl(low[end], F_DUPFD_CLOEXEC, 5);
    if (ends[end] < 0) {
      int code = errno;
      if (end == 1) close(ends[0]);
      close(low[0]);
      close(low[1]);
      errno = code;
      return -1;
    }
  }
  close(low[0]);
  close(low[1]);
  return 0;
}

int opz_worker_pipe(int ends[2]) {
  int low[2];
  if (pipe2(low, O_CLOEXEC) != 0 || lift(low, ends) != 0) return -1;
  fcntl(ends[0], F_SETPIPE_SZ, 1 << 20);
  return 0;
}

int opz_worker_sockets(int ends[2]) {
  int low[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, low) != 0) return -1;
  return lift(low, ends);
}

ssize_t opz_send_descriptors(int socket, const void *bytes, size_t count, const int *descriptors, size_t descriptor_count) {
  enum { most = 8 };
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(most * sizeof(int))];
  } control;
  if (descriptor_count == 0 || descriptor_count > most) {
    errno = EINVAL;
    return -1;
  }
  memset(&control, 0, sizeof control);
  struct iovec piece = {(void *)bytes, count};
  struct msghdr message;
  memset(&message, 0, sizeof message);
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  message.msg_control = control.space;
  message.msg_controllen = CMSG_SPACE(descriptor_count * sizeof(int));
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(descriptor_count * sizeof(int));
  memcpy(CMSG_DATA(header), descriptors, descriptor_count * sizeof(int));
  ssize_t sent;
  do sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT); while (sent < 0 && errno == EINTR);
  return sent;
}

int opz_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

int opz_memory_file(const void *bytes, size_t count) {
  int low = memfd_create("opz", MFD_CLOEXEC);
  if (low < 0) return -1;
  int file = fcntl(low, F_DUPFD_CLOEXEC, 5);
  int code = errno;
  close(low);
  errno = code;
  if (file < 0) return -1;
  size_t done = 0;
  while (done < count) {
    // At an offset, so that the worker reads from the start.
    ssize_t written = pwrite(file, (const char *)bytes + done, count - done, (off_t)done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      code = written < 0 ? errno : ENOSPC;
      close(file);
      errno = code;
      return -1;
    }
    done += (size_t)written;
  }
  return file;
}

int opz_wait_for_end(pid_t pid) {
  siginfo_t info;
  while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) != 0) {
    if (errno != EINTR) return -1;
  }
  return 0;
}

int opz_is_child(pid_t pid) {
  siginfo_t info;
  return pid > 0 && waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

pid_t opz_ended_child(void) {
  siginfo_t info;
  memset(&info, 0, sizeof info);
  if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0) return 0;
  return info.si_pid;
}
