/** What stops the lab: 1 a check or step failed, 2 bad input, 3 something of the machine is not there. */
export type LabExit = 1 | 2 | 3;

/**
 * The lab's own error. It is no FourninesError: the catalogue of codes is what the product can give, and the lab is not
 * part of the product. Decide on `exit`, never on the message.
 */
export class LabError extends Error {
  override readonly name = 'LabError';
  readonly exit: LabExit;
  readonly hint: string;

  constructor(exit: LabExit, message: string, options: { readonly hint: string; readonly cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exit = exit;
    this.hint = options.hint;
  }
}
