/** Why there is no connection to PostgreSQL as the address wants it encrypted, which does not pass; null for anything else. */
export function encryptionWords(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const code = "code" in error ? String(error.code) : "";
  if (/does not support SSL/i.test(error.message)) return "it does not encrypt connections, which its sslmode asks for";
  if (/SSL connection/i.test(error.message)) return "it breaks off connections that are to be encrypted";
  if (/^(DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|CERT_|ERR_TLS_CERT)/.test(code))
    return `its certificate is not believed (${error.message.split(";")[0]}); sslrootcert in its address names the authority's file`;
  if (/^(ERR_TLS_|ERR_SSL_|EPROTO)/.test(code)) return `the connection cannot be encrypted (${error.message})`;
  const { path } = error as NodeJS.ErrnoException;
  return code === "ENOENT" && path ? `the file ${path}, which its address names, is not there` : null;
}
