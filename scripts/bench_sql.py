"""Measures opz score --database; scripts/bench-sql runs it.

A server of its own, with the settings of Debian but 256 MiB of shared buffers, has a table with a key and 20 columns of random
numbers, which XGBoost learns from with 100 trees of depth 6. Each program starts with an empty table that has a primary key; the best of
the runs counts. Peak memory is the program's own, without the server's.
"""

import argparse
import glob
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

COLUMNS = 20


def run(words, **options):
    """Seconds and peak memory in MiB of a program."""
    begin = time.perf_counter()
    process = subprocess.Popen(words, **options)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    if status != 0:
        sys.exit(f"{' '.join(map(str, words))[:300]}: status {status}")
    return seconds, usage.ru_maxrss / 1024


class Server:
    """A server of its own on a Unix socket."""

    def __init__(self, directory):
        self.directory = directory
        versions = glob.glob("/usr/lib/postgresql/*/bin")
        if not versions:
            sys.exit("PostgreSQL is not installed: apt-get install postgresql")
        self.programs = max(versions, key=lambda path: int(path.split("/")[-2]))
        self.become = []
        self.user = "tester"
        if os.geteuid() == 0:
            self.user = "postgres"
            self.become = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"]
            shutil.chown(directory, "postgres", "postgres")
        data = f"{directory}/data"
        subprocess.run(
            [*self.become, f"{self.programs}/initdb", "-D", data, "-U", self.user, "-A", "trust", "-E", "UTF8", "--locale", "C"],
            check=True, stdout=subprocess.DEVNULL)
        settings = ["listen_addresses=", "shared_buffers=256MB", "max_wal_size=4GB", "autovacuum=off"]
        self.process = subprocess.Popen(
            [*self.become, f"{self.programs}/postgres", "-D", data, "-k", directory, *(f"-c{text}" for text in settings)],
            stderr=subprocess.DEVNULL)
        for _ in range(500):
            if subprocess.run([*self.psql("postgres"), "-c", "SELECT 1"], capture_output=True).returncode == 0:
                break
            time.sleep(0.05)
        self.sql("CREATE DATABASE bench", "postgres")

    def psql(self, database="bench"):
        return ["psql", "-h", self.directory, "-U", self.user, "-d", database, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]

    def sql(self, text, database="bench"):
        return subprocess.run([*self.psql(database), "-c", text], check=True, capture_output=True, text=True).stdout.strip()

    @property
    def url(self):
        return f"postgresql:///bench?host={self.directory}&user={self.user}"

    def stop(self):
        self.process.terminate()
        self.process.wait()


def train(path, trees, depth):
    import numpy
    import xgboost

    generator = numpy.random.default_rng(7)
    rows = generator.random((20000, COLUMNS))
    label = (rows[:, 0] + rows[:, 1] * rows[:, 2] + 0.3 * generator.standard_normal(20000) > 0.9).astype(int)
    names = [f"c{index}" for index in range(COLUMNS)]
    data = xgboost.DMatrix(rows, label=label, feature_names=names)
    settings = {"objective": "binary:logistic", "max_depth": depth, "tree_method": "hist", "nthread": 2, "seed": 7}
    xgboost.train(settings, data, trees).save_model(path)


PANDAS = """
import sys
import pandas, sqlalchemy, xgboost
url, model, rows = sys.argv[1], sys.argv[2], int(sys.argv[3])
booster = xgboost.Booster(model_file=model)
booster.set_param({"nthread": 2})
engine = sqlalchemy.create_engine(url)
with engine.connect().execution_options(stream_results=True) as reading, engine.begin() as writing:
    query = sqlalchemy.text(f"SELECT * FROM customers WHERE id <= {rows} ORDER BY id")
    for part in pandas.read_sql(query, reading, chunksize=50000):
        margins = booster.predict(xgboost.DMatrix(part.drop(columns="id")))
        scores = pandas.DataFrame({"id": part["id"], "probability": margins})
        scores["model"] = "churn"
        scores["version"] = "1.0.0"
        scores["scored_at"] = pandas.Timestamp.now("UTC")
        scores.to_sql("scores", writing, if_exists="append", index=False)
"""

TABLE = """CREATE TABLE scores (id bigint NOT NULL, probability real, model text, version text, scored_at timestamptz,
PRIMARY KEY (id))"""


def shape(options):
    return ["--trees", str(options.trees), "--depth", str(options.depth)]


def best(count, work):
    return min((work() for _ in range(count)), key=lambda result: result[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--pandas-rows", type=int, default=200_000, help="rows that pandas scores: it takes long")
    parser.add_argument("--trees", type=int, default=100)
    parser.add_argument("--depth", type=int, default=6)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--in-database", action="store_true", help="have the database compute the scores too: it takes minutes")
    parser.add_argument("--max-memory", type=float, default=0, help="fail above this peak of opz, in MiB")
    parser.add_argument("--train", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.train:
        return train(options.train, options.trees, options.depth)
    opz = pathlib.Path(os.environ["OPZ_BENCH_BIN"]).resolve() / "opz"
    directory = tempfile.mkdtemp(prefix="opz-bench-")
    os.chmod(directory, 0o755)
    socket = f"{directory}/pg"
    os.mkdir(socket)
    server = Server(socket)
    try:
        model = f"{directory}/model.json"
        # In a process of its own: what this one has grown to would count as the peak of what it starts.
        subprocess.run([sys.executable, __file__, "--train", model, *shape(options)], check=True)
        columns = ", ".join(f"random() AS c{index}" for index in range(COLUMNS))
        server.sql(f"CREATE TABLE customers AS SELECT g::bigint AS id, {columns} FROM generate_series(1, {options.rows}) g")
        server.sql("ALTER TABLE customers ADD PRIMARY KEY (id)")
        server.sql("VACUUM ANALYZE customers")
        measure(server, opz, model, directory, options)
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


def measure(server, opz, model, directory, options):
    environment = {**os.environ, "HOME": directory, "OPZ_REGISTRY": f"{directory}/registry"}

    def native(*words):
        server.sql("DROP TABLE IF EXISTS scores, opz_score_jobs")
        server.sql("CHECKPOINT")
        return run(
            [opz, "score", model, "--database", server.url, "--query", "SELECT * FROM customers", "--key", "id", "--into", "scores",
             "--quiet", *words], env=environment)

    results = [("opz score", options.rows, *best(options.runs, native))]
    binary = f"{directory}/scores.bin"
    with open(binary, "wb") as file:
        run([*server.psql(), "-c", "COPY scores TO STDOUT (FORMAT binary)"], stdout=file)
    if options.in_database:
        results.append(("opz score --in-database", options.rows, *best(1, lambda: native("--in-database"))))

    def out():
        return run([*server.psql(), "-c", "COPY customers TO STDOUT (FORMAT binary)"], stdout=subprocess.DEVNULL)

    def into():
        server.sql("DROP TABLE IF EXISTS scores")
        server.sql(TABLE.replace("\n", " "))
        server.sql("CHECKPOINT")
        with open(binary, "rb") as file:
            return run([*server.psql(), "-c", "COPY scores FROM STDIN (FORMAT binary)"], stdin=file)

    reading, writing = best(options.runs, out), best(options.runs, into)
    results.append(("binary COPY out, alone", options.rows, *reading))
    results.append(("binary COPY in, alone", options.rows, *writing))
    results.append(("binary COPY out, then in", options.rows, reading[0] + writing[0], max(reading[1], writing[1])))

    def pandas():
        server.sql("DROP TABLE IF EXISTS scores")
        server.sql(TABLE.replace("\n", " "))
        server.sql("CHECKPOINT")
        url = f"postgresql+psycopg2://{server.user}@/bench?host={server.directory}"
        return run([sys.executable, "-c", PANDAS, url, model, str(options.pandas_rows)])

    results.append(("pandas, xgboost, SQLAlchemy", options.pandas_rows, *best(1, pandas)))
    print(f"PostgreSQL {server.sql('SHOW server_version')}, {options.rows} rows of {COLUMNS} columns, "
          f"{options.trees} trees of depth {options.depth}, {os.cpu_count()} cores, best of {options.runs}\n")
    print("| | rows | seconds | rows/s | peak memory | opz is |\n|---|---|---|---|---|---|")
    rate = results[0][1] / results[0][2]
    for name, rows, seconds, memory in results:
        own = rows / seconds
        print(f"| {name} | {rows:,} | {seconds:.2f} | {own:,.0f} | {memory:.0f} MiB | {rate / own:.2f} x |")
    if options.max_memory and results[0][3] > options.max_memory:
        sys.exit(f"opz took {results[0][3]:.0f} MiB")


if __name__ == "__main__":
    main()
