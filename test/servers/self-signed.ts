import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A key and a certificate of 127.0.0.1 that nobody has vouched for; `certificate` is its file, in `keep`. */
export function selfSigned(keep: string): { key: Buffer; cert: Buffer; certificate: string } {
  const [key, certificate] = [join(keep, "key.pem"), join(keep, "certificate.pem")];
  const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"];
  const files = ["-keyout", key, "-out", certificate];
  execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...subject, ...files], { stdio: "ignore" });
  return { key: readFileSync(key), cert: readFileSync(certificate), certificate };
}
