// Functions of a shared library that is loaded when one of them is first called.
//
// libcurl and libarchive depend on some forty libraries (Kerberos, LDAP, ICU, ..). A program linked to them loads all
// of these at each start, which is two thirds of the time of a command that needs neither network nor decompression.
// The functions that OPZ_LAZY defines have the names and types of the library's own header, so callers see no
// difference, and the compiler checks both against the header.
#ifndef OPZ_LAZY_H
#define OPZ_LAZY_H

struct opz_library {
  const char *name;  // its soname: libcurl.so.4
  void *handle;      // atomic; null before it is loaded
};

// Loads the library: the one that came with the program (PREFIX/lib/opz beside PREFIX/bin), as in a wheel or a tarball,
// else the system's. Returns null, or why it could not be loaded; the text is valid until this thread's next call.
const char *opz_library_load(struct opz_library *library);

// Returns a function of the library. If the library or the function is missing, the program exits with one line;
// call opz_library_load first to find out.
void *opz_library_function(struct opz_library *library, const char *name);

#define OPZ_LAZY(library, result, name, parameters, arguments)                     \
  result name parameters {                                                        \
    static result(*_Atomic cached) parameters;                                    \
    result(*function) parameters = cached;                                        \
    if (!function) cached = function = opz_library_function(&library, #name);     \
    return function arguments;                                                    \
  }

#endif
