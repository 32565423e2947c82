"""Measures the statements that opz sql writes; scripts/bench-sql text runs it.

Three tables. Writing: seconds and peak memory for 2,000 trees. Shapes: each shape of trees in DuckDB, SQLite and PostgreSQL, with
planning (EXPLAIN) apart from running (the rest of the time), and whether the chosen shape is the best one. Peers: a pipeline with a
logistic regression and a forest of 100 trees, by opz, by orbital, and a CASE in a CASE written by the obvious loop. The rows are
random numbers in 20 columns; the best of the runs counts, and each run of a cell is beside the others in time.
"""

import argparse
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

from bench_sql import COLUMNS, Server, run, train

NAMES = [f"c{index}" for index in range(COLUMNS)]


class DuckDB:
    name = "duckdb"

    def __init__(self, rows, _):
        import duckdb

        self.connection = duckdb.connect()
        self.connection.execute("SET threads = 2; SET max_expression_depth = 100000")
        self.version = f"DuckDB {duckdb.__version__}"
        self.connection.execute(f"CREATE TABLE customers (id BIGINT, {', '.join(f'{name} DOUBLE' for name in NAMES)})")
        columns = ", ".join("random()" for _ in NAMES)
        self.connection.execute(f"INSERT INTO customers SELECT i, {columns} FROM range({rows}) r(i)")

    def execute(self, sql):
        self.connection.execute(sql).fetchall()


class SQLite:
    name = "sqlite"

    def __init__(self, rows, _):
        self.connection = sqlite3.connect(":memory:")
        self.version = f"SQLite {sqlite3.sqlite_version}"
        self.connection.execute(f"CREATE TABLE customers (id INTEGER PRIMARY KEY, {', '.join(f'{name} REAL' for name in NAMES)})")
        columns = ", ".join("(random() / 18446744073709551616.0) + 0.5" for _ in NAMES)
        self.connection.execute(
            f"WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < {rows}) "
            f"INSERT INTO customers SELECT i, {columns} FROM r")

    def execute(self, sql):
        self.connection.execute(sql).fetchall()


class PostgreSQL:
    name = "postgresql"

    def __init__(self, rows, directory):
        import psycopg2

        self.server = Server(directory)
        self.connection = psycopg2.connect(host=directory, user=self.server.user, dbname="bench")
        self.connection.autocommit = True
        self.version = f"PostgreSQL {self.server.sql('SHOW server_version').split()[0]}"
        columns = ", ".join(f"random() AS {name}" for name in NAMES)
        self.execute("SET jit = off", fetch=False)
        self.execute(f"CREATE TABLE customers AS SELECT g::bigint AS id, {columns} FROM generate_series(1, {rows}) g", fetch=False)
        self.execute("VACUUM ANALYZE customers", fetch=False)

    def execute(self, sql, fetch=True):
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            if fetch:
                cursor.fetchall()

    def stop(self):
        self.connection.close()
        self.server.stop()


def timed(work):
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def measure(engine, sql, columns, runs):
    """Seconds of planning and of running a query whose columns are added up; None where the database refuses it."""
    sql = sql.rstrip().rstrip(";")
    sums = ", ".join(f'sum("{name}")' for name in columns)
    whole = f"SELECT {sums} FROM (\n{sql}\n) scored"
    try:
        plans, all_of_it = [], []
        for _ in range(runs):
            plans.append(timed(lambda: engine.execute(f"EXPLAIN {whole}")))
            all_of_it.append(timed(lambda: engine.execute(whole)))
    except Exception as error:
        print(f"{engine.name}: {type(error).__name__}: {str(error)[:200]}", file=sys.stderr)
        return None
    return min(plans), max(min(all_of_it) - min(plans), 0)


def write_sql(opz, model, engine, directory, *words):
    """What opz writes, or None where it refuses; and its words."""
    output = f"{directory}/opz.sql"
    done = subprocess.run(
        [opz, "sql", model, "--dialect", engine, "--table", "customers", "--output", output, *words],
        capture_output=True, text=True, env={**os.environ, "HOME": directory})
    if done.returncode != 0:
        return None, done.stderr
    return pathlib.Path(output).read_text(), done.stderr


def trained(directory, trees, depth):
    path = f"{directory}/xgboost-{trees}-{depth}.json"
    if not os.path.exists(path):
        # Its own process: what this one has grown to would count as the peak of what it starts.
        words = ["--train", path, "--trees", str(trees), "--depth", str(depth)]
        subprocess.run([sys.executable, __file__, *words], check=True)
    return path


def writing(opz, directory, options):
    print("\n| 2,000 trees of depth 6 as SQL | seconds | processor seconds | peak MiB | MB of SQL |\n|---|---:|---:|---:|---:|")
    model = trained(directory, 2000, 6)
    for dialect in ["duckdb", "sqlite", "postgresql"]:
        output = f"{directory}/all.sql"
        words = [opz, "sql", model, "--dialect", dialect, "--output", output]
        best = None
        for _ in range(max(3, options.runs)):
            before = os.times()
            seconds, memory = run(words, stderr=subprocess.DEVNULL, env={**os.environ, "HOME": directory})
            after = os.times()
            used = after.children_user + after.children_system - before.children_user - before.children_system
            best = min(best or (seconds, used, memory), (seconds, used, memory))
        print(f"| {dialect} | {best[0]:.2f} | {best[1]:.2f} | {best[2]:.0f} | {os.path.getsize(output) / 1e6:.1f} |", flush=True)


def shapes(opz, engines, directory, options):
    print("\n| database | trees | depth | chosen | nested: planning, running | flat: planning, running | chosen to best |")
    print("|---|---:|---:|---|---:|---:|---:|")
    good = cells = 0
    for engine in engines:
        for trees in options.trees:
            for depth in options.depths:
                model = trained(directory, trees, depth)
                _, words = write_sql(opz, model, engine.name, directory, "--kind", "margin")
                chosen = next((shape for shape in ["nested", "flat"] if f"shape {shape}" in words), "refused")
                found = {}
                for shape in ["nested", "flat"]:
                    sql, _ = write_sql(opz, model, engine.name, directory, "--kind", "margin", "--shape", shape)
                    if sql is not None and len(sql) <= options.most_bytes:
                        found[shape] = measure(engine, sql, ["margin"], options.runs)
                totals = {shape: sum(times) for shape, times in found.items() if times}
                ratio = totals[chosen] / min(totals.values()) if chosen in totals else None
                cells += 1
                good += ratio is not None and ratio <= 1.2
                shown = [f"{found[shape][0]:.2f}, {found[shape][1]:.2f}" if found.get(shape) else "-" for shape in ["nested", "flat"]]
                print(f"| {engine.name} | {trees} | {depth} | {chosen} | {shown[0]} | {shown[1]} | "
                      f"{f'{ratio:.2f}' if ratio else '-'} |", flush=True)
    print(f"\nThe chosen shape is within 1.2 times the best one in {good} of {cells} cells.")


def by_hand(forest):
    """A forest as the obvious loop writes it: the mean of each tree's share of class 1."""
    def node(tree, place):
        if tree.children_left[place] < 0:
            counts = tree.value[place][0]
            return repr(float(counts[1] / counts.sum()))
        left, right = node(tree, tree.children_left[place]), node(tree, tree.children_right[place])
        column = NAMES[tree.feature[place]]
        return f"CASE WHEN {column} <= {float(tree.threshold[place])!r} THEN {left} ELSE {right} END"

    trees = [node(estimator.tree_, 0) for estimator in forest.estimators_]
    return f"SELECT ({' + '.join(trees)}) / {len(trees)} AS p FROM customers"


def logistic_by_hand(pipeline):
    scaler, regression = pipeline.steps[0][1], pipeline.steps[1][1]
    terms = [
        f"({name} - {float(mean)!r}) / {float(scale)!r} * {float(weight)!r}"
        for name, mean, scale, weight in zip(NAMES, scaler.mean_, scaler.scale_, regression.coef_[0])
    ]
    return f"SELECT 1 / (1 + exp(-({float(regression.intercept_[0])!r} + {' + '.join(terms)}))) AS p FROM customers"


def peers(opz, engines, directory, options):
    import numpy
    import orbital
    import orbital.types
    import pandas
    import skops.io
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    generator = numpy.random.default_rng(7)
    table = pandas.DataFrame(generator.random((5000, COLUMNS)), columns=NAMES)
    label = (table.c0 + table.c1 * table.c2 + 0.3 * generator.standard_normal(5000) > 0.9).astype(int)
    models = {
        "logistic pipeline": Pipeline([("scale", StandardScaler()), ("classify", LogisticRegression())]),
        "forest, 100 trees": Pipeline([("classify", RandomForestClassifier(100, max_depth=6, random_state=7))]),
    }
    features = {name: orbital.types.DoubleColumnType() for name in NAMES}
    print("\n| model | database | by | planning | running | rows/s | opz is |\n|---|---|---|---:|---:|---:|---:|")
    for title, pipeline in models.items():
        pipeline.fit(table, label)
        path = f"{directory}/{title.split()[0].rstrip(',')}.skops"
        own = pipeline if title.startswith("logistic") else pipeline.steps[0][1]
        skops.io.dump(own, path)
        for engine in engines:
            # SQLite's names in double quotes that no column has are texts, so its statements are written with them.
            dialect = {"postgresql": "postgres"}.get(engine.name, engine.name)
            texts = {"opz": (write_sql(opz, path, engine.name, directory)[0], ["probability_1"])}
            try:
                parsed = orbital.parse_pipeline(pipeline, features=features)
                sql = orbital.export_sql("customers", parsed, dialect=dialect)
                texts["orbital"] = (sql, ["output_probability.1"])
            except Exception as error:
                print(f"orbital: {type(error).__name__}: {str(error)[:200]}", file=sys.stderr)
            hand = logistic_by_hand(pipeline) if title.startswith("logistic") else by_hand(pipeline.steps[0][1])
            texts["by hand"] = (hand, ["p"])
            found = {name: measure(engine, sql, columns, options.runs) for name, (sql, columns) in texts.items() if sql}
            for name, times in found.items():
                if times is None:
                    print(f"| {title} | {engine.name} | {name} | refused by the database | | | |", flush=True)
                    continue
                total = sum(times)
                ratio = f"{total / sum(found['opz']):.2f} x" if found.get("opz") else "-"
                print(f"| {title} | {engine.name} | {name} | {times[0]:.3f} | {times[1]:.3f} | {options.rows / total:,.0f} | {ratio} |",
                      flush=True)


def main():
    numbers = lambda text: [int(number) for number in text.split(",")]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--trees", type=numbers, default=[10, 100, 500])
    parser.add_argument("--depths", type=numbers, default=[4, 6, 8])
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--most-bytes", type=int, default=16_000_000, help="of a statement that is run; longer ones take minutes")
    parser.add_argument("--only", choices=["writing", "shapes", "peers"])
    parser.add_argument("--train", help=argparse.SUPPRESS)
    parser.add_argument("--depth", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.train:
        return train(options.train, options.trees[0], options.depth)
    opz = pathlib.Path(os.environ["OPZ_BENCH_BIN"]).resolve() / "opz"
    directory = tempfile.mkdtemp(prefix="opz-bench-")
    os.chmod(directory, 0o755)
    os.mkdir(f"{directory}/pg")
    engines = []
    try:
        if options.only != "shapes" and options.only != "peers":
            writing(opz, directory, options)
        if options.only != "writing":
            for kind in [DuckDB, SQLite, PostgreSQL]:
                engines.append(kind(options.rows, f"{directory}/pg"))
            print(f"\n{', '.join(engine.version for engine in engines)}; {options.rows:,} rows, {os.cpu_count()} cores, seconds")
        if options.only in (None, "shapes"):
            shapes(opz, engines, directory, options)
        if options.only in (None, "peers"):
            peers(opz, engines, directory, options)
    finally:
        for engine in engines:
            if engine.name == "postgresql":
                engine.stop()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
