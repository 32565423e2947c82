"""A corpus of model files for the scanner's tests: what each generator of this directory makes, in an archive of its name.

A generator is a module with a function `make(corpus)`, which calls `corpus.malicious(name, technique, data)` and
`corpus.benign(name, technique, data)`. Nothing that is malicious is ever loaded: it is put together from bytes, and what it would call has an argument
that does nothing.

    python corpus.py DIRECTORY GENERATOR[=NAME] ..     writes DIRECTORY/NAME.tar; scripts/make-corpus compresses it
"""

import importlib
import io
import pathlib
import random
import sys
import tarfile


class Corpus:
    def __init__(self):
        self.files = []

    def malicious(self, name, technique, data):
        """name: what the file is called; technique: what makes it hard to find."""
        self.files.append(("malicious", technique, name, bytes(data)))

    def benign(self, name, technique, data):
        """technique: the library and what it saved."""
        self.files.append(("benign", technique, name, bytes(data)))

    def write(self, path):
        """The archive begins with index.tsv: verdict, technique and path of each file, in their order."""
        index, members = [], []
        for number, (verdict, technique, name, data) in enumerate(self.files):
            place = f"{number:04}/{name}"
            index.append(f"{verdict}\t{technique}\t{place}\n")
            members.append((place, data))
        with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
            for place, data in [("index.tsv", "".join(index).encode()), *members]:
                entry = tarfile.TarInfo(place)
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))


def main(directory, *generators):
    sys.path.insert(0, str(pathlib.Path(__file__).parent))
    for generator in generators:
        module, _, name = generator.partition("=")
        name = name or module
        random.seed(20261128)
        corpus = Corpus()
        importlib.import_module(module).make(corpus)
        corpus.write(pathlib.Path(directory) / f"{name}.tar")
        bad = sum(file[0] == "malicious" for file in corpus.files)
        print(f"{name}: {bad} malicious, {len(corpus.files) - bad} benign", file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
