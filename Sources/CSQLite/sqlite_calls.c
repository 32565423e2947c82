#include "sqlite_calls.h"
#include <lazy.h>

static struct opz_library library = {"libsqlite3.so.0", 0};

const char *opz_sqlite_load(void) { return opz_library_load(&library); }

OPZ_LAZY(library, const char *, sqlite3_libversion, (void), ())
OPZ_LAZY(library, int, sqlite3_open_v2, (const char *name, sqlite3 **database, int flags, const char *system), (name, database, flags, system))
OPZ_LAZY(library, int, sqlite3_close_v2, (sqlite3 * database), (database))
OPZ_LAZY(library, int, sqlite3_busy_timeout, (sqlite3 * database, int milliseconds), (database, milliseconds))
OPZ_LAZY(library, int, sqlite3_limit, (sqlite3 * database, int id, int value), (database, id, value))
OPZ_LAZY(library, int, sqlite3_errcode, (sqlite3 * database), (database))
OPZ_LAZY(library, const char *, sqlite3_errmsg, (sqlite3 * database), (database))
OPZ_LAZY(library, int, sqlite3_prepare_v2, (sqlite3 * database, const char *sql, int bytes, sqlite3_stmt **statement, const char **tail),
         (database, sql, bytes, statement, tail))
OPZ_LAZY(library, int, sqlite3_step, (sqlite3_stmt * statement), (statement))
OPZ_LAZY(library, int, sqlite3_reset, (sqlite3_stmt * statement), (statement))
OPZ_LAZY(library, int, sqlite3_bind_double, (sqlite3_stmt * statement, int index, double value), (statement, index, value))
OPZ_LAZY(library, int, sqlite3_bind_null, (sqlite3_stmt * statement, int index), (statement, index))
OPZ_LAZY(library, int, sqlite3_bind_int64, (sqlite3_stmt * statement, int index, sqlite3_int64 value), (statement, index, value))
OPZ_LAZY(library, int, sqlite3_finalize, (sqlite3_stmt * statement), (statement))
OPZ_LAZY(library, int, sqlite3_column_count, (sqlite3_stmt * statement), (statement))
OPZ_LAZY(library, const char *, sqlite3_column_name, (sqlite3_stmt * statement, int column), (statement, column))
OPZ_LAZY(library, const char *, sqlite3_column_decltype, (sqlite3_stmt * statement, int column), (statement, column))
OPZ_LAZY(library, int, sqlite3_stmt_readonly, (sqlite3_stmt * statement), (statement))
OPZ_LAZY(library, int, sqlite3_changes, (sqlite3 * database), (database))
OPZ_LAZY(library, int, sqlite3_column_type, (sqlite3_stmt * statement, int column), (statement, column))
OPZ_LAZY(library, int, sqlite3_column_bytes, (sqlite3_stmt * statement, int column), (statement, column))
OPZ_LAZY(library, double, sqlite3_column_double, (sqlite3_stmt * statement, int column), (statement, column))
OPZ_LAZY(library, sqlite3_int64, sqlite3_column_int64, (sqlite3_stmt * statement, int column), (statement, column))
OPZ_LAZY(library, const unsigned char *, sqlite3_column_text, (sqlite3_stmt * statement, int column), (statement, column))

typedef int (*bind_text)(sqlite3_stmt *, int, const char *, int, void (*)(void *));

int opz_sqlite_bind(sqlite3_stmt *statement, int index, const char *text, int bytes) {
  return ((bind_text)opz_library_function(&library, "sqlite3_bind_text"))(statement, index, text, bytes, SQLITE_TRANSIENT);
}
