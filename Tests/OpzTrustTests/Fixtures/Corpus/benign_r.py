"""What R saves: models of its own packages and of the recommended ones, tables and workspaces."""

import pathlib
import subprocess
import tempfile


def make(corpus):
    script = pathlib.Path(__file__).with_name("benign_r.R")
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(["Rscript", "--vanilla", str(script), directory], check=True, capture_output=True)
        for path in sorted(pathlib.Path(directory).iterdir()):
            corpus.benign("model" + path.suffix, f"R: {path.stem}", path.read_bytes())
