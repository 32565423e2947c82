"""Archives whose bytes depend on nothing but their content: scripts/release."""
import gzip
import io
import os
import pathlib
import subprocess
import tarfile
import time
import zipfile


class Tree:
    """Files by their path, each with its content and mode; written in the order of their paths, by root, at one time."""

    def __init__(self, epoch):
        self.epoch, self.files = epoch, {}

    def add(self, path, content, mode=0o644):
        """Adds a file: bytes, a text, or the path of one."""
        if isinstance(content, pathlib.Path):
            content = content.read_bytes()
        self.files[path] = (content.encode() if isinstance(content, str) else content, mode)

    def add_all(self, tree, prefix):
        """Adds another tree below a directory."""
        for path, (content, mode) in tree.files.items():
            self.add(f"{prefix}{path}", content, mode)

    def below(self, prefix):
        """The files below a directory, by their path there."""
        found = Tree(self.epoch)
        found.files = {path[len(prefix):]: file for path, file in self.files.items() if path.startswith(prefix)}
        return found

    def directories(self):
        found = {str(parent) for path in self.files for parent in pathlib.PurePosixPath(path).parents}
        return sorted(found - {".", "/"})

    def write(self, root):
        """Writes the files below a directory of this machine."""
        for path, (content, mode) in self.files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            target.chmod(mode)
        for path in [*self.files, *self.directories()]:
            os.utime(root / path, (self.epoch, self.epoch))
        for path in self.directories():
            (root / path).chmod(0o755)


def compressed(content):
    """gzip -9n."""
    return gzip.compress(content, compresslevel=9, mtime=0)


def tarball(tree, name):
    """A .tar.gz with everything below the directory `name`."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path in sorted([name, *[f"{name}/{one}" for one in [*tree.directories(), *tree.files]]]):
            member = tarfile.TarInfo(path)
            member.mtime = tree.epoch
            content, mode = tree.files.get(path[len(name) + 1:], (None, 0o755))
            member.mode = mode
            if content is None:
                member.type = tarfile.DIRTYPE
                archive.addfile(member)
            else:
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return compressed(out.getvalue())


def zip_file(tree):
    """A zip archive: what a wheel is. The files of a wheel's .dist-info are last, as its specification recommends."""
    out = io.BytesIO()
    moment = time.gmtime(max(tree.epoch, 315532800))[:6]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(tree.files, key=lambda path: (".dist-info/" in path, path)):
            content, mode = tree.files[path]
            member = zipfile.ZipInfo(path, moment)
            member.create_system = 3
            member.external_attr = (0o100000 | mode) << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, content)
    return out.getvalue()


def deb(tree, control, work):
    """A .deb of the files and of those below DEBIAN/, by dpkg-deb."""
    root = work / "deb"
    tree.write(root)
    control.write(root / "DEBIAN")
    (root / "DEBIAN").chmod(0o755)
    os.utime(root / "DEBIAN", (tree.epoch, tree.epoch))
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-Zxz", "--threads-max=1", "--build", root, work / "opz.deb"], check=True,
        stdout=subprocess.DEVNULL, env={**os.environ, "SOURCE_DATE_EPOCH": str(tree.epoch)})
    return (work / "opz.deb").read_bytes()
