#include "start.h"
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

static int argument_count;
static char **arguments;

int opz_argument_count(void) { return argument_count; }

const char *opz_argument(int index) { return index >= 0 && index < argument_count ? arguments[index] : NULL; }

// Opened for the opposite direction, so that each use fails with EBADF, as with a closed one.
static void open_standard_descriptors(void) {
  for (int descriptor = 0; descriptor <= 2; descriptor++) {
    if (fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest free number is this one: those below are open.
    int opened = open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY);
    if (opened >= 0 && opened != descriptor) close(opened);
  }
}

#ifdef __GLIBC__
// The C++ library that a release is linked to asks for this function, which the C library has from 2.36 on: with it here,
// opz runs with 2.35 too (Ubuntu 22.04).
uint32_t arc4random(void) {
  uint32_t number;
  while (getrandom(&number, sizeof number, 0) != sizeof number) {
    if (errno != EINTR) abort();
  }
  return number;
}

__attribute__((constructor)) static void start(int count, char **values, char **environment) {
  (void)environment;
  argument_count = count;
  arguments = values;
  open_standard_descriptors();
}
#else
__attribute__((constructor)) static void start(void) { open_standard_descriptors(); }
#endif
