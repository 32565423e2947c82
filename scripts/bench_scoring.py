"""Times opz and other programs on the same models and rows, and prints Markdown tables. scripts/bench-scoring runs it.

All run on one thread that is pinned to one processor, in turn, in several rounds; a figure is the median of the rounds, in
nanoseconds a row and tree, and a ratio is to opz. What counts is processor time, because a machine is rarely idle. Before that, opz's
sums are compared with the library's, bit by bit.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time
import warnings

warnings.filterwarnings("ignore")
ROOT = pathlib.Path(__file__).resolve().parent.parent
ROWS = 10_000


class Case:
    """A trained model in files, and rows for it."""

    def __init__(self, directory, library, trees, depth, columns):
        import numpy

        self.library, self.trees, self.depth, self.columns = library, trees, depth, columns
        self.type = "float32" if library == "xgboost" else "float64"
        self.path = directory / f"{library}-{trees}-{depth}-{columns}.{'json' if library == 'xgboost' else 'txt'}"
        random = numpy.random.default_rng(1)
        self.rows = random.normal(size=(ROWS, columns)).astype(self.type)
        self.matrix = directory / f"rows-{columns}.{self.type}"
        if not self.matrix.exists():
            self.rows.tofile(self.matrix)
        if not self.path.exists():
            self.train(random)

    def train(self, random):
        """Trees as full as the depth allows: a target with noise, and no regularization."""
        table = random.normal(size=(30_000, self.columns))
        weights = random.normal(size=self.columns)
        target = table @ weights + numpy_sin(table) + random.normal(size=len(table))
        print(f"training {self.path.name}", file=sys.stderr)
        if self.library == "xgboost":
            import xgboost

            settings = {"max_depth": self.depth, "eta": 0.05, "lambda": 0, "min_child_weight": 0, "tree_method": "hist", "nthread": 2}
            booster = xgboost.train(settings, xgboost.DMatrix(table, target), self.trees)
            booster.save_model(self.path)
        else:
            import lightgbm

            settings = {"num_leaves": 2**self.depth, "max_depth": self.depth, "learning_rate": 0.05, "min_data_in_leaf": 1,
                        "min_sum_hessian_in_leaf": 0, "objective": "regression", "verbose": -1, "num_threads": 2}
            booster = lightgbm.train(settings, lightgbm.Dataset(table, target), self.trees)
            booster.save_model(self.path)


def numpy_sin(table):
    import numpy

    return 3 * numpy.sin(2 * table[:, 0]) * table[:, 1]


# Each returns a function that scores a slice of rows, or None where it cannot.

def xgboost_peer(case):
    if case.library != "xgboost":
        return None
    import xgboost

    booster = xgboost.Booster({"nthread": 1}, model_file=case.path)
    booster.set_param({"nthread": 1})
    return lambda rows: booster.inplace_predict(rows, predict_type="margin")


def lightgbm_peer(case):
    if case.library != "lightgbm":
        return None
    import lightgbm

    booster = lightgbm.Booster(model_file=case.path)
    return lambda rows: booster.predict(rows, raw_score=True, num_threads=1)


def onnxruntime_peer(case):
    import onnxmltools
    import onnxruntime
    from skl2onnx.common.data_types import FloatTensorType

    path = case.path.with_suffix(".onnx")
    if not path.exists():
        types = [("input", FloatTensorType([None, case.columns]))]
        if case.library == "xgboost":
            import xgboost

            model = onnxmltools.convert_xgboost(xgboost.Booster(model_file=case.path), initial_types=types, target_opset=15)
        else:
            import lightgbm

            model = onnxmltools.convert_lightgbm(lightgbm.Booster(model_file=case.path), initial_types=types, target_opset=15)
        path.write_bytes(model.SerializeToString())
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
    name, output = session.get_inputs()[0].name, session.get_outputs()[0].name
    return lambda rows: session.run([output], {name: rows.astype("float32", copy=False)})


def treelite_peer(case):
    import treelite

    load = treelite.frontend.load_xgboost_model if case.library == "xgboost" else treelite.frontend.load_lightgbm_model
    model = load(str(case.path))
    return lambda rows: treelite.gtil.predict(model, rows, nthread=1, pred_margin=True)


def lleaves_peer(case):
    # It compiles for half an hour where there are a million nodes.
    if case.library != "lightgbm" or case.trees * 2**case.depth > 100_000:
        return None
    import lleaves

    model = lleaves.Model(str(case.path))
    model.compile(cache=str(case.path.with_suffix(".lleaves")))
    return lambda rows: model.predict(rows, n_jobs=1)


PEERS = {"XGBoost": xgboost_peer, "LightGBM": lightgbm_peer, "ONNX Runtime": onnxruntime_peer, "Treelite GTIL": treelite_peer,
         "lleaves": lleaves_peer}


def timed(score, rows, batch, seconds):
    """Mean processor seconds of a call."""
    parts = [rows[start : start + batch] for start in range(0, len(rows) - batch + 1, batch)][:100]
    score(parts[0])
    calls, begin = 0, time.process_time()
    while (end := time.process_time()) - begin < seconds:
        score(parts[calls % len(parts)])
        calls += 1
    return (end - begin) / calls


class Opz:
    def __init__(self, program, kernel, case, arguments):
        self.kernel = kernel
        self.output = case.path.with_suffix(f".{kernel}.sums")
        self.command = [program, case.path, case.matrix, case.type, kernel, str(arguments.seconds), self.output,
                        *map(str, arguments.batches)]

    def round(self):
        return json.loads(subprocess.run(self.command, check=True, capture_output=True, text=True).stdout)


def equal(case, opz):
    """How opz's sums compare with the library's."""
    import numpy

    mine = numpy.fromfile(opz.output, dtype=case.type)
    own = (xgboost_peer(case) or lightgbm_peer(case))(case.rows).astype(case.type)
    different = int((mine.view("u4" if case.type == "float32" else "u8") != own.view("u4" if case.type == "float32" else "u8")).sum())
    return "equal to the bit" if different == 0 else f"{different} of {ROWS} differ"


def compare(case, arguments):
    """Prints a table for a model."""
    ours = {f"opz {kernel}": Opz(arguments.program, kernel, case, arguments) for kernel in arguments.kernels}
    peers = {name: peer(case) for name, peer in PEERS.items() if name in arguments.peers}
    peers = {name: peer for name, peer in peers.items() if peer}
    samples = {name: {batch: [] for batch in arguments.batches} for name in [*ours, *peers]}
    how = {}
    for _ in range(arguments.rounds):
        for name, opz in ours.items():
            result = opz.round()
            how[name] = result
            for batch, seconds in zip(arguments.batches, result["seconds"]):
                samples[name][batch].append(seconds)
        for name, score in peers.items():
            for batch in arguments.batches:
                samples[name][batch].append(timed(score, case.rows, batch, arguments.seconds))
    print(f"\n### {case.library}, {case.trees} trees, depth {case.depth}, {case.columns} columns\n")
    for name, result in how.items():
        print(f"{name}: {result['how']} (nodes: {result['node_bytes']} bytes), compiled in {result['compile'] * 1000:.0f} ms,"
              f" {equal(case, ours[name])}\n")
    print("| batch | " + " | ".join(f"{batch:,}" for batch in arguments.batches) + " |")
    print("|---|" + "---:|" * len(arguments.batches))
    first = next(iter(samples))
    for name, times in samples.items():
        cells = []
        for batch in arguments.batches:
            median = statistics.median(times[batch])
            ratio = statistics.median(theirs / own for theirs, own in zip(times[batch], samples[first][batch]))
            cells.append(f"{median * 1e9 / batch / case.trees:.2f} ({ratio:.1f})")
        print(f"| {name} | " + " | ".join(cells) + " |")
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    integers = lambda text: [int(word) for word in text.split(",")]
    words = lambda text: text.split(",")
    parser.add_argument("--libraries", type=words, default=["xgboost", "lightgbm"])
    parser.add_argument("--trees", type=integers, default=[100, 1000])
    parser.add_argument("--depths", type=integers, default=[6, 8])
    parser.add_argument("--columns", type=integers, default=[30, 200])
    parser.add_argument("--batches", type=integers, default=[1, 100, 10_000])
    parser.add_argument("--kernels", type=words, default=["best"], help="of opz: best, plain, neon, avx2, avx512")
    parser.add_argument("--peers", type=words, default=list(PEERS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.2, help="of each measurement")
    parser.add_argument("--processor", type=int, default=0)
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / ".build" / "release" / "opz-bench-scoring")
    arguments = parser.parse_args()
    directory = ROOT / ".build" / "scoring-models"
    directory.mkdir(parents=True, exist_ok=True)
    cases = [
        Case(directory, library, trees, depth, columns)
        for library in arguments.libraries
        for trees in arguments.trees
        for depth in arguments.depths
        for columns in arguments.columns
    ]
    os.sched_setaffinity(0, {arguments.processor})
    print(f"Nanoseconds a row and tree, and the ratio to opz; medians of {arguments.rounds} rounds.")
    for case in cases:
        compare(case, arguments)


main()
