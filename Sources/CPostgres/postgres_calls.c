#include "postgres_calls.h"
#include <lazy.h>

static struct opz_library library = {"libpq.so.5", 0};

const char *opz_postgres_load(void) { return opz_library_load(&library); }

#define CALL(result, name, parameters, arguments) OPZ_LAZY(library, result, name, parameters, arguments)

CALL(PGconn *, PQconnectdbParams, (const char *const *keywords, const char *const *values, int expand), (keywords, values, expand))
CALL(int, PQstatus, (const PGconn *connection), (connection))
CALL(char *, PQerrorMessage, (const PGconn *connection), (connection))
CALL(const char *, PQparameterStatus, (const PGconn *connection, const char *name), (connection, name))
CALL(PGresult *, PQexec, (PGconn * connection, const char *query), (connection, query))
CALL(int, PQsendQuery, (PGconn * connection, const char *query), (connection, query))
CALL(int, PQsetSingleRowMode, (PGconn * connection), (connection))
CALL(PGresult *, PQgetResult, (PGconn * connection), (connection))
CALL(int, PQresultStatus, (const PGresult *result), (result))
CALL(char *, PQresultErrorMessage, (const PGresult *result), (result))
CALL(char *, PQresultErrorField, (const PGresult *result, int field), (result, field))
CALL(int, PQntuples, (const PGresult *result), (result))
CALL(int, PQnfields, (const PGresult *result), (result))
CALL(int, PQgetisnull, (const PGresult *result, int row, int column), (result, row, column))
CALL(char *, PQgetvalue, (const PGresult *result, int row, int column), (result, row, column))
CALL(int, PQgetlength, (const PGresult *result, int row, int column), (result, row, column))
CALL(int, PQputCopyData, (PGconn * connection, const char *buffer, int bytes), (connection, buffer, bytes))
CALL(int, PQputCopyEnd, (PGconn * connection, const char *error), (connection, error))
CALL(int, PQgetCopyData, (PGconn * connection, char **buffer, int without_waiting), (connection, buffer, without_waiting))
CALL(PGresult *, PQprepare, (PGconn * connection, const char *name, const char *query, int parameters, const unsigned int *types),
     (connection, name, query, parameters, types))
CALL(PGresult *, PQdescribePrepared, (PGconn * connection, const char *name), (connection, name))
CALL(char *, PQfname, (const PGresult *result, int column), (result, column))
CALL(unsigned int, PQftype, (const PGresult *result, int column), (result, column))
CALL(char *, PQcmdTuples, (PGresult * result), (result))

typedef void (*finish)(PGconn *);
typedef void (*clear)(PGresult *);
typedef void (*release)(void *);
typedef void (*processor)(void *, const char *);
typedef processor (*set_processor)(PGconn *, processor, void *);

void PQfinish(PGconn *connection) { ((finish)opz_library_function(&library, "PQfinish"))(connection); }

// Called for each row of a COPY: the function is looked up once.
void PQfreemem(void *memory) {
  static release _Atomic cached;
  release function = cached;
  if (!function) cached = function = (release)opz_library_function(&library, "PQfreemem");
  function(memory);
}

void PQclear(PGresult *result) { ((clear)opz_library_function(&library, "PQclear"))(result); }

static void drop(void *unused, const char *notice) {
  (void)unused;
  (void)notice;
}

void opz_postgres_quiet(PGconn *connection) {
  ((set_processor)opz_library_function(&library, "PQsetNoticeProcessor"))(connection, drop, 0);
}
