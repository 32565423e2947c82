"""The OCI image of opz, which opz itself packages: scripts/release."""
import os
import pathlib
import subprocess

import release_archives

CERTIFICATES = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
# Of the C library only what the programs load, and what looks up the names of hosts.
# (A thread that ends by pthread_exit loads libgcc_s.)
LOADED = ["libc.so.6", "libm.so.6", "libresolv.so.2", "libnss_dns.so.2", "libnss_files.so.2", "libgcc_s.so.1"]
ACCOUNTS = {
    "etc/passwd": "root:x:0:0:root:/root:/sbin/nologin\nopz:x:65532:65532:opz:/home/opz:/sbin/nologin\n",
    "etc/group": "root:x:0:\nopz:x:65532:\n",
    "etc/nsswitch.conf": "hosts: files dns\n",
}

PROJECT = """opz: 1
name: opz
version: {version}
model: {{path: opz.cdx.json, format: unknown}}
runtime: {{kind: custom, base: scratch, command: [/usr/bin/opz], user: "65532:65532"}}
platforms: [linux/{architecture}]
files:
{files}
env:
  HOME: /home/opz
  SSL_CERT_FILE: /etc/ssl/certs/ca-certificates.crt
"""


def loader(program):
    """The path of the dynamic loader that the program names."""
    text = subprocess.run(["readelf", "-lW", program], capture_output=True, text=True, check=True).stdout
    return pathlib.Path(text.split("program interpreter: ")[1].split("]")[0])


def gcc(question):
    return subprocess.run(["gcc", question], capture_output=True, text=True, check=True).stdout.strip()


def project(release, sbom):
    """The directory that is packaged: programs, their libraries, the C library, certificates, an account."""
    tree = release_archives.Tree(release.epoch)
    for name in release.names:
        tree.add(f"root/usr/bin/{name}", release.programs / name, 0o755)
    tree.add_all(release.libraries, "root/usr/lib/opz/")
    interpreter = loader(release.programs / "opz")
    tree.add(f"root{interpreter}", interpreter.resolve(), 0o755)
    # Where Debian's loader looks without a cache.
    directory = f"root/lib/{gcc('-print-multiarch')}"
    for name in LOADED:
        tree.add(f"{directory}/{name}", pathlib.Path(gcc(f"-print-file-name={name}")).resolve(), 0o755)
    tree.add("root/etc/ssl/certs/ca-certificates.crt", CERTIFICATES)
    for path, text in ACCOUNTS.items():
        tree.add(f"root/{path}", text)
    tree.add_all(release.licenses, "root/usr/share/doc/opz/licenses/")
    tree.add("root/home/opz/README", "The home of the user of this image. Mount a volume here to keep a registry.\n")
    tree.add("root/tmp/README", "Temporary files of opz.\n")
    tree.add("opz.cdx.json", sbom)
    tops = sorted({path.split("/")[1] for path in tree.files if path.startswith("root/")})
    settings = {"home": ', owner: "65532:65532"', "tmp": ', owner: "65532:65532", mode: "0777"'}
    files = [f"  - {{path: root/{top}, to: /{top}{settings.get(top, '')}}}" for top in tops]
    tree.add("opz.yaml", PROJECT.format(version=release.version, architecture=release.architecture, files="\n".join(files)))
    return tree


def package(release, sbom, work):
    """The image as a docker archive, which docker, podman and skopeo read."""
    project(release, sbom).write(work / "image")
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(work), "OPZ_REGISTRY": str(work / "registry"), "OPZ_ACTOR": "scripts/release",
        "SOURCE_DATE_EPOCH": str(release.epoch),
    }
    done = subprocess.run(
        [release.programs / "opz", "package", work / "image", "--quiet", "--output", f"docker-archive:{work / 'image.tar'}"],
        capture_output=True, text=True, env=environment)
    if done.returncode:
        raise SystemExit(f"{done.stderr.strip()}\n\nThis was opz package of opz itself, by scripts/release.")
    return (work / "image.tar").read_bytes()
