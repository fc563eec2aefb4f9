"""check-signed.py FOLDER: what a version folder's own loader says of its signature, and what sigstore's own verification of it gives."""

import hashlib
import json
import os
import sys

folder = sys.argv[1]
sys.path.insert(0, folder)
import mergeml_trust  # noqa: E402

answer = {"loader": "signed"}
try:
    mergeml_trust.require_signed(folder)
except ValueError as error:
    answer["loader"] = str(error)
root = os.environ.get("MERGEML_TRUSTED_ROOT")
if root:
    from sigstore.models import Bundle, TrustedRoot
    from sigstore.verify import Verifier
    from sigstore.verify.policy import OIDCBuildConfigURI

    with open(os.path.join(folder, "verdict.sigstore.json"), "rb") as file:
        bundle = Bundle.from_json(file.read())
    verifier = Verifier(trusted_root=TrustedRoot.from_file(root))
    kind, payload = verifier.verify_dsse(bundle, OIDCBuildConfigURI(sys.argv[2]))
    assert kind == "application/vnd.in-toto+json"
    with open(os.path.join(folder, "model.onnx"), "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    assert {"name": "model.onnx", "digest": {"sha256": digest}} in json.loads(payload)["subject"]
    answer["sigstore"] = "verified"
json.dump(answer, sys.stdout)
