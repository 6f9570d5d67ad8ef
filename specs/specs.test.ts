import { expect, test } from 'vitest';
import { checkArms } from '../src/claims/expectation.ts';
import { problemsOf } from '../src/claims/claim.ts';
import { collectClaims } from '../src/harness/collect.ts';

const collected = await collectClaims();

test('every claim is in order', () => {
  expect(problemsOf(collected.map(({ claim }) => claim))).toEqual([]);
});

test('every claim has a break that must make it fail', () => {
  expect(collected.filter(({ breaks }) => breaks.length === 0).map(({ claim }) => claim.id)).toEqual([]);
});

// Somebody's own kernel may be of any series, older or newer than what the archive offers.
test('every value by kernel is known for every version', () => {
  const versions = ['5.4.1', '5.15.1', '6.6.1', '6.14.1', '7.4.0', '9.9.9'];
  const problems = collected.flatMap(({ claim }) =>
    claim.expected === undefined
      ? []
      : checkArms(claim.expected, versions).problems.map((problem) => `${claim.id}: ${problem}`),
  );
  expect(problems).toEqual([]);
});

test('there are at least forty signature claims', () => {
  expect(collected.filter(({ claim }) => claim.tags?.includes('signature')).length).toBeGreaterThanOrEqual(40);
});
