// SQLite's calls, loaded when they are first needed.
#ifndef OPZ_SQLITE_CALLS_H
#define OPZ_SQLITE_CALLS_H
#include <sqlite3.h>

// Null, or why SQLite could not be loaded.
const char *opz_sqlite_load(void);

// Binds a text, of which SQLite makes a copy (SQLITE_TRANSIENT, which Swift cannot name).
int opz_sqlite_bind(sqlite3_stmt *statement, int index, const char *text, int bytes);

#endif
