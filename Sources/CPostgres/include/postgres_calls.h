// PostgreSQL's client library (libpq), loaded when it is first needed.
//
// The declarations are libpq's own, as its manual has them, so that building opz needs no header of PostgreSQL. They
// have been the same since libpq.so.5 exists: the soname would change with them.
#ifndef OPZ_POSTGRES_CALLS_H
#define OPZ_POSTGRES_CALLS_H

typedef struct pg_conn PGconn;
typedef struct pg_result PGresult;

enum { OPZ_PG_CONNECTION_OK = 0 };
// Of ExecStatusType.
enum {
  OPZ_PG_COMMAND_OK = 1,
  OPZ_PG_TUPLES_OK = 2,
  OPZ_PG_COPY_OUT = 3,
  OPZ_PG_COPY_IN = 4,
  OPZ_PG_SINGLE_TUPLE = 9,
};

// A field of an error: its code, five characters (PG_DIAG_SQLSTATE).
enum { OPZ_PG_DIAG_SQLSTATE = 'C' };

// Null, or why libpq could not be loaded.
const char *opz_postgres_load(void);

PGconn *PQconnectdbParams(const char *const *keywords, const char *const *values, int expand_dbname);
void PQfinish(PGconn *connection);
int PQstatus(const PGconn *connection);
char *PQerrorMessage(const PGconn *connection);
const char *PQparameterStatus(const PGconn *connection, const char *name);
PGresult *PQexec(PGconn *connection, const char *query);
int PQsendQuery(PGconn *connection, const char *query);
int PQsetSingleRowMode(PGconn *connection);
PGresult *PQgetResult(PGconn *connection);
int PQresultStatus(const PGresult *result);
char *PQresultErrorMessage(const PGresult *result);
char *PQresultErrorField(const PGresult *result, int field);
int PQntuples(const PGresult *result);
int PQnfields(const PGresult *result);
int PQgetisnull(const PGresult *result, int row, int column);
char *PQgetvalue(const PGresult *result, int row, int column);
int PQgetlength(const PGresult *result, int row, int column);
void PQclear(PGresult *result);
int PQputCopyData(PGconn *connection, const char *buffer, int bytes);
int PQputCopyEnd(PGconn *connection, const char *error);
int PQgetCopyData(PGconn *connection, char **buffer, int without_waiting);
void PQfreemem(void *memory);
PGresult *PQprepare(PGconn *connection, const char *name, const char *query, int parameters, const unsigned int *types);
PGresult *PQdescribePrepared(PGconn *connection, const char *name);
char *PQfname(const PGresult *result, int column);
unsigned int PQftype(const PGresult *result, int column);
char *PQcmdTuples(PGresult *result);

// Drops notices, which libpq would print to standard error.
void opz_postgres_quiet(PGconn *connection);

#endif
