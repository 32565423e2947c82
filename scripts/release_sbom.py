"""The bill of materials of a release, CycloneDX 1.6: scripts/release."""
import hashlib
import json
import re
import subprocess
import time
import uuid

APACHE = "Apache-2.0"
# By what a package is called where it is pinned: its license. Swift's has the exception for what a compiler puts into programs.
SWIFT_PACKAGES = {"yams": "MIT"}
# Debian sources whose code is inside: the license of that code.
DEBIAN_SOURCES = {
    "openssl": APACHE, "libdeflate": "MIT", "libzstd": "BSD-3-Clause", "zlib": "Zlib", "libyaml": "MIT", "curl": "curl",
    "libarchive": "BSD-2-Clause", "bzip2": "bzip2-1.0.6", "nghttp2": "MIT", "xz-utils": "LicenseRef-public-domain", "lz4": "BSD-2-Clause",
    "sqlite3": "blessing", "gcc-12": "GPL-3.0-or-later WITH GCC-exception-3.1", "gcc-14": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "glibc": "LGPL-2.1-or-later",
}
# What the programs are linked to statically.
LINKED = ["libssl-dev", "libdeflate-dev", "libzstd-dev", "zlib1g-dev", "libyaml-dev", "libc6-dev"]


def debian(package):
    return subprocess.run(
        ["dpkg-query", "-W", "-f", "${source:Package} ${source:Version}", package], capture_output=True, text=True, check=True).stdout.split()


def compiler():
    text = subprocess.run(["swift", "--version"], capture_output=True, text=True, check=True).stdout
    return re.search(r"Swift version (\S+)", text).group(1)


def swift_packages(*scratches):
    """What the builds pinned: name and version, sorted."""
    pins = {}
    for scratch in scratches:
        state = scratch / "workspace-state.json"
        for one in json.loads(state.read_text())["object"]["dependencies"] if state.exists() else []:
            pins[one["packageRef"]["identity"]] = one["state"]["checkoutState"].get("version", "")
    # Only tests read with Yams.
    return sorted((name, version) for name, version in pins.items() if name != "yams")


def contained(libraries, *scratches):
    """The parts of a release that somebody else wrote: name, version, license."""
    parts = [("swift", compiler(), f"{APACHE} WITH Swift-exception")]
    parts += [(name, version, SWIFT_PACKAGES.get(name, f"{APACHE} WITH Swift-exception")) for name, version in swift_packages(*scratches)]
    sources = {tuple(debian(package)) for package in [*LINKED, f"libstdc++-{gcc()}-dev"]}
    sources |= {tuple(line.split("\t")) for line in libraries.splitlines()}
    return parts + [(name, version, DEBIAN_SOURCES.get(name, "NOASSERTION")) for name, version in sorted(sources)]


def gcc():
    return subprocess.run(["gcc", "-dumpversion"], capture_output=True, text=True, check=True).stdout.strip()


def component(name, version, license):
    known = not license.startswith(("NOASSERTION", "LicenseRef"))
    return {
        "type": "library", "name": name, "version": version, "bom-ref": f"{name}@{version}",
        "licenses": [{"expression": license}] if " " in license else [{"license": {"id": license} if known else {"name": license}}],
    }


def document(release):
    """The bill as JSON: the parts, and each program and library with its digest."""
    files = {f"bin/{name}": (release.programs / name).read_bytes() for name in release.names}
    files |= {f"lib/opz/{name}": content for name, (content, _) in release.libraries.files.items() if ".so" in name}
    parts = [component(*part) for part in release.contained]
    body = {
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(release.epoch)),
            "component": {"type": "application", "name": "opz", "version": release.version, "bom-ref": f"opz@{release.version}"},
        },
        "components": parts + [{
            "type": "file", "name": name, "bom-ref": name, "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(content).hexdigest()}],
        } for name, content in sorted(files.items())],
        "dependencies": [{"ref": f"opz@{release.version}", "dependsOn": sorted(part["bom-ref"] for part in parts)}],
    }
    # Made of the content, so that the same release has the same number.
    body["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(body, sort_keys=True))}"
    return json.dumps(body, indent=2, sort_keys=True) + "\n"
