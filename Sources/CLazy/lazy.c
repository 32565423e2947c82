#include "lazy.h"
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

const char *opz_library_load(struct opz_library *library) {
  if (__atomic_load_n(&library->handle, __ATOMIC_ACQUIRE)) return NULL;
  // If two threads load it at once, the loader only counts a second reference.
  void *handle = dlopen(library->name, RTLD_NOW | RTLD_LOCAL);
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
