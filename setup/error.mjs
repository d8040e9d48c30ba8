/** A failure with a sentence for a person: it is printed without a stack. */
export class SetupError extends Error {
  isSetupError = true;
  /** The product runs without what failed, if with less. */
  isBearable = false;

  /**
   * @param {string} message
   * @param {number} [exitCode] 1 something failed, 2 bad usage, 3 a dependency is not there
   */
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}
