"""The Debian package: scripts/release."""
import hashlib
import os
import pathlib
import re
import subprocess
import time

import release_archives

# opz loads these when a command needs them, so no tool finds them in the program. Debian 13 has other names for two of them.
# The C library loads libgcc_s where a thread ends.
LOADED = ["libcurl4 | libcurl4t64", "libarchive13 | libarchive13t64", "libsqlite3-0", "libgcc-s1", "ca-certificates"]

DESCRIPTION = """takes a machine-learning model from a laptop to production
 opz packages a model, its runtime and its configuration into an OCI image,
 without a daemon and without root; records each version and where it came
 from in a registry of plain files; signs, scans and promotes it; pushes it
 to container registries; serves and scores it; and writes Kubernetes
 manifests that scale."""

# opz-server is the only file of an image without an operating system; it and opz-hub call nothing that a static program cannot.
OVERRIDES = """opz: statically-linked-binary [usr/bin/opz-server]
opz: statically-linked-binary [usr/bin/opz-hub]
# Of a static program everything is embedded.
opz: embedded-library libyaml [usr/bin/opz-hub]
# Part of the Swift runtime.
opz: embedded-library zlib [usr/bin/opz]
"""


def maintainer():
    return f"{os.environ.get('DEBFULLNAME', 'opz maintainers')} <{os.environ.get('DEBEMAIL', 'maintainers@opz.example')}>"


def linked(program, work):
    """The packages of the libraries that the program is linked to."""
    (work / "shlibdeps/debian").mkdir(parents=True)
    (work / "shlibdeps/debian/control").write_text("Source: opz\n\nPackage: opz\nArchitecture: any\nDescription: opz\n")
    out = subprocess.run(["dpkg-shlibdeps", "-O", "-e", program], cwd=work / "shlibdeps", capture_output=True, text=True)
    if out.returncode:
        raise SystemExit(f"error: dpkg-shlibdeps: {out.stderr.strip()}\n\nhint: apt-get install dpkg-dev")
    return re.search(r"shlibs:Depends=(.*)", out.stdout).group(1).split(", ")


def changelog(version, epoch):
    date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(epoch))
    return f"opz ({version}) unstable; urgency=medium\n\n  * CHANGELOG.md says what changed.\n\n -- {maintainer()}  {date}\n"


def copyright_text(parts):
    lines = ["opz", "", f"Copyright {time.gmtime().tm_year if not parts.epoch else time.gmtime(parts.epoch).tm_year} the authors of opz", ""]
    lines += ["The sources of opz state no license of their own. The programs contain parts of:", ""]
    for name, version, license in parts.contained:
        lines.append(f"  {name} {version}: {license}")
    lines += ["", "On Debian systems, the Apache License 2.0 is in /usr/share/common-licenses/Apache-2.0,",
              "and the GNU General Public License 3 in /usr/share/common-licenses/GPL-3.", ""]
    return "\n".join(lines)


def package(release, work):
    """The .deb: programs linked to the system's libraries, in the places that Debian has for them."""
    tree = release_archives.Tree(release.epoch)
    tree.add("usr/bin/opz", release.programs / "shared/opz", 0o755)
    for name in ("opz-server", "opz-hub"):
        tree.add(f"usr/bin/{name}", release.programs / name, 0o755)
    for path, (content, mode) in release.shared.files.items():
        path = path.replace("share/zsh/site-functions/", "share/zsh/vendor-completions/")
        if path.startswith("share/man/"):
            tree.add(f"usr/{path}.gz", release_archives.compressed(content))
        elif not path.startswith("share/doc/"):
            tree.add(f"usr/{path}", content, mode)
    tree.add("usr/share/doc/opz/changelog.gz", release_archives.compressed(changelog(release.version, release.epoch).encode()))
    tree.add("usr/share/doc/opz/copyright", copyright_text(release))
    tree.add("usr/share/lintian/overrides/opz", OVERRIDES)
    control = release_archives.Tree(release.epoch)
    sums = "".join(f"{hashlib.md5(content).hexdigest()}  {path}\n" for path, (content, _) in sorted(tree.files.items()))
    size = sum(-(-len(content) // 1024) for content, _ in tree.files.values()) + len(tree.directories())
    fields = {
        "Package": "opz", "Version": release.version, "Architecture": release.architecture, "Maintainer": maintainer(),
        "Installed-Size": size, "Depends": ", ".join([*linked(release.programs / "shared/opz", work), *LOADED]),
        "Recommends": "git", "Suggests": "docker.io | podman", "Section": "utils", "Priority": "optional",
        "Description": DESCRIPTION,
    }
    control.add("control", "".join(f"{key}: {value}\n" for key, value in fields.items()))
    control.add("md5sums", sums)
    return release_archives.deb(tree, control, work)
