// For every CPU.
#define OPZ_NAME(name) name##_plain
#include "kernel.h"
