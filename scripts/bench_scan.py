"""Runs picklescan, modelscan and fickling on the files of a corpus, reads what opz said of them, and prints Markdown tables.

    bench_scan.py TREE     with TREE/opz.tsv and TREE/ARCHIVE/index.tsv; scripts/bench-scan makes them
"""

import collections
import contextlib
import importlib.metadata
import io
import logging
import pathlib
import signal
import sys

logging.disable(logging.CRITICAL)
LIMIT = 60  # seconds a file


def picklescan():
    from picklescan.scanner import scan_file_path

    def scan(path):
        result = scan_file_path(str(path))
        return "found" if result.issues_count or result.infected_files else "error" if result.scan_err else "clean"

    return scan


def modelscan():
    from modelscan.modelscan import ModelScan

    def scan(path):
        result = ModelScan().scan(str(path))
        if result["summary"]["total_issues"]:
            return "found"
        return "error" if result["errors"] or result["summary"]["skipped"]["total_skipped"] else "clean"

    return scan


def fickling():
    from fickling.analysis import Severity, check_safety
    from fickling.fickle import StackedPickle

    def scan(path):
        with open(path, "rb") as file:
            pickles = StackedPickle.load(file)
        if not len(pickles):
            return "error"
        worst = max(check_safety(one).severity for one in pickles)
        return "found" if worst > Severity.LIKELY_SAFE else "clean"

    return scan


def files(tree):
    for index in sorted(tree.glob("*/index.tsv")):
        for line in index.read_text().splitlines():
            verdict, technique, place = line.split("\t")
            yield index.parent.name, verdict, technique, index.parent / place


def too_long(number, frame):
    raise TimeoutError


def run(name, scan, entries):
    signal.signal(signal.SIGALRM, too_long)
    verdicts = {}
    for *_, path in entries:
        signal.alarm(LIMIT)
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                verdicts[path] = scan(path)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            verdicts[path] = "error"
        finally:
            signal.alarm(0)
    print(f"{name}: done", file=sys.stderr)
    return verdicts


def row(name, verdicts, entries):
    counts = collections.Counter((verdict, verdicts[path]) for _, verdict, _, path in entries)
    bad = sum(verdict == "malicious" for _, verdict, *_ in entries)
    good = len(entries) - bad
    silent, said = counts["malicious", "clean"], counts["malicious", "error"]
    alarms, unread = counts["benign", "found"], counts["benign", "error"]
    return f"| {name} | {silent + said} ({(silent + said) / bad:.1%}) | {said} | {alarms} ({alarms / good:.1%}) | {unread} |"


def main(tree):
    entries = list(files(tree))
    results = {}
    opz = {}
    for line in (tree / "opz.tsv").read_text().splitlines():
        path, verdict, _ = line.split("\t")
        opz[pathlib.Path(path)] = verdict
    results["**opz**"] = opz
    for tool in (picklescan, modelscan, fickling):
        name = f"{tool.__name__} {importlib.metadata.version(tool.__name__)}"
        results[name] = run(name, tool(), entries)
    bad = sum(verdict == "malicious" for _, verdict, *_ in entries)
    print(f"{bad} malicious files, {len(entries) - bad} benign ones\n")
    print("| | malicious, not reported | of them, said to be unread | benign, reported | benign, said to be unread |")
    print("|---|---:|---:|---:|---:|")
    for name, verdicts in results.items():
        print(row(name, verdicts, entries))
    print("\n| malicious, not reported | files | " + " | ".join(results) + " |")
    print("|---|---:|" + "---:|" * len(results))
    for archive in sorted({archive for archive, verdict, *_ in entries if verdict == "malicious"}):
        here = [path for name, verdict, _, path in entries if name == archive and verdict == "malicious"]
        missed = [str(sum(verdicts[path] != "found" for path in here)) for verdicts in results.values()]
        print(f"| {archive} | {len(here)} | " + " | ".join(missed) + " |")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
