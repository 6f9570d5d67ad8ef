import type { Check } from './check.ts';
import { reference, sleeper } from './known.ts';
import type { Target } from './target.ts';
import type { CheckResult, Question } from './validation.ts';

const fitFor = (target: Target, checks: readonly Check[]): readonly Check[] =>
  checks.filter(({ roles }) => roles.includes(target.role));

/**
 * What is asked of our own programs before anything is believed: all of the reference, which does what an init has to do, and the
 * duties of a program that does nothing.
 */
export const controlsFor = (checks: readonly Check[]): readonly Question[] => [
  ...fitFor(reference, checks).map((check) => ({ target: reference, check })),
  ...fitFor(sleeper, checks)
    .filter(({ duty }) => duty !== undefined)
    .map((check) => ({ target: sleeper, check })),
];

/** Why a control speaks against the check itself: what must pass does not, or what must fail passes. */
export const troubleOfControl = ({ target, check, verdict, actual, reason = '' }: CheckResult): string | undefined => {
  if (target === sleeper)
    return verdict === 'fail' ? undefined : `a program that does nothing passes ${check.id}: ${actual}${reason}`;
  if (verdict === 'fail' || verdict === 'non-strict')
    return `our reference init does not pass ${check.id}: expected ${check.expected}; actual: ${actual}`;
  // What may be there needs an option of its own, which the reference does not have.
  if (verdict === 'untested' && check.level !== 'MAY')
    return `our reference init could not be asked ${check.id}: ${reason}`;
  return undefined;
};
