import { createHash, generateKeyPairSync, type KeyPairKeyObjectResult, sign, X509Certificate } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import {
  fulcioHandler,
  initializeCA,
  initializeCTLog,
  initializeTLog,
  initializeTSA,
  rekorHandler,
  tsaHandler,
} from "@sigstore/mock";
import type { Environment } from "../../pipelines/ports/host.ts";

/** A Sigstore of our own on this machine: Fulcio, Rekor, a timestamp authority, and GitHub's service of identity tokens. */
export interface SigstoreServices extends AsyncDisposable {
  url: string;
  /** Its trusted root, as a file has it. */
  root: string;
  /** The environment of a job that GitHub vouches for. */
  job(claims?: Partial<JobClaims>): Environment;
  /** The next so many requests for certificates are answered with 503. */
  failNext(count: number): void;
  /** Requests for certificates that came. */
  asked(): number;
}

/** What GitHub says of a job in its token. */
export interface JobClaims {
  iss: string;
  repository: string;
  ref: string;
  workflow_ref: string;
  job_workflow_ref: string;
  event_name: string;
  /** Whom the certificate names. */
  san: string;
}

export const deployWorkflow = "acme/models/.github/workflows/model-deploy.yml@refs/heads/main";

const curve = () => generateKeyPairSync("ec", { namedCurve: "P-256" });

/** Starts it. `clock` is the time of certificates and log entries, now by default. */
export async function startSigstore(options: { clock?: Date; logClock?: Date } = {}): Promise<SigstoreServices> {
  const [caKey, ctKey, logKey, tsaKey] = [
    generateKeyPairSync("ec", { namedCurve: "P-384" }),
    curve(),
    curve(),
    generateKeyPairSync("ec", { namedCurve: "P-384" }),
  ];
  const ctLog = await initializeCTLog(ctKey, options.clock);
  const ca = await initializeCA(caKey, ctLog, options.clock);
  const tlog = await initializeTLog("https://rekor.example", logKey, options.logClock ?? options.clock);
  const tsa = await initializeTSA(tsaKey, options.logClock ?? options.clock);
  const handlers = [fulcioHandler(ca, { subjectClaim: "san" }), rekorHandler(tlog), tsaHandler(tsa)];
  let [failing, asked] = [0, 0];
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://x");
    if (url.pathname === "/identity") return void response.end(JSON.stringify({ value: tokenIn(url) }));
    const handler = handlers.find((each) => each.path === url.pathname);
    if (handler?.path.includes("signingCert")) asked += 1;
    if (handler === undefined || failing > 0) {
      failing -= 1;
      response.statusCode = handler ? 503 : 404;
      return void response.end();
    }
    const body = await bodyOf(request);
    const answer = await handler.fn(handler.path.includes("log") ? asLogged(body) : body);
    response.writeHead(answer.statusCode, { "content-type": answer.contentType ?? "text/plain" });
    response.end(handler.path.includes("log") ? asSecondLeaf(String(answer.response), logKey) : answer.response);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    root: trustedRoot({ url, ca: ca.rootCertificate, ctKey, logKey, tsa: [tsa.intCertificate, tsa.rootCertificate] }),
    job: (claims = {}) => jobEnvironment(url, claims),
    failNext: (count) => {
      failing = count;
    },
    asked: () => asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const whole = Buffer.concat(chunks);
  return whole.toString("utf8");
}

/**
 * The entry as the second of its log: the mock logs every one as the first, whose proof is empty, and an empty list is left out of a
 * bundle's JSON, which Python's sigstore then misses. RFC 6962, section 2.1; the note is signed as the mock does it.
 */
function asSecondLeaf(text: string, { publicKey, privateKey }: KeyPairKeyObjectResult): string {
  type Proof = { logIndex: number; treeSize: number; hashes: string[]; rootHash: string; checkpoint: string };
  const entries = JSON.parse(text) as Record<string, { body: string; verification: { inclusionProof: Proof } }>;
  const hash = (...parts: Buffer[]) => createHash("sha256").update(Buffer.concat(parts)).digest();
  for (const { body, verification } of Object.values(entries)) {
    const first = hash(Buffer.from([0]), Buffer.from("first"));
    const root = hash(Buffer.from([1]), first, hash(Buffer.from([0]), Buffer.from(body, "base64")));
    const note = `rekor.example - 1\n2\n${root.toString("base64")}\n`;
    const id = hash(publicKey.export({ format: "der", type: "spki" })).subarray(0, 4);
    const signature = Buffer.concat([id, sign("sha256", Buffer.from(note), privateKey)]).toString("base64");
    const checkpoint = `${note}\n\u2014 rekor.example ${signature}\n`;
    const hashes = [first.toString("hex")];
    verification.inclusionProof = { logIndex: 1, treeSize: 2, hashes, rootHash: root.toString("hex"), checkpoint };
  }
  return JSON.stringify(entries);
}

/** What Rekor keeps of a proposed DSSE entry: hashes of it, and its signatures. */
function asLogged(body: string): string {
  const proposed = JSON.parse(body) as { spec: { proposedContent: { envelope: string; verifiers: string[] } } };
  const { envelope, verifiers } = proposed.spec.proposedContent;
  const { payload, signatures } = JSON.parse(envelope) as { payload: string; signatures: { sig: string }[] };
  const hash = (content: string | Buffer) => ({
    algorithm: "sha256",
    value: createHash("sha256").update(content).digest("hex"),
  });
  const pem = new X509Certificate(Buffer.from(verifiers[0]!, "base64")).toString();
  const verifier = Buffer.from(pem).toString("base64");
  const spec = {
    envelopeHash: hash(envelope),
    payloadHash: hash(Buffer.from(payload, "base64")),
    signatures: signatures.map(({ sig }) => ({ signature: sig, verifier })),
  };
  return JSON.stringify({ ...proposed, spec });
}

/** The token's claims come in the address, as the job's environment was made with them. */
function tokenIn(url: URL): string {
  const claims = JSON.parse(url.searchParams.get("claims") ?? "{}") as object;
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part({ sub: "repo:acme/models", aud: "sigstore", ...claims })}.x`;
}

function jobEnvironment(url: string, claims: Partial<JobClaims>): Environment {
  const workflow = claims.workflow_ref ?? deployWorkflow;
  const all = {
    iss: "https://token.actions.githubusercontent.com",
    repository: workflow.split("/").slice(0, 2).join("/"),
    ref: workflow.split("@")[1],
    workflow_ref: workflow,
    event_name: "push",
    sha: "4be91c2000000000000000000000000000000000",
    run_id: "17",
    run_attempt: "1",
    ...claims,
  };
  const san = `https://github.com/${claims.job_workflow_ref ?? workflow}`;
  const text = JSON.stringify({ san, ...all });
  return {
    ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/identity?claims=${encodeURIComponent(text)}`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: "of-the-job",
    GITHUB_RUN_ID: "17",
    GITHUB_REPOSITORY: "acme/models",
    GITHUB_SERVER_URL: "https://github.com",
  };
}

interface RootParts {
  url: string;
  ca: Buffer;
  ctKey: KeyPairKeyObjectResult;
  logKey: KeyPairKeyObjectResult;
  tsa: readonly Buffer[];
}

function trustedRoot({ url, ca, ctKey, logKey, tsa }: RootParts): string {
  const validFor = { start: "2020-01-01T00:00:00.000Z" };
  const log = (key: KeyPairKeyObjectResult) => {
    const der = key.publicKey.export({ format: "der", type: "spki" });
    return {
      baseUrl: "https://rekor.example",
      hashAlgorithm: "SHA2_256",
      publicKey: { rawBytes: der.toString("base64"), keyDetails: "PKIX_ECDSA_P256_SHA_256", validFor },
      logId: { keyId: createHash("sha256").update(der).digest("base64") },
    };
  };
  const authority = (certificates: readonly Buffer[]) => ({
    subject: { organization: "sigstore.mock", commonName: "sigstore" },
    uri: url,
    certChain: { certificates: certificates.map((each) => ({ rawBytes: each.toString("base64") })) },
    validFor,
  });
  return JSON.stringify({
    mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    tlogs: [log(logKey)],
    certificateAuthorities: [authority([ca])],
    ctlogs: [log(ctKey)],
    timestampAuthorities: [authority(tsa)],
  });
}
