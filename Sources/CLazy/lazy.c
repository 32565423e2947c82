#include "lazy.h"
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Writes the path that the library has where it came with the program: PREFIX/lib/opz/NAME for PREFIX/bin/opz.
// Returns 0 where there is no such file.
static int beside_program(const char *name, char path[PATH_MAX]) {
  ssize_t length = readlink("/proc/self/exe", path, PATH_MAX);
  if (length <= 0 || length >= PATH_MAX) return 0;
  path[length] = 0;
  for (int level = 0; level < 2; level++) {
    char *slash = strrchr(path, '/');
    if (!slash) return 0;
    *slash = 0;
  }
  size_t prefix = strlen(path);
  int written = snprintf(path + prefix, PATH_MAX - prefix, "/lib/opz/%s", name);
  return written > 0 && (size_t)written < PATH_MAX - prefix && access(path, F_OK) == 0;
}

const char *opz_library_load(struct opz_library *library) {
  if (__atomic_load_n(&library->handle, __ATOMIC_ACQUIRE)) return NULL;
  char path[PATH_MAX];
  const char *file = beside_program(library->name, path) ? path : library->name;
  // If two threads load it at once, the loader only counts a second reference.
  void *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (!handle) return dlerror();
  __atomic_store_n(&library->handle, handle, __ATOMIC_RELEASE);
  return NULL;
}

void *opz_library_function(struct opz_library *library, const char *name) {
  const char *problem = opz_library_load(library);
  void *function = problem ? NULL : dlsym(__atomic_load_n(&library->handle, __ATOMIC_ACQUIRE), name);
  if (function) return function;
  fprintf(stderr, "error: %s: %s\n", library->name, problem ? problem : name);
  exit(70);
}
