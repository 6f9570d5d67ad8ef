import { expect, test } from 'vitest';
import { fails, holds, untested, verdictOf, type Finding } from './check.ts';
import { allChecks } from './checks.ts';
import { controlsFor, troubleOfControl } from './controls.ts';
import { reference, sleeper } from './known.ts';
import type { Target } from './target.ts';
import type { CheckResult } from './validation.ts';

const result = (target: Target, id: string, finding: Finding): CheckResult => {
  const check = allChecks.find((one) => one.id === id);
  if (check === undefined) throw new Error(id);
  const verdict = verdictOf(check.level, finding);
  const told = 'untested' in finding ? { actual: '', reason: finding.untested } : { actual: finding.actual };
  return { target, check, verdict, ...told, ms: 1, sightings: [] };
};

test('the reference is asked all that a wrapper can be asked, a program that does nothing its duties', () => {
  const asked = (target: Target): readonly string[] =>
    controlsFor(allChecks)
      .filter((question) => question.target === target)
      .map(({ check }) => check.id);
  expect(asked(reference)).toHaveLength(66);
  expect(asked(reference)).not.toContain('STOP-BARE');
  expect(asked(sleeper)).toEqual(['STOP-BARE', 'REAP-ONE', 'REAP-EXEC']);
});

test('a check that the reference fails, or that nobody fails, is not believed', () => {
  expect(troubleOfControl(result(reference, 'SIG-TERM', holds('TERM')))).toBeUndefined();
  expect(troubleOfControl(result(reference, 'SIG-TERM', fails('nothing')))).toBe(
    'our reference init does not pass SIG-TERM: expected the command gets it; actual: nothing',
  );
  expect(troubleOfControl(result(reference, 'REAP-IDLE', fails('4 wake-ups')))).toContain('REAP-IDLE');
  expect(troubleOfControl(result(reference, 'SIG-TERM', untested('lost')))).toBe(
    'our reference init could not be asked SIG-TERM: lost',
  );
  expect(troubleOfControl(result(reference, 'SIG-REWRITE', untested('no option')))).toBeUndefined();
  expect(troubleOfControl(result(sleeper, 'REAP-ONE', fails('1 zombie')))).toBeUndefined();
  expect(troubleOfControl(result(sleeper, 'REAP-ONE', holds('gone')))).toBe(
    'a program that does nothing passes REAP-ONE: gone',
  );
  expect(troubleOfControl(result(sleeper, 'REAP-ONE', untested('lost')))).toContain('REAP-ONE');
});
