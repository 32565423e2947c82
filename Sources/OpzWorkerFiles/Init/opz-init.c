// opz-init: process 1 of images whose command is the user's own. The kernel gives process 1 only the signals that it
// handles, and the orphans of its namespace; most programs handle neither. It starts the command, passes signals on to it
// and reaps whatever ends. It is linked without a C library, so that it runs on any base, and takes a few KB.
//
//   opz-init PROGRAM [ARGUMENT ..]
//
// - A signal goes to the program alone, which then does with its own children what it does without opz-init. A program
//   that the signal ends, as it does a shell that waits for the server, leaves the rest of its process group behind: they
//   get the signal next, and opz-init waits for them.
// - The status is the program's; 128 and the signal's number if one ended it; 127 if there is no such program, 126 if it
//   cannot be run.
typedef unsigned long word;

#if defined(__x86_64__)
enum {
  SYS_write = 1, SYS_rt_sigaction = 13, SYS_rt_sigprocmask = 14, SYS_ioctl = 16, SYS_getpid = 39, SYS_clone = 56,
  SYS_execve = 59, SYS_wait4 = 61, SYS_kill = 62, SYS_setpgid = 109, SYS_rt_sigtimedwait = 128, SYS_prctl = 157,
  SYS_exit_group = 231,
};

static long call(long number, word a, word b, word c, word d) {
  long result;
  register word r10 __asm__("r10") = d;
  register word r8 __asm__("r8") = 0;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                   : "rcx", "r11", "memory");
  return result;
}

// The kernel starts a program with its arguments on the stack.
__asm__(".globl _start\n_start:\n xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call begin\n hlt\n");
#elif defined(__aarch64__)
enum {
  SYS_ioctl = 29, SYS_write = 64, SYS_exit_group = 94, SYS_kill = 129, SYS_rt_sigaction = 134, SYS_rt_sigprocmask = 135,
  SYS_rt_sigtimedwait = 137, SYS_setpgid = 154, SYS_prctl = 167, SYS_getpid = 172, SYS_clone = 220, SYS_execve = 221,
  SYS_wait4 = 260,
};

static long call(long number, word a, word b, word c, word d) {
  register word x8 __asm__("x8") = (word)number;
  register word x0 __asm__("x0") = a;
  register word x1 __asm__("x1") = b;
  register word x2 __asm__("x2") = c;
  register word x3 __asm__("x3") = d;
  register word x4 __asm__("x4") = 0;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
  return (long)x0;
}

__asm__(".globl _start\n_start:\n mov x29, #0\n mov x30, #0\n mov x0, sp\n bl begin\n brk #1\n");
#endif

enum { SIGILL = 4, SIGTRAP = 5, SIGABRT = 6, SIGBUS = 7, SIGFPE = 8, SIGSEGV = 11, SIGSYS = 31 };
enum { SIGCHLD = 17, SIGTTIN = 21, SIGTTOU = 22 };
enum { SIG_SETMASK = 2, WNOHANG = 1, PR_SET_CHILD_SUBREAPER = 36, TIOCSPGRP = 0x5410 };
enum { ENOENT = 2, EINTR = 4, EACCES = 13, ENOTDIR = 20 };

static word bit(int signal) { return 1ul << (signal - 1); }

static void say(const char *text) {
  word length = 0;
  while (text[length]) length++;
  call(SYS_write, 2, (word)text, length, 0);
}

static _Noreturn void leave(int status) {
  for (;;) call(SYS_exit_group, (word)status, 0, 0, 0);
}

static char *variable(char **environment, const char *name) {
  for (; *environment; environment++) {
    const char *one = *environment, *other = name;
    while (*other && *one == *other) one++, other++;
    if (!*other && *one == '=') return (char *)one + 1;
  }
  return 0;
}

static int has_slash(const char *text) {
  for (; *text; text++) {
    if (*text == '/') return 1;
  }
  return 0;
}

// Becomes the program, which is looked for in PATH as execvp does; comes back if that fails.
static long become(char **words, char **environment) {
  if (!words[0][0]) return -ENOENT;
  if (has_slash(words[0])) return call(SYS_execve, (word)words[0], (word)words, (word)environment, 0);
  const char *path = variable(environment, "PATH");
  if (!path) path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  static char place[4096];
  long worst = -ENOENT;
  for (;;) {
    word length = 0;
    while (*path && *path != ':') {
      if (length < sizeof place) place[length] = *path;
      length++;
      path++;
    }
    if (!length) place[length++] = '.';
    const char *name = words[0];
    if (length < sizeof place) place[length] = '/';
    length++;
    do {
      if (length < sizeof place) place[length] = *name;
      length++;
    } while (*name++);
    if (length <= sizeof place) {
      long failed = call(SYS_execve, (word)place, (word)words, (word)environment, 0);
      if (failed != -ENOENT && failed != -ENOTDIR) {
        worst = failed;
        if (failed != -EACCES) return failed;
      }
    }
    if (!*path++) return worst;
  }
}

static _Noreturn void be_child(char **words, char **environment, word mask) {
  call(SYS_setpgid, 0, 0, 0, 0);
  // On a terminal the program is in the foreground, as it would be as process 1. SIGTTOU is blocked here.
  int group = (int)call(SYS_getpid, 0, 0, 0, 0);
  call(SYS_ioctl, 0, TIOCSPGRP, (word)&group, 0);
  call(SYS_rt_sigprocmask, SIG_SETMASK, (word)&mask, 0, sizeof mask);
  long failed = become(words, environment);
  int is_missing = failed == -ENOENT || failed == -ENOTDIR;
  say("opz-init: ");
  say(words[0]);
  say(is_missing ? ": no such program in the image\n" : ": cannot be run\n");
  leave(is_missing ? 127 : 126);
}

// Whether some process of a group is left.
static int is_there(long group) { return call(SYS_kill, (word)-group, 0, 0, 0) == 0; }

__attribute__((used)) _Noreturn void begin(word *stack) {
  word count = stack[0];
  char **words = (char **)(stack + 1), **environment = words + count + 1;
  if (count < 2) {
    say("usage: opz-init PROGRAM [ARGUMENT ..]\n");
    leave(64);
  }
  // An inherited choice to ignore SIGCHLD would leave nothing to wait for. The kernel's struct: handler, flags, restorer, mask.
  word standard[4] = {0, 0, 0, 0};
  call(SYS_rt_sigaction, SIGCHLD, (word)standard, 0, sizeof(word));
  // What a program does to itself is not passed on.
  word all = ~(bit(SIGFPE) | bit(SIGILL) | bit(SIGSEGV) | bit(SIGBUS) | bit(SIGABRT) | bit(SIGTRAP) | bit(SIGSYS));
  word mask = 0;
  call(SYS_rt_sigprocmask, SIG_SETMASK, (word)&all, (word)&mask, sizeof all);
  // Where it is not process 1, orphans come to it all the same.
  call(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0);
  long child = call(SYS_clone, SIGCHLD, 0, 0, 0);
  if (child == 0) be_child(words + 1, environment, mask);
  if (child < 0) {
    say("opz-init: no process can be started\n");
    leave(126);
  }
  int passed = 0, ended = 0, code = 0;
  for (;;) {
    long signal = call(SYS_rt_sigtimedwait, (word)&all, 0, 0, sizeof all);
    if (signal == SIGCHLD || signal == -EINTR) {
      for (;;) {
        int status = 0;
        long process = call(SYS_wait4, (word)-1, (word)&status, WNOHANG, 0);
        if (process <= 0) break;
        if (process != child) continue;
        int by = status & 0x7f;
        ended = 1;
        code = by ? 128 + by : (status >> 8) & 0xff;
        if (!by || by != passed || !is_there(child)) leave(code);
        call(SYS_kill, (word)-child, (word)by, 0, 0);
      }
      if (ended && !is_there(child)) leave(code);
      continue;
    }
    if (signal <= 0 || signal == SIGTTIN || signal == SIGTTOU) continue;
    passed = (int)signal;
    call(SYS_kill, (word)(ended ? -child : child), (word)signal, 0, 0);
  }
}
