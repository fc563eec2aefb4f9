import { createHash, generateKeyPairSync, type KeyObject, type KeyPairKeyObjectResult, sign } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { canonicalJson } from "../../pipelines/config/canonical-json.ts";

/** A TUF repository on this machine, which has one target: trusted_root.json (TUF specification, version 1.0). */
export interface TufRepository extends AsyncDisposable {
  url: string;
  /** Its first root.json. */
  firstRoot: string;
  /** Another trusted root, in metadata of the next version that lives for so many hours; signed by `key` instead of the root's own. */
  publish(target: string, options?: { hours?: number; key?: KeyObject; version?: number }): void;
  /** The keys are replaced: a root of the next version, signed by the old key and the new one, or by the new one alone. */
  rotate(options?: { without?: "the old key" }): void;
}

const specVersion = "1.0.31";
const newKey = () => generateKeyPairSync("ed25519");

export async function startTuf(target: string): Promise<TufRepository> {
  const files = new Map<string, string>();
  let keys = newKey();
  let [version, rootVersion] = [0, 1];
  const putRoot = (signers: readonly KeyPairKeyObjectResult[]) => {
    const [id, roles] = [idOf(keys.publicKey), ["root", "timestamp", "snapshot", "targets"]];
    const signed = {
      ...about("root", rootVersion, 1000),
      consistent_snapshot: true,
      keys: { [id]: keyOf(keys.publicKey) },
      roles: Object.fromEntries(roles.map((role) => [role, { keyids: [id], threshold: 1 }])),
    };
    files.set(`/${rootVersion}.root.json`, signedBy(signed, signers));
  };
  const publish: TufRepository["publish"] = (text, { hours = 1, key = keys.privateKey, version: next } = {}) => {
    version = next ?? version + 1;
    const hash = createHash("sha256").update(text).digest("hex");
    const targets = { "trusted_root.json": { length: Buffer.byteLength(text), hashes: { sha256: hash } } };
    const signer = [{ publicKey: keys.publicKey, privateKey: key }];
    const meta = (name: string) => ({ [`${name}.json`]: { version } });
    files.set(`/targets/${hash}.trusted_root.json`, text);
    files.set(`/${version}.targets.json`, signedBy({ ...about("targets", version, hours), targets }, signer));
    files.set(
      `/${version}.snapshot.json`,
      signedBy({ ...about("snapshot", version, hours), meta: meta("targets") }, signer),
    );
    files.set("/timestamp.json", signedBy({ ...about("timestamp", version, hours), meta: meta("snapshot") }, signer));
  };
  putRoot([keys]);
  publish(target);
  const server = createServer((request, response) => {
    const found = files.get(request.url ?? "");
    response.writeHead(found === undefined ? 404 : 200).end(found);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    firstRoot: files.get("/1.root.json")!,
    publish,
    rotate({ without } = {}) {
      const old = keys;
      [keys, rootVersion] = [newKey(), rootVersion + 1];
      putRoot(without ? [keys] : [old, keys]);
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

function about(type: string, version: number, hours: number) {
  const expires = `${new Date(Date.now() + hours * 3_600_000).toISOString().slice(0, 19)}Z`;
  return { _type: type, spec_version: specVersion, version, expires };
}

/** Public keys as hex digits: nothing in the metadata is then written differently by the two canonical forms of JSON. */
function keyOf(key: KeyObject) {
  const bytes = key.export({ format: "der", type: "spki" }).subarray(-32);
  return { keytype: "ed25519", scheme: "ed25519", keyval: { public: bytes.toString("hex") } };
}

function idOf(key: KeyObject): string {
  return createHash("sha256")
    .update(canonicalJson(keyOf(key)))
    .digest("hex");
}

function signedBy(signed: object, signers: readonly KeyPairKeyObjectResult[]): string {
  const data = Buffer.from(canonicalJson(signed));
  const signatures = signers.map(({ publicKey, privateKey }) => ({
    keyid: idOf(publicKey),
    sig: sign(null, data, privateKey).toString("hex"),
  }));
  return JSON.stringify({ signatures, signed });
}
