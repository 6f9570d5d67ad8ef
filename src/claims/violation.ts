/**
 * What a claim predicts did not happen, although machine and fixture are in good health: the kernel's fault, or the
 * claim's. Failed assertions of `expect` mean the same.
 */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/**
 * A spec has come to something that the kernel under it was not configured to have: the claim does not apply.
 */
export class Inapplicable extends Error {
  override readonly name = 'Inapplicable';

  constructor(lacks: readonly string[]) {
    super(`The kernel lacks ${lacks.join(', ')}.`);
  }
}

/** Whether a thrown value speaks against the kernel. Everything else is a fault of ours and makes a claim inconclusive. */
export const isViolation = (error: unknown): error is Error =>
  error instanceof Violation || (error instanceof Error && error.name === 'AssertionError');
