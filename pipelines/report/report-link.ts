/** A Markdown link to a web address; empty without one, or when it is not http(s), because a report must not carry others. */
export function reportLink(text: string, address: string | undefined): string {
  if (address === undefined || !URL.canParse(address)) return "";
  const url = new URL(address);
  if (url.protocol !== "https:" && url.protocol !== "http:") return "";
  const safe = url.href.replace(/[()<>|\\`*_[\]]/g, (sign) => `%${sign.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return `[${text}](${safe})`;
}
