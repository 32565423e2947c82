#include "odbc_calls.h"
#include <lazy.h>

static struct opz_library library = {"libodbc.so.2", 0};

const char *opz_odbc_load(void) { return opz_library_load(&library); }

#define CALL(name, parameters, arguments) OPZ_LAZY(library, SQLRETURN, name, parameters, arguments)

CALL(SQLAllocHandle, (SQLSMALLINT kind, SQLHANDLE parent, SQLHANDLE *handle), (kind, parent, handle))
CALL(SQLFreeHandle, (SQLSMALLINT kind, SQLHANDLE handle), (kind, handle))
CALL(SQLSetEnvAttr, (SQLHANDLE environment, SQLINTEGER attribute, void *value, SQLINTEGER bytes), (environment, attribute, value, bytes))
CALL(SQLSetConnectAttrW, (SQLHANDLE connection, SQLINTEGER attribute, void *value, SQLINTEGER bytes), (connection, attribute, value, bytes))
CALL(SQLDriverConnectW,
     (SQLHANDLE connection, void *window, const SQLWCHAR *text, SQLSMALLINT length, SQLWCHAR *completed, SQLSMALLINT room,
      SQLSMALLINT *completed_length, SQLUSMALLINT asks),
     (connection, window, text, length, completed, room, completed_length, asks))
CALL(SQLDisconnect, (SQLHANDLE connection), (connection))
CALL(SQLGetInfoW, (SQLHANDLE connection, SQLUSMALLINT what, void *value, SQLSMALLINT bytes, SQLSMALLINT *length),
     (connection, what, value, bytes, length))
CALL(SQLGetDiagRecW,
     (SQLSMALLINT kind, SQLHANDLE handle, SQLSMALLINT number, SQLWCHAR *state, SQLINTEGER *native, SQLWCHAR *text, SQLSMALLINT room,
      SQLSMALLINT *length),
     (kind, handle, number, state, native, text, room, length))
CALL(SQLSetStmtAttrW, (SQLHANDLE statement, SQLINTEGER attribute, void *value, SQLINTEGER bytes), (statement, attribute, value, bytes))
CALL(SQLExecDirectW, (SQLHANDLE statement, const SQLWCHAR *text, SQLINTEGER length), (statement, text, length))
CALL(SQLPrepareW, (SQLHANDLE statement, const SQLWCHAR *text, SQLINTEGER length), (statement, text, length))
CALL(SQLExecute, (SQLHANDLE statement), (statement))
CALL(SQLNumResultCols, (SQLHANDLE statement, SQLSMALLINT *count), (statement, count))
CALL(SQLDescribeColW,
     (SQLHANDLE statement, SQLUSMALLINT column, SQLWCHAR *name, SQLSMALLINT room, SQLSMALLINT *length, SQLSMALLINT *type, SQLULEN *size,
      SQLSMALLINT *digits, SQLSMALLINT *nullable),
     (statement, column, name, room, length, type, size, digits, nullable))
CALL(SQLColAttributeW,
     (SQLHANDLE statement, SQLUSMALLINT column, SQLUSMALLINT what, void *text, SQLSMALLINT bytes, SQLSMALLINT *length, SQLLEN *number),
     (statement, column, what, text, bytes, length, number))
CALL(SQLBindCol, (SQLHANDLE statement, SQLUSMALLINT column, SQLSMALLINT type, void *values, SQLLEN bytes, SQLLEN *lengths),
     (statement, column, type, values, bytes, lengths))
CALL(SQLBindParameter,
     (SQLHANDLE statement, SQLUSMALLINT parameter, SQLSMALLINT direction, SQLSMALLINT type, SQLSMALLINT column_type, SQLULEN size,
      SQLSMALLINT digits, void *values, SQLLEN bytes, SQLLEN *lengths),
     (statement, parameter, direction, type, column_type, size, digits, values, bytes, lengths))
CALL(SQLFetch, (SQLHANDLE statement), (statement))
CALL(SQLGetData, (SQLHANDLE statement, SQLUSMALLINT column, SQLSMALLINT type, void *value, SQLLEN bytes, SQLLEN *length),
     (statement, column, type, value, bytes, length))
CALL(SQLRowCount, (SQLHANDLE statement, SQLLEN *count), (statement, count))
