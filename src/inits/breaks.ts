import { allChecks } from './checks.ts';
import type { Check } from './check.ts';
import { brokenInit, brokenLibrary, sleeper } from './known.ts';
import type { Target } from './target.ts';
import type { CheckResult, Question } from './validation.ts';

/** Whether nobody may pass it who does not do what it says: those of a choice or a number cannot be failed. */
const isRequirement = ({ level }: Check): boolean => level === 'MUST' || level === 'SHOULD';

/** Whether only a program that runs no command can be asked: doing nothing at all breaks it. */
const isBare = ({ roles }: Check): boolean => roles.every((role) => role === 'bare');

/** Our program that is broken so, and can be asked. */
const brokenFor = ({ roles }: Check, how: string): Target =>
  roles.every((role) => role === 'library') ? brokenLibrary(how) : brokenInit(how);

/** The requirements among checks that no init of ours breaks. */
export const withoutBreak = (checks: readonly Check[] = allChecks): readonly string[] =>
  checks.filter((check) => isRequirement(check) && check.brokenBy === undefined && !isBare(check)).map(({ id }) => id);

/** What must be asked so that it is seen that checks can fail: each of the init that is broken so, and of the same one unbroken. */
export const breaksOf = (checks: readonly Check[]): readonly Question[] =>
  checks.filter(isRequirement).flatMap((check): Question[] => {
    if (isBare(check)) return [{ target: sleeper, check }];
    return check.brokenBy === undefined
      ? []
      : [
          { target: brokenFor(check, check.brokenBy), check },
          { target: brokenFor(check, 'nothing'), check },
        ];
  });

/** Why a result shows that the check cannot tell a broken init from a good one; undefined when it can. */
export const unnoticed = ({ target, check, verdict, actual, reason = '' }: CheckResult): string | undefined => {
  const what = `${check.id}: ${actual}${reason}`;
  if (target.name === 'nothing')
    return verdict === 'pass' ? undefined : `the init that is not broken does not pass ${what}`;
  if (verdict !== 'fail' && verdict !== 'non-strict') return `an init that ${target.name} is not found out by ${what}`;
  // It failed before it could do what is wrong about it.
  return actual.startsWith('its command never ran')
    ? `an init that ${target.name} never came so far: ${what}`
    : undefined;
};
