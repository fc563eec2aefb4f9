const urlCredentials = /([a-z][a-z0-9+.-]*:\/\/)[^/@\s]+@/gi;
const tokens = /\b(gh[a-z]_\w{8,}|github_pat_\w{8,}|glpat-[\w-]{8,})|(authorization:\s*\S+\s+)\S+/gi;

/** Text without the credentials that git repeats from URLs and headers, so that it may be logged. */
export function redact(text: string): string {
  return text.replace(urlCredentials, "$1").replace(tokens, (_all, _token, header) => `${header ?? ""}***`);
}
