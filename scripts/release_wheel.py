"""The Python wheel opz-cli, with the programs inside, as ruff and uv have theirs: scripts/release."""
import base64
import hashlib
import re
import subprocess
import sys

import release_archives

AUDITWHEEL = "auditwheel==6.8.2"

DESCRIPTION = """# opz

opz takes a machine-learning model from "it works on my laptop" to production: it packages the model, its runtime and its
configuration into an OCI image, without a daemon and without root; records, signs, scans, promotes, pushes, serves and deploys it.

    pip install opz-cli
    opz init .
    opz package . --test

The wheel contains the programs `opz`, `opz-server` and `opz-hub`, and the libraries that they load. It has no Python
dependencies, and works with each version of Python, on Linux with a C library as new as the wheel's name says.
"""

FINDER = '''"""The program opz, which this package brings."""
import os
import sys
import sysconfig


def find_opz_bin():
    """The path of opz: where pip puts programs for this Python, for this user, or beside a package directory (--target)."""
    places = [sysconfig.get_path("scripts"), sysconfig.get_path("scripts", scheme="posix_user")]
    places.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "bin"))
    for place in filter(None, places):
        path = os.path.join(place, "opz")
        if os.path.isfile(path):
            return path
    raise FileNotFoundError(f"there is no opz in {', '.join(filter(None, places))}")


__all__ = ["find_opz_bin"]
'''

MAIN = '''"""python -m opz_cli: runs opz."""
import os
import sys

from opz_cli import find_opz_bin

program = find_opz_bin()
os.execv(program, [program, *sys.argv[1:]])
'''


def wheel(release, tag):
    """The wheel for a tag such as manylinux_2_35_x86_64: its name and bytes."""
    stem = f"opz_cli-{release.version}"
    tree = release_archives.Tree(release.epoch)
    tree.add("opz_cli/__init__.py", FINDER.replace("import sys\nimport sysconfig", "import sysconfig"))
    tree.add("opz_cli/__main__.py", MAIN)
    for name in release.names:
        tree.add(f"{stem}.data/scripts/{name}", release.programs / name, 0o755)
    tree.add_all(release.libraries, f"{stem}.data/data/lib/opz/")
    tree.add_all(release.shared.below("share/man/"), f"{stem}.data/data/share/man/")
    tree.add_all(release.licenses, f"{stem}.dist-info/licenses/")
    tree.add(f"{stem}.dist-info/METADATA", "\n".join([
        "Metadata-Version: 2.1", "Name: opz-cli", f"Version: {release.version}",
        "Summary: Takes a machine-learning model from a laptop to production", "Requires-Python: >=3.7",
        "Keywords: mlops,oci,container,model,registry,kubernetes", "Classifier: Environment :: Console",
        "Classifier: Operating System :: POSIX :: Linux", "Classifier: Programming Language :: Python :: 3",
        "Description-Content-Type: text/markdown", "", DESCRIPTION]))
    tree.add(f"{stem}.dist-info/WHEEL", f"Wheel-Version: 1.0\nGenerator: opz scripts/release\nRoot-Is-Purelib: false\nTag: py3-none-{tag}\n")
    record = f"{stem}.dist-info/RECORD"
    lines = []
    for path, (content, _) in sorted(tree.files.items()):
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={digest},{len(content)}\n")
    tree.add(record, "".join([*lines, f"{record},,\n"]))
    return f"{stem}-py3-none-{tag}.whl", release_archives.zip_file(tree)


def auditor(directory):
    """auditwheel, which is installed once."""
    program = directory / "bin/auditwheel"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", directory], check=True)
        subprocess.run([directory / "bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check", AUDITWHEEL], check=True)
    return program


def audited_tag(release, work, directory):
    """The oldest platform on which the programs and libraries run, by auditwheel's word."""
    name, content = wheel(release, f"linux_{release.machine}")
    (work / name).write_bytes(content)
    shown = subprocess.run([auditor(directory), "show", work / name], capture_output=True, text=True)
    text = " ".join(shown.stdout.split())
    found = re.search(r'is consistent with the following platform tag: "(manylinux_\w+)"', text)
    if not found:
        raise SystemExit(f"error: auditwheel gives the wheel no tag for other machines: {text} {shown.stderr.strip()}")
    return found.group(1)


def package(release, work, directory):
    """The wheel with the tag that auditwheel gives it: its name and bytes."""
    return wheel(release, audited_tag(release, work, directory))
