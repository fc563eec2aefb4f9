import type { StatusPage } from "./serving-facts.ts";

/** The facts as they are, for a server that has no page. */
export const plainPage: StatusPage = (facts) => {
  const text = JSON.stringify(
    facts.models.map(({ name, undeployed, failures }) => ({ name, undeployed, failures })),
    null,
    2,
  );
  return `<!doctype html><title>mergeml serve</title><pre>${text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</pre>\n`;
};
