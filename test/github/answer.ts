export interface Answer {
  status: number;
  body: string | Buffer;
  headers?: Record<string, string>;
}

export function json(status: number, value: unknown): Answer {
  return { status, body: JSON.stringify(value) };
}

/** A failure as GitHub words it. */
export function problem(status: number, message: string): Answer {
  return json(status, { message, documentation_url: "https://docs.github.com/rest" });
}
