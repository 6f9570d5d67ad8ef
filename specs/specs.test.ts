import { expect, test } from 'vitest';
import { problemsOf } from '../src/claims/claim.ts';
import { collectClaims } from '../src/harness/collect.ts';

const collected = await collectClaims();

test('every claim is in order', () => {
  expect(problemsOf(collected.map(({ claim }) => claim))).toEqual([]);
});

test('every claim has a break that must make it fail', () => {
  expect(collected.filter(({ breaks }) => breaks.length === 0).map(({ claim }) => claim.id)).toEqual([]);
});

test('there are at least forty signature claims', () => {
  expect(collected.filter(({ claim }) => claim.tags?.includes('signature')).length).toBeGreaterThanOrEqual(40);
});
