import type { SyntaxNode } from "./parse-query.ts";

/** A part of the syntax tree, and the folded names of the common table expressions it can see. */
export interface ScopedPart {
  node: unknown;
  scope: ReadonlySet<string>;
}

/**
 * The parts of a node, each with what it sees. An expression sees those before it and not itself, where the engine looks into
 * its catalogue: `WITH pg_settings AS (FROM pg_settings)` reads the engine's settings. Only the second half of a recursive
 * one sees itself.
 */
export function partsInScope(node: SyntaxNode, outer: ReadonlySet<string>): ScopedPart[] {
  const { cte_map, ...rest } = node;
  let scope = outer;
  const parts: ScopedPart[] = [];
  for (const { key, value } of expressionsOf(cte_map)) {
    parts.push({ node: value, scope });
    scope = new Set([...scope, String(key).toLowerCase()]);
  }
  const itself = node.type === "RECURSIVE_CTE_NODE" ? new Set([...scope, String(node.cte_name).toLowerCase()]) : scope;
  for (const [name, part] of Object.entries(rest)) parts.push({ node: part, scope: name === "right" ? itself : scope });
  return parts;
}

function expressionsOf(map: unknown): SyntaxNode[] {
  const entries = typeof map === "object" && map !== null ? (map as SyntaxNode).map : undefined;
  return Array.isArray(entries) ? (entries as SyntaxNode[]) : [];
}
