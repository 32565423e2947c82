"""Makes the signatures of this directory with PyPI's model-signing: python make.py, in a directory of its own with `openssl` on the PATH.

The keys are made for it and thrown away; what stays is what a verifier has.
"""

import pathlib
import subprocess

import model_signing

here = pathlib.Path(__file__).parent
model = here / "model"
hashing = model_signing.hashing.Config


def key(name: str, curve: str) -> None:
    subprocess.run(["openssl", "ecparam", "-name", curve, "-genkey", "-noout", "-out", here / f"{name}.pem"], check=True)
    subprocess.run(["openssl", "pkey", "-in", here / f"{name}.pem", "-pubout", "-out", here / f"{name}.pub"], check=True)


def sign(name: str, path: pathlib.Path, config: model_signing.hashing.Config, signer: str = "release") -> None:
    model_signing.signing.Config().use_elliptic_key_signer(private_key=here / f"{signer}.pem").set_hashing_config(
        config
    ).sign(path, here / name)


files = {
    "config.json": "{}\n", "weights/part-1.bin": "one\n", "weights/part-2.bin": "two\n", "weights.txt": "a\n",
    "with space:and colon": "b\n", "\u00fc.txt": "c\n", "empty": "", "notes/draft.md": "not signed\n",
}
for name, text in files.items():
    (model / name).parent.mkdir(parents=True, exist_ok=True)
    (model / name).write_text(text)
for name, curve in (("release", "prime256v1"), ("other", "prime256v1"), ("p384", "secp384r1"), ("p521", "secp521r1")):
    key(name, curve)

ignoring = hashing().set_ignored_paths(paths=["notes"])
sign("directory.sig", model, ignoring)
sign("inside.sig", model, hashing().set_ignored_paths(paths=["notes", "model.sig"]))
sign("file.sig", model / "config.json", hashing())
sign("p384.sig", model, ignoring, "p384")
sign("p521.sig", model, ignoring, "p521")
sign("shards.sig", model, hashing().use_shard_serialization().set_ignored_paths(paths=["notes"]))
sign("blake3.sig", model, hashing().use_file_serialization(hashing_algorithm="blake3"))
(model / "link.json").symlink_to("config.json")
sign("links.sig", model, hashing().set_allow_symlinks(True).set_ignored_paths(paths=["notes"]))
(model / "link.json").unlink()
for pem in here.glob("*.pem"):
    pem.unlink()
