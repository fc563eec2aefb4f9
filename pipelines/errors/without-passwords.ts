/** A text in which no address shows its password; as long as before, so that what points into it still does. */
export function withoutPasswords(text: string): string {
  const inAddress = /(:\/\/[^\s:/@'"]*:)([^\s'"]+)(?=@)/g;
  return text.replace(inAddress, (_, before: string, password: string) => before + "*".repeat(password.length));
}
