import { withDeadline } from '../base/deadline.ts';
import { DeadlineError, InfrastructureError, KernspecError, messageOf } from '../base/errors.ts';
import { isViolation } from '../claims/violation.ts';
import type { Verdict } from '../claims/verdict.ts';

/** What came of one spec, before it becomes a result of the record. */
export interface Judgement {
  readonly verdict: Verdict;
  /** Why, when the claim does not hold: the assertion that failed, or what went wrong on our side. */
  readonly error?: string;
}

/** Milliseconds a spec may take on the reference machine before we call it stuck. */
const specDeadlineMs = 60_000;

/**
 * Runs the body of a spec and turns its outcome into a verdict: an assertion that fails, or a predicted fact that never
 * comes, speaks against the kernel; every other error is ours.
 *
 * @param machineFailed rejects when the machine under the spec fails, which outweighs whatever the spec then says
 */
export const judge = async (
  body: () => Promise<void>,
  machineFailed: Promise<never>,
  slowdown: number,
): Promise<Judgement> => {
  let failure: unknown;
  machineFailed.catch((error: unknown) => (failure = error));
  try {
    const ms = specDeadlineMs * slowdown;
    await withDeadline({ what: 'The end of the spec', ms }, Promise.race([body(), machineFailed]));
    return { verdict: 'holds' };
  } catch (error) {
    return judgementOf(failure ?? error);
  }
};

/** What an error says about the claim: only a violation speaks against the kernel. */
export const judgementOf = (error: unknown): Judgement =>
  isViolation(error)
    ? { verdict: 'violated', error: error.message }
    : { verdict: 'inconclusive', error: describe(error) };

const describe = (error: unknown): string => {
  const kind =
    error instanceof DeadlineError ? 'deadline' : error instanceof InfrastructureError ? error.name : 'our bug';
  const details = error instanceof KernspecError && error.details !== undefined ? `\n${error.details}` : '';
  const stack = error instanceof KernspecError || !(error instanceof Error) ? '' : `\n${error.stack ?? ''}`;
  return `${messageOf(error)} (${kind})${details}${stack}`;
};
