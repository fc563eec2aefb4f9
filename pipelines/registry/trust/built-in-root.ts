import seeds from "@sigstore/tuf/seeds.json" with { type: "json" };

/** Sigstore's public services, as the library that keeps them up to date was released with. */
export function builtInRoot(): string {
  const { targets } = seeds["https://tuf-repo-cdn.sigstore.dev"];
  return Buffer.from(targets["trusted_root.json"], "base64").toString("utf8");
}
