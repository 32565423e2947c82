// The arguments of the program, recorded before any of its own code runs.
//
// Swift finds the arguments by walking down from `environ`. A preloaded library (a monitoring agent, for example) that
// calls setenv before main moves `environ` away from them, and Swift then finds none. The C library passes the real
// ones to each function of .init_array.
//
// A closed standard descriptor would be reused for the first file that is opened, and text written to standard output
// would end up in that file. Closed ones are therefore opened here such that reading and writing them fails.
#ifndef OPZ_START_H
#define OPZ_START_H

// The number of arguments, including the program's name; 0 if the C library does not pass them.
int opz_argument_count(void);

// Returns an argument, or null past the last.
const char *opz_argument(int index);

#endif
