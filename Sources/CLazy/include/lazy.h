// Functions of a shared library that is loaded when the first of them is called.
//
// libcurl and libarchive bring some forty libraries with them (Kerberos, LDAP, ICU, ..), and a program that links them loads all of these at each
// start: two thirds of the time of a command that needs neither network nor decompression. The definitions that OPZ_LAZY writes have the names and types
// of the library's own header, so callers see no difference, and the compiler checks both against it.
#ifndef OPZ_LAZY_H
#define OPZ_LAZY_H

struct opz_library {
  const char *name;  // as the linker names it: libcurl.so.4
  void *handle;      // atomic; null before it is loaded
};

// Loads the library. Null, or why it could not be loaded: a text that the next call of this thread replaces.
const char *opz_library_load(struct opz_library *library);

// A function of the library. Ends the program with one line where the library or the function is not there: opz_library_load asks first.
void *opz_library_function(struct opz_library *library, const char *name);

#define OPZ_LAZY(library, result, name, parameters, arguments)                     \
  result name parameters {                                                        \
    static result(*_Atomic cached) parameters;                                    \
    result(*function) parameters = cached;                                        \
    if (!function) cached = function = opz_library_function(&library, #name);     \
    return function arguments;                                                    \
  }

#endif
