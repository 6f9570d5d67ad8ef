/**
 * What a claim predicts did not happen, although machine and fixture are in good health: the kernel's fault, or the
 * claim's. Failed assertions of `expect` mean the same.
 */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** Whether a thrown value speaks against the kernel. Everything else is a fault of ours and makes a claim inconclusive. */
export const isViolation = (error: unknown): error is Error =>
  error instanceof Violation || (error instanceof Error && error.name === 'AssertionError');
