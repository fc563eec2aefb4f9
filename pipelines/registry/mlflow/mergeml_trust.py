"""Refuses a version's folder unless one of the wanted signers has signed its verdict.

The signers are those of the file that MERGEML_TRUST names, else of trust.json in the folder, which says who had to sign when the
version was registered: whoever can replace the whole folder can replace that too, so name a file of your own where it matters.
A key needs the package cryptography, which MLflow has; a workflow or a person the package sigstore.
"""

import base64
import hashlib
import json
import os

STATEMENT = "application/vnd.in-toto+json"
VERDICT = "https://github.com/mergeml/mergeml/blob/main/docs/trust.md#verdict-v1"


def require_signed(folder):
    """Raises ValueError, naming the version, the signer found and those wanted."""
    signers = wanted_signers(folder)
    record = read(os.path.join(folder, "version.json"))
    facts = json.loads(record)
    name = f"{facts['model']}@{facts['version']}"
    wanted = " or ".join(describe(each) for each in signers)
    try:
        bundle = json.loads(read(os.path.join(folder, "verdict.sigstore.json")))
    except (OSError, ValueError) as error:
        raise ValueError(f"{name} is not trusted: nobody has signed it. Wanted: {wanted}") from error
    try:
        statement = json.loads(signed_payload(bundle, signers))
    except Exception as error:  # whatever goes wrong on the way, nothing has been proved
        raise ValueError(f"{name} is not trusted: {error}. Found: {found(bundle)}; wanted: {wanted}") from error
    problem = doubt(statement, facts, record)
    if problem:
        raise ValueError(f"{name} is not trusted: {problem}. Found: {found(bundle)}; wanted: {wanted}")


def wanted_signers(folder):
    path = os.environ.get("MERGEML_TRUST") or os.path.join(folder, "trust.json")
    with open(path, encoding="utf-8") as file:
        return json.load(file)["signers"]


def signed_payload(bundle, signers):
    """The payload of the bundle, once one of the signers' signatures of it holds."""
    envelope = bundle["dsseEnvelope"]
    if envelope["payloadType"] != STATEMENT or len(envelope["signatures"]) != 1:
        raise ValueError("its signature is not one over an in-toto statement")
    if "publicKey" in bundle["verificationMaterial"]:
        return payload_by_key(envelope, [each for each in signers if "key" in each])
    return payload_by_identity(bundle, [each for each in signers if "key" not in each])


def payload_by_key(envelope, signers):
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    payload = base64.b64decode(envelope["payload"])
    signature = base64.b64decode(envelope["signatures"][0]["sig"])
    head = f"DSSEv1 {len(STATEMENT)} {STATEMENT} {len(payload)} ".encode()
    for signer in signers:
        key = serialization.load_pem_public_key(signer["key"].encode())
        algorithm = [ec.ECDSA(hashes.SHA256())] if isinstance(key, ec.EllipticCurvePublicKey) else []
        try:
            key.verify(signature, head + payload, *algorithm)
            return payload
        except InvalidSignature:
            continue
    raise ValueError("it is signed by another key than it must be")


def payload_by_identity(bundle, signers):
    if not signers:
        raise ValueError("it is signed by another than it must be")
    try:
        from sigstore.models import Bundle, TrustedRoot
        from sigstore.verify import Verifier
        from sigstore.verify.policy import AllOf, AnyOf, Identity, OIDCBuildConfigURI, OIDCIssuerV2, OIDCSourceRepositoryURI
    except ImportError as error:
        raise ValueError("checking its certificate needs the package sigstore: pip install sigstore") from error
    root = os.environ.get("MERGEML_TRUSTED_ROOT")
    verifier = Verifier(trusted_root=TrustedRoot.from_file(root)) if root else Verifier.production(offline=True)
    policies = []
    for signer in signers:
        if "identity" in signer:
            policies.append(Identity(identity=signer["identity"], issuer=signer["issuer"]))
            continue
        workflow = signer["workflow"]
        address = workflow if workflow.startswith("https://") else f"https://github.com/{workflow}"
        repository = "/".join(address.split("/")[:5])
        policies.append(
            AllOf([OIDCIssuerV2(signer["issuer"]), OIDCBuildConfigURI(address), OIDCSourceRepositoryURI(repository)])
        )
    return verifier.verify_dsse(Bundle.from_json(json.dumps(bundle)), AnyOf(policies))[1]


def doubt(statement, facts, record):
    """What is wrong with a statement that is signed; None when it is about this very version, and says pass."""
    predicate = statement["predicate"]
    if statement["predicateType"] != VERDICT:
        return "what is signed is no verdict"
    about = f"{predicate['model']}@{predicate['version']}"
    if about != f"{facts['model']}@{facts['version']}":
        return f"its signature is about {about}"
    subjects = {each["name"]: each["digest"].get("sha256") for each in statement["subject"]}
    if subjects.get("version.json") != hashlib.sha256(record).hexdigest():
        return "its signature is about another record than its version.json"
    if "sha256:" + str(subjects.get("model.onnx")) != facts["candidate"]["model"]["sha256"]:
        return "its signature is about another model"
    return None if predicate["verdict"]["outcome"] == "pass" else "the verdict that is signed is not pass"


def describe(signer):
    if "key" in signer:
        return f"the key {signer.get('name', '')}".strip()
    return signer.get("workflow") or f"{signer['identity']} ({signer['issuer']})"


def found(bundle):
    """Who a bundle says signed it, proved or not."""
    material = bundle.get("verificationMaterial", {})
    if "publicKey" in material:
        return f"a key ({material['publicKey'].get('hint', '')[:60]})"
    try:
        from cryptography import x509

        certificate = x509.load_der_x509_certificate(base64.b64decode(material["certificate"]["rawBytes"]))
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return f"one that calls itself {names[0].value}"
    except Exception:
        return "no signature that holds"


def read(path):
    with open(path, "rb") as file:
        return file.read()
