"""Runs statements in a database. Reads one JSON object a line, each a table and queries over it, and answers each with a line.

    {"columns": [["a", "real"], ["b", "text"]], "rows": [["0x1.8p+1", "x"], [null, null]], "queries": ["SELECT .."], "texts": [".."]}
    [[["0x1p-1", ..], ..], ..]          the rows of each query in the order of the first column, without it; or "ERROR"

Numbers are hexadecimal both ways. The table is `input`, its first column is `row_id`. The argument names the database:
sqlite, duckdb, postgresql, mariadb, clickhouse (chdb) or spark (pyspark); postgresql and mariadb are reached as environment
variables say. `sqlglot:DIALECT` parses the queries in that dialect and runs what sqlglot makes of them for DuckDB; it parses
`texts` too, which are statements of other forms, and answers with a text that is empty or says what is wrong.
"""

import json
import math
import os
import re
import shutil
import struct
import sys
import tempfile
import threading
import traceback


def make_table(engine, columns):
    engine.execute("DROP TABLE IF EXISTS input")
    engine.execute(f"CREATE TEMPORARY TABLE input ({', '.join(['row_id INTEGER PRIMARY KEY', *columns])})")


class SQLite:
    quote, types = '"', {"real": "REAL", "text": "TEXT"}

    def __init__(self):
        import sqlite3

        self.connection = sqlite3.connect(":memory:")

    def create(self, columns):
        make_table(self, columns)

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


class SQLGlot(DuckDB):
    """DuckDB, by statements of another dialect."""

    def __init__(self, dialect):
        super().__init__()
        import sqlglot

        self.sqlglot, self.dialect = sqlglot, {"sqlserver": "tsql", "postgresql": "postgres", "mariadb": "mysql"}.get(dialect, dialect)

    # A comment, a text or name in quotes, or a number of Oracle.
    ORACLE_NUMBER = re.compile(r"""--[^\n]*|'[^']*'|"[^"]*"|([0-9.]+e[-+]?[0-9]+)([fd])""")

    def parsed(self, text):
        """The one statement of a text, in which sqlglot knows every word."""
        if self.dialect == "oracle":
            # sqlglot does not know the letters that make a number a BINARY_FLOAT or BINARY_DOUBLE.
            text = self.ORACLE_NUMBER.sub(
                lambda found: found[0] if not found[1] else f"CAST({found[1]} AS BINARY_FLOAT)" if found[2] == "f" else found[1], text)
        statements = self.sqlglot.parse(text, read=self.dialect, error_level=self.sqlglot.ErrorLevel.RAISE)
        if len(statements) != 1:
            raise ValueError(f"{len(statements)} statements")
        expressions = self.sqlglot.expressions
        for node in statements[0].find_all(expressions.Command, expressions.Anonymous):
            raise ValueError(f"sqlglot does not know {node.sql()[:100]}")
        return statements[0]

    def transpiled(self, text):
        expressions = self.sqlglot.expressions

        def for_duckdb(node):
            # DuckDB compares texts by their bytes, and has no collation of these names.
            if isinstance(node, expressions.Collate):
                return node.this
            if isinstance(node, expressions.Cast) and node.to.this == expressions.DataType.Type.BINARY:
                return node.this
            # sqlglot takes SQL Server's float(53) for a float32.
            if self.dialect == "tsql" and isinstance(node, expressions.DataType) and node.expressions:
                return expressions.DataType.build("double") if node.this == expressions.DataType.Type.FLOAT else node
            if isinstance(node, expressions.Column) and node.sql() == "BINARY_DOUBLE_NAN":
                return expressions.cast(expressions.Literal.string("NaN"), "double")
            return node

        statement = self.parsed(text).transform(for_duckdb)
        return statement.sql(dialect="duckdb", unsupported_level=self.sqlglot.ErrorLevel.RAISE)

    def rows(self, sql):
        return super().rows(self.transpiled(sql))

    def problem(self, text):
        """What is wrong with a statement; a template of dbt is filled in first."""
        if "{{" in text:
            import jinja2

            text = jinja2.Template(text).render(ref=lambda name: name, source=lambda source, name: f"{source}.{name}")
        try:
            self.parsed(text)
        except Exception as error:
            return described(error)
        return ""


class ClickHouse:
    quote, types = "`", {"real": "Nullable(Float64)", "text": "Nullable(String)"}

    def __init__(self):
        from chdb.session import Session

        self.directory = tempfile.mkdtemp()
        self.session = Session(f"{self.directory}/data")

    def insert(self, table, width, rows):
        """By a file of bytes: numbers in a text would be read by another routine than the queries' own."""
        path = f"{self.directory}/rows.bin"
        with open(path, "wb") as file:
            for row in rows:
                file.write(struct.pack("<q", row[0]) + b"".join(map(ClickHouse.cell, row[1:])))
        self.session.query(f"INSERT INTO {table} FROM INFILE '{path}' FORMAT RowBinary")

    @staticmethod
    def cell(value):
        if value is None:
            return b"\1"
        if isinstance(value, float):
            return b"\0" + struct.pack("<d", value)
        data = value.encode()
        return b"\0" + ClickHouse.varint(len(data)) + data

    @staticmethod
    def varint(number):
        data = b""
        while number > 127:
            data += bytes([number & 127 | 128])
            number >>= 7
        return data + bytes([number])

    def create(self, columns):
        self.session.query("DROP TABLE IF EXISTS input")
        self.session.query(f"CREATE TABLE input ({', '.join(['row_id Int64', *columns])}) ENGINE = Memory")

    def rows(self, sql):
        reader = Bytes(self.session.query(sql.rstrip(";\n"), "RowBinaryWithNamesAndTypes").bytes())
        width = reader.varint()
        for _ in range(width):
            reader.text()
        kinds = [reader.text() for _ in range(width)]
        found = []
        while not reader.ended:
            found.append([reader.value(kind) for kind in kinds])
        return found


class Bytes:
    """Reads ClickHouse's RowBinary."""

    FORMATS = {"Float64": "<d", "Float32": "<f", "Int64": "<q", "UInt8": "<B", "Int32": "<i", "UInt64": "<Q"}

    def __init__(self, data):
        self.data, self.place = data, 0

    @property
    def ended(self):
        return self.place >= len(self.data)

    def varint(self):
        number = shift = 0
        while True:
            byte = self.data[self.place]
            self.place += 1
            number |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return number

    def text(self):
        length = self.varint()
        self.place += length
        return self.data[self.place - length:self.place].decode()

    def value(self, kind):
        if kind.startswith("Nullable("):
            self.place += 1
            if self.data[self.place - 1]:
                return None
            kind = kind[9:-1]
        if kind == "Nothing":
            return None
        if kind == "String":
            return self.text()
        (number,) = struct.unpack_from(Bytes.FORMATS[kind], self.data, self.place)
        self.place += struct.calcsize(Bytes.FORMATS[kind])
        return number


class Spark:
    quote, types = "`", {"real": "DOUBLE", "text": "STRING"}

    def __init__(self):
        from pyspark.sql import SparkSession

        settings = {
            "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1", "spark.ui.enabled": "false",
            "spark.sql.shuffle.partitions": "1", "spark.default.parallelism": "2", "spark.driver.memory": "2g",
        }
        builder = SparkSession.builder.master("local[2]")
        for name, setting in settings.items():
            builder = builder.config(name, setting)
        os.environ["PYSPARK_PYTHON"] = sys.executable
        self.session = builder.getOrCreate()
        self.session.sparkContext.setLogLevel("OFF")

    def create(self, columns):
        self.schema = ", ".join(["row_id BIGINT", *columns])

    def insert(self, table, width, rows):
        self.session.createDataFrame(rows, self.schema).createOrReplaceTempView(table)

    def rows(self, sql):
        return self.session.sql(sql.rstrip(";\n")).collect()


class PostgreSQL:
    quote, types = '"', {"real": "double precision", "text": "text"}

    def __init__(self):
        import psycopg

        self.connection = psycopg.connect(os.environ["OPZ_SQL_POSTGRESQL"], autocommit=True)
        self.connection.execute("SET jit = off")

    def create(self, columns):
        make_table(self, columns)

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

    def create(self, columns):
        make_table(self, columns)

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


ENGINES = {
    "sqlite": SQLite, "duckdb": DuckDB, "postgresql": PostgreSQL, "mariadb": MariaDB, "clickhouse": ClickHouse, "spark": Spark,
}


def described(error):
    return f"{type(error).__name__}: {error}"[:600]


def value(cell, kind):
    if cell is None or kind == "text":
        return cell
    return float(cell) if cell in ("nan", "inf", "-inf") else float.fromhex(cell)


def shown(cell):
    if cell is None or isinstance(cell, str):
        return cell
    return float(cell).hex()


def main():
    name, _, dialect = sys.argv[1].partition(":")
    engine = SQLGlot(dialect) if name == "sqlglot" else ENGINES[name]()
    # What Python prints of its own must not stand between the answers.
    answer_to = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        task = json.loads(line)
        quote = engine.quote
        names = [quote + name.replace(quote, quote * 2) + quote for name, _ in task["columns"]]
        kinds = [kind for _, kind in task["columns"]]
        engine.create([f"{name} {engine.types[kind]}" for name, kind in zip(names, kinds)])
        rows = [[number] + [value(cell, kind) for cell, kind in zip(row, kinds)] for number, row in enumerate(task["rows"])]
        engine.insert("input", len(names) + 1, rows)
        answers = []
        for sql in task["queries"]:
            try:
                answers.append([[shown(cell) for cell in row[1:]] for row in sorted(engine.rows(sql))])
            except Exception as error:
                answers.append(described(error))
        answers += [engine.problem(text) for text in task.get("texts", [])]
        print(json.dumps(answers), file=answer_to, flush=True)
    if name == "clickhouse":
        engine.session.close()
        shutil.rmtree(engine.directory, ignore_errors=True)


def run():
    try:
        main()
        ended.append(True)
    except Exception:
        traceback.print_exc()


# sqlglot's parser needs a deep stack for deep trees.
sys.setrecursionlimit(200_000)
threading.stack_size(512 << 20)
ended = []
thread = threading.Thread(target=run)
thread.start()
thread.join()
sys.exit(0 if ended else 1)
