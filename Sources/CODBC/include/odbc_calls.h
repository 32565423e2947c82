// ODBC's driver manager (unixODBC), loaded when it is first needed.
//
// The declarations are those of ODBC 3, as its specification has them for 64-bit systems, so that building opz needs no
// header of unixODBC. The soname would change with them. Texts are UTF-16: the other calls convert them by the locale.
#ifndef OPZ_ODBC_CALLS_H
#define OPZ_ODBC_CALLS_H

typedef void *SQLHANDLE;
typedef short SQLRETURN;
typedef short SQLSMALLINT;
typedef unsigned short SQLUSMALLINT;
typedef int SQLINTEGER;
typedef long SQLLEN;
typedef unsigned long SQLULEN;
typedef unsigned short SQLWCHAR;

// What a call returns.
enum { OPZ_SQL_SUCCESS = 0, OPZ_SQL_SUCCESS_WITH_INFO = 1, OPZ_SQL_NO_DATA = 100 };

// Kinds of handles.
enum { OPZ_SQL_HANDLE_ENV = 1, OPZ_SQL_HANDLE_DBC = 2, OPZ_SQL_HANDLE_STMT = 3 };

// Lengths that are none.
enum { OPZ_SQL_NULL_DATA = -1, OPZ_SQL_NO_TOTAL = -4 };

// Types of columns.
enum {
  OPZ_SQL_CHAR = 1,
  OPZ_SQL_NUMERIC = 2,
  OPZ_SQL_DECIMAL = 3,
  OPZ_SQL_INTEGER = 4,
  OPZ_SQL_SMALLINT = 5,
  OPZ_SQL_FLOAT = 6,
  OPZ_SQL_REAL = 7,
  OPZ_SQL_DOUBLE = 8,
  OPZ_SQL_VARCHAR = 12,
  OPZ_SQL_TYPE_DATE = 91,
  OPZ_SQL_TYPE_TIME = 92,
  OPZ_SQL_TYPE_TIMESTAMP = 93,
  OPZ_SQL_LONGVARCHAR = -1,
  OPZ_SQL_BINARY = -2,
  OPZ_SQL_VARBINARY = -3,
  OPZ_SQL_LONGVARBINARY = -4,
  OPZ_SQL_BIGINT = -5,
  OPZ_SQL_TINYINT = -6,
  OPZ_SQL_BIT = -7,
  OPZ_SQL_WCHAR = -8,
  OPZ_SQL_WVARCHAR = -9,
  OPZ_SQL_WLONGVARCHAR = -10,
  OPZ_SQL_GUID = -11,
};

// Types of a program's values.
enum { OPZ_SQL_C_DOUBLE = 8, OPZ_SQL_C_WCHAR = -8, OPZ_SQL_C_SBIGINT = -25 };

// Attributes, and what is asked of a connection or column.
enum {
  OPZ_SQL_ATTR_ODBC_VERSION = 200,
  OPZ_SQL_ATTR_LOGIN_TIMEOUT = 103,
  OPZ_SQL_ATTR_ROW_ARRAY_SIZE = 27,
  OPZ_SQL_ATTR_ROWS_FETCHED_PTR = 26,
  OPZ_SQL_ATTR_PARAM_STATUS_PTR = 20,
  OPZ_SQL_ATTR_PARAMS_PROCESSED_PTR = 21,
  OPZ_SQL_ATTR_PARAMSET_SIZE = 22,
  OPZ_SQL_DBMS_NAME = 17,
  OPZ_SQL_DBMS_VER = 18,
  OPZ_SQL_DESC_UNSIGNED = 8,
};

// Drivers have functions of these names too, and must find their own.
#pragma GCC visibility push(hidden)

// Null, or why the driver manager could not be loaded.
const char *opz_odbc_load(void);

SQLRETURN SQLAllocHandle(SQLSMALLINT kind, SQLHANDLE parent, SQLHANDLE *handle);
SQLRETURN SQLFreeHandle(SQLSMALLINT kind, SQLHANDLE handle);
SQLRETURN SQLSetEnvAttr(SQLHANDLE environment, SQLINTEGER attribute, void *value, SQLINTEGER bytes);
SQLRETURN SQLSetConnectAttrW(SQLHANDLE connection, SQLINTEGER attribute, void *value, SQLINTEGER bytes);
SQLRETURN SQLDriverConnectW(SQLHANDLE connection, void *window, const SQLWCHAR *text, SQLSMALLINT length, SQLWCHAR *completed,
                            SQLSMALLINT room, SQLSMALLINT *completed_length, SQLUSMALLINT asks);
SQLRETURN SQLDisconnect(SQLHANDLE connection);
SQLRETURN SQLGetInfoW(SQLHANDLE connection, SQLUSMALLINT what, void *value, SQLSMALLINT bytes, SQLSMALLINT *length);
SQLRETURN SQLGetDiagRecW(SQLSMALLINT kind, SQLHANDLE handle, SQLSMALLINT number, SQLWCHAR *state, SQLINTEGER *native, SQLWCHAR *text,
                         SQLSMALLINT room, SQLSMALLINT *length);
SQLRETURN SQLSetStmtAttrW(SQLHANDLE statement, SQLINTEGER attribute, void *value, SQLINTEGER bytes);
SQLRETURN SQLExecDirectW(SQLHANDLE statement, const SQLWCHAR *text, SQLINTEGER length);
SQLRETURN SQLPrepareW(SQLHANDLE statement, const SQLWCHAR *text, SQLINTEGER length);
SQLRETURN SQLExecute(SQLHANDLE statement);
SQLRETURN SQLNumResultCols(SQLHANDLE statement, SQLSMALLINT *count);
SQLRETURN SQLDescribeColW(SQLHANDLE statement, SQLUSMALLINT column, SQLWCHAR *name, SQLSMALLINT room, SQLSMALLINT *length,
                          SQLSMALLINT *type, SQLULEN *size, SQLSMALLINT *digits, SQLSMALLINT *nullable);
SQLRETURN SQLColAttributeW(SQLHANDLE statement, SQLUSMALLINT column, SQLUSMALLINT what, void *text, SQLSMALLINT bytes,
                           SQLSMALLINT *length, SQLLEN *number);
SQLRETURN SQLBindCol(SQLHANDLE statement, SQLUSMALLINT column, SQLSMALLINT type, void *values, SQLLEN bytes, SQLLEN *lengths);
SQLRETURN SQLBindParameter(SQLHANDLE statement, SQLUSMALLINT parameter, SQLSMALLINT direction, SQLSMALLINT type,
                           SQLSMALLINT column_type, SQLULEN size, SQLSMALLINT digits, void *values, SQLLEN bytes, SQLLEN *lengths);
SQLRETURN SQLFetch(SQLHANDLE statement);
SQLRETURN SQLGetData(SQLHANDLE statement, SQLUSMALLINT column, SQLSMALLINT type, void *value, SQLLEN bytes, SQLLEN *length);
SQLRETURN SQLRowCount(SQLHANDLE statement, SQLLEN *count);

#pragma GCC visibility pop

#endif
