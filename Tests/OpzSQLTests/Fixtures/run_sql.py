"""Runs statements in a database. Reads one JSON object a line, each a table and queries over it, and answers each with a line.

    {"columns": [["a", "real"], ["b", "text"]], "rows": [["0x1.8p+1", "x"], [null, null]], "queries": ["SELECT .."]}
    [[["0x1p-1", ..], ..], ..]          the rows of each query in the order of the first column, without it; or "ERROR"

Numbers are hexadecimal both ways. The table is `input`, its first column is `row_id`. The argument names the database:
sqlite, duckdb, postgresql or mariadb; the last two are reached as their drivers' environment variables say.
"""

import json
import math
import os
import sys


class SQLite:
    quote, types = '"', {"real": "REAL", "text": "TEXT"}

    def __init__(self):
        import sqlite3

        self.connection = sqlite3.connect(":memory:")

    def insert(self, table, width, rows):
        marks = ", ".join("?" * width)
        self.connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)

    def execute(self, sql):
        return self.connection.execute(sql)

    def rows(self, sql):
        return self.execute(sql).fetchall()


class DuckDB(SQLite):
    types = {"real": "DOUBLE", "text": "VARCHAR"}

    def __init__(self):
        import duckdb

        self.connection = duckdb.connect()
        # The promise of sums holds on any number of threads, since a row is summed by one.
        self.connection.execute("SET threads = 2")


class PostgreSQL:
    quote, types = '"', {"real": "double precision", "text": "text"}

    def __init__(self):
        import psycopg

        self.connection = psycopg.connect(os.environ["OPZ_SQL_POSTGRESQL"], autocommit=True)
        self.connection.execute("SET jit = off")

    def insert(self, table, width, rows):
        with self.connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def execute(self, sql):
        return self.connection.execute(sql)

    def rows(self, sql):
        # Binary: as text, real numbers would be the shortest that read back as real, not as double.
        return self.connection.cursor(binary=True).execute(sql).fetchall()


class MariaDB:
    quote, types = "`", {"real": "DOUBLE", "text": "TEXT CHARACTER SET utf8mb4"}

    def __init__(self):
        import pymysql

        self.connection = pymysql.connect(
            unix_socket=os.environ["OPZ_SQL_MARIADB"], user="root", database="test", charset="utf8mb4", autocommit=True)

    def insert(self, table, width, rows):
        marks = ", ".join(["%s"] * width)
        # MariaDB has neither NaN nor infinities.
        kept = [[None if isinstance(cell, float) and not math.isfinite(cell) else cell for cell in row] for row in rows]
        with self.connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {table} VALUES ({marks})", kept)

    def execute(self, sql):
        with self.connection.cursor() as cursor:
            cursor.execute(sql)

    def rows(self, sql):
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()


ENGINES = {"sqlite": SQLite, "duckdb": DuckDB, "postgresql": PostgreSQL, "mariadb": MariaDB}


def value(cell, kind):
    if cell is None or kind == "text":
        return cell
    return float(cell) if cell in ("nan", "inf", "-inf") else float.fromhex(cell)


def shown(cell):
    if cell is None or isinstance(cell, str):
        return cell
    return float(cell).hex()


def main():
    engine = ENGINES[sys.argv[1]]()
    for line in sys.stdin:
        task = json.loads(line)
        quote = engine.quote
        names = [quote + name.replace(quote, quote * 2) + quote for name, _ in task["columns"]]
        kinds = [kind for _, kind in task["columns"]]
        columns = ", ".join(f"{name} {engine.types[kind]}" for name, kind in zip(names, kinds))
        engine.execute("DROP TABLE IF EXISTS input")
        engine.execute(f"CREATE TEMPORARY TABLE input (row_id INTEGER PRIMARY KEY{', ' if columns else ''}{columns})")
        rows = [[number] + [value(cell, kind) for cell, kind in zip(row, kinds)] for number, row in enumerate(task["rows"])]
        engine.insert("input", len(names) + 1, rows)
        answers = []
        for sql in task["queries"]:
            try:
                answers.append([[shown(cell) for cell in row[1:]] for row in sorted(engine.rows(sql))])
            except Exception as error:
                answers.append(f"{type(error).__name__}: {error}"[:600])
        print(json.dumps(answers), flush=True)


main()
