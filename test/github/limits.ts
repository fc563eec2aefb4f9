interface Sent {
  body?: string;
  output?: { summary?: string; text?: string; annotations?: unknown[] };
}

/** What GitHub refuses with 422 because it is too much; null for what it takes. */
export function overLimit(text: string): string | null {
  if (text === "") return null;
  const { body, output } = JSON.parse(text) as Sent;
  if ((body ?? "").length > 65_536) return "body is too long (maximum is 65536 characters)";
  if ((output?.summary ?? "").length > 65_535) return "summary exceeds a maximum of 65535 characters";
  if ((output?.text ?? "").length > 65_535) return "text exceeds a maximum of 65535 characters";
  return (output?.annotations ?? []).length > 50 ? "annotations: no more than 50 items are allowed" : null;
}
