// What a program was started with, taken before anything of the program runs.
//
// Swift finds the arguments by walking down from `environ`. A library that is preloaded (agents of monitoring are) and calls setenv before main moves
// `environ` away from them, and then there are none. The C library hands the true ones to each function of .init_array.
//
// A standard descriptor that was closed would be given to the first file that is opened, and what is said on standard output would be written into that
// file. Such descriptors are opened here so that reading or writing them fails.
#ifndef OPZ_START_H
#define OPZ_START_H

// How many arguments there are, the program's name included; 0 where the C library does not say.
int opz_argument_count(void);

// An argument; null past the last.
const char *opz_argument(int index);

#endif
