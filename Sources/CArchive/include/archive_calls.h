// libarchive's reader, loaded when it is first needed.
#ifndef OPZ_ARCHIVE_CALLS_H
#define OPZ_ARCHIVE_CALLS_H
#include <archive.h>
#include <archive_entry.h>

// Null, or why libarchive could not be loaded.
const char *opz_archive_load(void);

#endif
