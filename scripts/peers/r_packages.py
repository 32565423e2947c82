"""R models on a Debian with R alone: opz chooses the packages that it lacks, and its answers are R's.

usage: r_packages.py OPZ ROOTFS.tar DIR     ROOTFS.tar is a Debian with r-base-core and apt, DIR an empty directory

What opz chooses is compared with what apt-get in the same base would install. Needs R with the packages of the models, gpgv,
and root for apt-get in the base.
"""
import csv
import json
import os
import pathlib
import re
import subprocess
import sys
import time

from plumber import layout

WANTED = {
    "lm": [], "glm": [], "rpart": ["rpart"], "randomForest": ["randomForest"], "randomForest-regression": ["randomForest"],
    "ranger": ["ranger"], "cv.glmnet": ["glmnet"], "gbm": ["gbm"], "caret": ["caret"],
}
wrong = 0


def say(good, text):
    global wrong
    wrong += not good
    print("ok   " if good else "FAIL ", text, flush=True)


def project(directory, models, name):
    """A directory with the model alone, rows and R's own predictions; the packages that its class needs."""
    directory.mkdir()
    (directory / "model.rds").write_bytes((models / f"{name}.rds").read_bytes())
    asked = json.loads((models / f"{name}.json").read_text())
    columns = {column["name"]: column["data"] for column in asked["inputs"]}
    with open(directory / "holdout.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values()))
    expected = {}
    for output, values in asked["expected"].items():
        width = len(values) // len(next(iter(columns.values())))
        for number in range(width):
            expected[output if width == 1 else f"{output}_{number}"] = values[number::width]
    with open(directory / "expected.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(expected)
        writer.writerows(zip(*expected.values()))


def locked(directory):
    """What debian.lock has, by name."""
    text = (directory / "debian.lock").read_text()
    return dict(zip(re.findall("^Package: (.*)$", text, re.M), re.findall("^Version: (.*)$", text, re.M)))


def installed_by_apt(root, packages):
    """What apt-get would install in the base, by name."""
    said = subprocess.run(
        ["chroot", root, "apt-get", "-s", "--no-install-recommends", "install", *packages], capture_output=True, text=True,
        check=True).stdout
    return dict(re.findall(r"^Inst (\S+) \((\S+)", said, re.M))


def main():
    opz, files, work = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    environment = {**os.environ, "HOME": str(work), "OPZ_REGISTRY": str(work / "registry")}
    models = work / "models"
    models.mkdir()
    subprocess.run(["Rscript", pathlib.Path(__file__).parent / "r_models.R", models], check=True, stdout=subprocess.DEVNULL)
    layout(files, work / "base")
    root = work / "root"
    root.mkdir()
    subprocess.run(["tar", "-xf", files, "-C", root, "--exclude=./dev/*"], check=True)
    for name, file in (("resolv.conf", "/etc/resolv.conf"), ("hosts", "/etc/hosts")):
        if os.path.exists(file):
            (root / "etc" / name).unlink(missing_ok=True)
            (root / "etc" / name).write_text(pathlib.Path(file).read_text())
    (root / "dev/null").unlink(missing_ok=True)
    subprocess.run(["mknod", "-m", "666", root / "dev/null", "c", "1", "3"], check=True)
    subprocess.run(["chroot", root, "apt-get", "-q", "update"], check=True, stdout=subprocess.DEVNULL)
    for name, packages in WANTED.items():
        directory = work / name
        project(directory, models, name)
        start = time.monotonic()

        def run(*words):
            done = subprocess.run([opz, *words], env=environment, cwd=work, capture_output=True, text=True)
            return done.returncode == 0, done.stdout + done.stderr

        good, said = run("init", str(directory), "--base", "oci:../base:1")
        good, said = run("lock", str(directory)) if good else (good, said)
        lock_time = time.monotonic() - start
        good, said = run("package", str(directory), "--test") if good else (good, said)
        check = next((line for line in said.splitlines() if line.startswith(("expected.csv", "error:"))), said.strip())
        say(good and "equal" in check, f"{name}: {check} (lock {lock_time:.1f} s, all {time.monotonic() - start:.1f} s)")
        if not (directory / "debian.lock").exists():
            continue
        mine = locked(directory)
        apt = installed_by_apt(root, [f"r-cran-{package.lower()}" for package in ["jsonlite", *packages]])
        say(mine == apt, f"{name}: {len(mine)} packages, as apt-get would install"
            + ("" if mine == apt else f": {sorted(set(mine.items()) ^ set(apt.items()))}"))
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
