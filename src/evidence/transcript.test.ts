import { expect, test } from 'vitest';
import type { FixtureEvent } from './fixture-event.ts';
import { transcriptOf } from './transcript.ts';

const event = (ev: string, rest: Partial<FixtureEvent> = {}): FixtureEvent => ({
  ...{ seq: 1, t: 1, pid: 1, who: 'main', about: '', result: 0 },
  ...rest,
  ev,
});

test('a line for each statement, in its own words; marks and births only when they fail', () => {
  const events = [
    event('fork', { about: 'worker', result: 7 }),
    event('kill', { about: 'worker TERM' }),
    event('on', { about: 'KILL', result: -1, error: 'EINVAL' }),
    event('ready', { who: 'worker' }),
    event('signal', { about: 'TERM', text: 'SI_USER from parent', who: 'worker' }),
    event('pending', { text: 'none' }),
    event('fork', { about: 'late', result: -1, error: 'ENOMEM' }),
  ];
  expect(transcriptOf(events, 'main')).toEqual([
    'kill worker TERM: 0',
    'on KILL: EINVAL',
    'pending: none',
    'fork late: ENOMEM',
  ]);
  expect(transcriptOf(events, 'worker')).toEqual(['signal TERM: SI_USER from parent']);
});
