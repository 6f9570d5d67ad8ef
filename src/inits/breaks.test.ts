import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../base/paths.ts';
import { breaksOf, unnoticed, withoutBreak } from './breaks.ts';
import { fails, holds, untested, verdictOf, type Check, type Finding } from './check.ts';
import { allChecks, selectChecks } from './checks.ts';
import { brokenInit } from './known.ts';

const [check] = selectChecks(['REAP-STORM']);

const said = (how: string, finding: Finding): string | undefined => {
  if (check === undefined) throw new Error('there is no such check');
  return unnoticed({
    target: brokenInit(how),
    check,
    verdict: verdictOf(check.level, finding),
    actual: 'untested' in finding ? '' : finding.actual,
    ...('untested' in finding && { reason: finding.untested }),
    ms: 1,
    sightings: [],
  });
};

test('each requirement has an init that breaks it, and is asked of the unbroken one, too', () => {
  expect(withoutBreak()).toEqual([]);
  // Two programs for each of 50; a sleeper for the one that is about programs without a command.
  expect(breaksOf(allChecks)).toHaveLength(101);
  expect(breaksOf(selectChecks(['REAP-NOSTEAL'])).map(({ target }) => [target.argv[0], target.role])).toEqual([
    ['/kernspec/bin/library-init', 'library'],
    ['/kernspec/bin/library-init', 'library'],
  ]);
  expect(breaksOf(selectChecks(['STOP-BARE'])).map(({ target }) => target.name)).toEqual(['sleep']);
  const unbroken: Check = {
    id: 'NEW',
    level: 'MUST',
    roles: ['wrapper'],
    statement: 'It is new.',
    expected: 'something',
    sources: [],
    run: () => Promise.resolve(holds('something')),
  };
  expect(withoutBreak([unbroken])).toEqual(['NEW']);
});

test('our programs can be broken in just the ways that checks name', () => {
  const sources = ['broken.c', 'library.c'].map((file) => readFileSync(join(projectRoot, 'guest/inits', file), 'utf8'));
  const known = [...sources.join('').matchAll(/\bis\("([^"]+)"\)/g)].map(([, how = '']) => how);
  const named = allChecks.flatMap(({ brokenBy }) => brokenBy?.split(',') ?? []);
  expect([...new Set(named)].toSorted()).toEqual([...new Set(known)].toSorted());
});

test('a check that cannot tell the two apart is named', () => {
  expect(said('reaps-one-at-a-time', fails('499 of 500 are zombies'))).toBeUndefined();
  expect(said('nothing', holds('500 of 500 gone'))).toBeUndefined();
  expect(said('reaps-one-at-a-time', holds('500 of 500 gone'))).toBe(
    'an init that reaps-one-at-a-time is not found out by REAP-STORM: 500 of 500 gone',
  );
  expect(said('reaps-one-at-a-time', untested('it broke the machine'))).toContain('it broke the machine');
  expect(said('reaps-one-at-a-time', fails('its command never ran; it ended: exit 2'))).toContain('never came so far');
  expect(said('nothing', fails('3 of 500 are zombies'))).toBe(
    'the init that is not broken does not pass REAP-STORM: 3 of 500 are zombies',
  );
});
