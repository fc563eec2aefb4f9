/**
 * The machine, the network, git or a disk failed; the user's input may be fine. The command exits with 3.
 * `tried` says what was attempted, `safe` what is certainly not lost, so that nobody has to guess.
 */
export class EnvironmentError extends Error {
  readonly tried: string;
  readonly safe: string;
  /** It was refused for good, as by a rule of the server: asking again changes nothing, only a person does. */
  readonly permanent: boolean;

  constructor(message: string, detail: { tried: string; safe: string; permanent?: boolean }, options?: ErrorOptions) {
    super(message, options);
    this.name = "EnvironmentError";
    this.tried = detail.tried;
    this.safe = detail.safe;
    this.permanent = detail.permanent ?? false;
  }
}
