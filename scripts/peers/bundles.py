"""Reads all bundles of a registry and verifies those of a key: bundles.py REGISTRY KEY.pub PREDICATE.json"""

import json
import pathlib
import sys

from cryptography.hazmat.primitives.serialization import load_pem_public_key
from google.protobuf import json_format
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey
from sigstore_models.bundle.v1 import Bundle

registry, key_file, predicate = (pathlib.Path(argument) for argument in sys.argv[1:])
key = SSlibKey.from_crypto(load_pem_public_key(key_file.read_bytes()))
found = {}
for path in sorted((registry / "blobs/sha256").iterdir()):
    raw = path.read_bytes()
    if not raw.startswith(b'{"dsseEnvelope"'):
        continue
    document = json.loads(raw)
    document["verificationMaterial"].setdefault("tlogEntries", [])
    for signature in document["dsseEnvelope"]["signatures"]:
        signature.setdefault("keyid", "")
    bundle = Bundle.from_dict(document)
    envelope = bundle.dsse_envelope
    # DSSE's own verifier, over the document as it is attached.
    plain = json.loads(raw)["dsseEnvelope"]
    for signature in plain["signatures"]:
        signature["keyid"] = key.keyid
    try:
        Envelope.from_dict(plain).verify([key], 1)
    except Exception as error:
        print(f"{path.name[:12]} is not of the key: {error}")
        continue
    statement = json_format.Parse(envelope.payload, statement_pb2.Statement())
    # cosign's signatures have an empty predicate, which the framework's library takes for none.
    if statement.predicate_type != "https://sigstore.dev/cosign/sign/v1":
        Statement.copy_from_pb(statement).validate()
    found[statement.predicate_type] = envelope.payload
expected = {"https://sigstore.dev/cosign/sign/v1", "https://example.com/x", "https://cyclonedx.org/bom"}
assert set(found) == expected, found.keys()
assert predicate.read_bytes() in found["https://example.com/x"], found["https://example.com/x"]
print("3 bundles verified")
