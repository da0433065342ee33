/**
 * What set-up tells the user when it cannot go on: one sentence that says what is missing, and one that says what to do.
 * Anything else that is thrown is a bug of the set-up itself and keeps its stack trace.
 */
export class SetupProblem extends Error {
  /**
   * @param {string} sentence what is wrong, with the value that was seen
   * @param {string} remedy what the user can do about it
   */
  constructor(sentence, remedy) {
    super(sentence);
    this.name = 'SetupProblem';
    this.remedy = remedy;
  }
}
