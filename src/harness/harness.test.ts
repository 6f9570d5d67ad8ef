import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { FixtureError, LinkError } from '../base/errors.ts';
import { deferred } from '../base/deferred.ts';
import { MachineFailure } from '../../vm/failure.ts';
import { Violation } from '../claims/violation.ts';
import type { GuestExit, GuestProcess } from '../../vm/link/ssh.ts';
import { Breaker } from './break.ts';
import { actor, command, node, shell, tini } from './fixture.ts';
import { judge } from './judge.ts';
import { RunningFixture } from './running-fixture.ts';

/** launch's side of a channel: what it says is written by the test, what it is told is read by it. */
const launched = ({ traceable = true } = {}) => {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const exited = deferred<GuestExit>();
  const told: string[] = [];
  const channel: GuestProcess = {
    stdout,
    stderr,
    write: (bytes) => void told.push(String(bytes)),
    end: () => exited.resolve({ code: 0, signal: undefined }),
    exited: exited.promise,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const say = (...lines: string[]): void => lines.forEach((line) => stdout.write(`${line}\n`));
  say('P {"seq":1,"t":1,"pid":9,"who":"parent","ev":"started","child":10}');
  const start = (busy: () => Promise<boolean> = () => Promise.resolve(false)): Promise<RunningFixture> =>
    RunningFixture.start({ channel, argv: ['x'], patience: { slowdown: 0.02, busy }, traceable });
  return { say, start, told, exited };
};

const event = (ev: string, seq = 1): string => `F {"seq":${seq},"t":2,"pid":1,"who":"main","ev":"${ev}"}`;
const waitStatus = (status: number): string =>
  `P {"seq":2,"t":3,"pid":9,"who":"parent","ev":"wait-status","child":10,"status":${status}}`;
const drained = 'P {"seq":3,"t":4,"pid":9,"who":"parent","ev":"drained"}';

describe('RunningFixture', () => {
  test('finds an event of the past and one of the future', async () => {
    const { say, start } = launched();
    const fixture = await start();
    say(event('ready'));
    await fixture.ready();
    await fixture.ready();
    const later = fixture.event({ ev: 'signal' });
    say(event('signal', 2));
    expect(await later).toMatchObject({ seq: 2 });
    expect(fixture.hostPid).toBe(10);
  });

  test('an event that never comes speaks against the kernel, once the machine has answered', async () => {
    const { start } = launched();
    let asked = 0;
    const fixture = await start(() => Promise.resolve(++asked > 1_000));
    await expect(fixture.event({ ev: 'signal' })).rejects.toBeInstanceOf(Violation);
    expect(asked).toBe(1);
  });

  test('as long as programs compute, it may still come', async () => {
    const { say, start } = launched();
    let asked = 0;
    const fixture = await start(() => {
      if (++asked === 3) say(event('signal'));
      return Promise.resolve(true);
    });
    expect(await fixture.event({ ev: 'signal' })).toMatchObject({ seq: 1 });
    expect(asked).toBe(3);
  });

  test('but not for ever', async () => {
    const { start } = launched();
    let asked = 0;
    const fixture = await start(() => Promise.resolve(++asked > 0));
    await expect(fixture.event({ ev: 'signal' })).rejects.toBeInstanceOf(Violation);
    expect(asked).toBe(6);
  });

  test('a machine that does not answer is our trouble', async () => {
    const { start } = launched();
    const fixture = await start(() => Promise.reject(new LinkError('gone')));
    await expect(fixture.event({ ev: 'signal' })).rejects.toBeInstanceOf(LinkError);
  });

  test('garbage on the event descriptor is the fixture’s fault', async () => {
    const { say, start } = launched();
    const fixture = await start();
    say('F this is no event');
    await expect(fixture.ready()).rejects.toThrow(
      new FixtureError('The fixture wrote a line that is no event: this is no event'),
    );
  });

  test('what launch itself says must be known, too', async () => {
    const { say, start } = launched();
    const fixture = await start();
    say('X what');
    await expect(fixture.ready()).rejects.toThrow('launch said something unheard of: X what');
  });

  test('a fixture that crashed is our bug; one that was ended is a finding; both at once', async () => {
    const crashed = launched();
    const first = await crashed.start();
    crashed.say(waitStatus(11), drained);
    await expect(first.ready()).rejects.toMatchObject({
      name: 'FixtureError',
      message: 'x crashed with SIGSEGV.',
    });
    const ended = launched();
    const second = await ended.start();
    ended.say(waitStatus(15), drained);
    await expect(second.ready()).rejects.toBeInstanceOf(Violation);
    expect(await second.ended()).toEqual({ by: 'signal', signal: 'SIGTERM', core: false });
    expect(second.gone).toBe(true);
  });

  test('launch that ends by itself is our trouble', async () => {
    const { start, exited } = launched();
    const fixture = await start();
    exited.resolve({ code: 1, signal: undefined });
    await expect(fixture.ready()).rejects.toBeInstanceOf(FixtureError);
  });

  test('the answer to a request is known by its number', async () => {
    const { say, start, told } = launched();
    const fixture = await start();
    const answer = fixture.signal('TERM');
    expect(told).toEqual(['1 kill 10 TERM\n']);
    say('P {"seq":4,"t":5,"pid":9,"who":"parent","ev":"answer","id":1,"result":-1,"error":"ESRCH"}');
    expect(await answer).toEqual({ result: -1, error: 'ESRCH' });
  });
});

describe('judge', () => {
  const never = new Promise<never>(() => undefined);
  const healthy = {
    failed: never,
    slowdown: 1,
    trouble: () => undefined,
    diagnose: () => Promise.resolve(new MachineFailure('spec-timeout', 'The guest still answers.')),
  };

  test.each([
    ['nothing thrown', () => Promise.resolve(), 'holds', undefined],
    ['a violation', () => Promise.reject(new Violation('it did not come')), 'violated', 'it did not come'],
    ['a lost link', () => Promise.reject(new LinkError('lost')), 'inconclusive', 'lost (LinkError)'],
    ['a bug of ours', () => Promise.reject(new TypeError('undefined')), 'inconclusive', 'undefined (our bug)'],
  ])('%s', async (_, body, verdict, error) => {
    const judgement = await judge(body, healthy);
    expect(judgement.verdict).toBe(verdict);
    expect(judgement.error?.split('\n')[0]).toBe(error);
  });

  test('a failed assertion is a violation', async () => {
    const judgement = await judge(() => {
      expect([15]).toEqual([9]);
      return Promise.resolve();
    }, healthy);
    expect(judgement.verdict).toBe('violated');
    expect(judgement.error?.split('\n').slice(1)).toEqual(['-  9', '  [', '+  15', '  ]']);
  });

  test('so is one that found nothing', async () => {
    const judgement = await judge(() => {
      expect(undefined).toEqual(['Z']);
      return Promise.resolve();
    }, healthy);
    expect(judgement.verdict).toBe('violated');
    expect(judgement.error?.split('\n').slice(1)).toEqual(['- [', '-  "Z"', '- ]', '+ undefined']);
  });

  test('what the kernel was not configured for makes the claim inapplicable, and says what that is', async () => {
    const { say, start } = launched({ traceable: false });
    const fixture = await start();
    say(waitStatus(0), drained);
    const judgement = await judge(async () => {
      await fixture.finished();
      await fixture.kernelTrace();
    }, healthy);
    expect(judgement).toEqual({ verdict: 'inapplicable', error: 'The kernel lacks CONFIG_FTRACE.' });
  });

  test('a machine that fails outweighs what the spec then says', async () => {
    const failed = deferred<never>();
    const body = async (): Promise<void> => {
      failed.reject(new LinkError('The guest panicked.'));
      await failed.promise.catch(() => undefined);
      throw new Violation('the event never came');
    };
    expect(await judge(body, { ...healthy, failed: failed.promise })).toMatchObject({
      verdict: 'inconclusive',
      error: 'The guest panicked. (LinkError)',
    });
  });

  test('a spec that never ends is stuck, not violated', async () => {
    expect(await judge(() => never, { ...healthy, deadlineMs: 60 })).toMatchObject({
      verdict: 'inconclusive',
      failure: 'spec-timeout',
      error: 'The guest still answers. The end of the spec did not come within 60 ms. (spec-timeout)',
    });
  });

  test('a kernel that warned cannot be said to have kept its word; one that broke it has', async () => {
    const trouble = () => new MachineFailure('warning', 'WARNING: at kernel/exit.c');
    expect(await judge(() => Promise.resolve(), { ...healthy, trouble })).toMatchObject({
      verdict: 'inconclusive',
      failure: 'warning',
    });
    const violated = () => Promise.reject(new Violation('it did not come'));
    expect(await judge(violated, { ...healthy, trouble })).toMatchObject({ verdict: 'violated' });
  });
});

describe('Breaker', () => {
  test('replaces text in scripts and command lines', () => {
    const breaker = new Breaker({ what: 'a handler', replace: ['ready', 'on TERM; ready'] });
    expect(breaker.fixture(actor('ready; pause')).argv).toEqual(['/kernspec/bin/actor', 'on TERM; ready; pause']);
    expect(breaker.text('echo')).toBe('echo');
    breaker.check();
  });

  test('a break that changes nothing is a mistake', () => {
    const breaker = new Breaker({ what: 'a handler', replace: ['READY', ''] });
    breaker.fixture(actor('ready'));
    expect(() => breaker.check()).toThrow('The break "a handler" changes nothing.');
  });

  test('takes another fixture, or no namespace', () => {
    expect(new Breaker({ what: 'x', instead: command('true') }).fixture(actor('ready')).argv).toEqual(['true']);
    expect(new Breaker({ what: 'x', namespace: 'none' }).outsideNamespace()).toBe(true);
    expect(new Breaker(undefined).outsideNamespace()).toBe(false);
  });
});

test('fixtures are command lines of the guest', () => {
  expect(tini(['-g'], node(' stay() ')).argv).toEqual([
    ...['tini', '-g', '--', 'node', '-r', '/kernspec/fixtures/events.cjs', '-e', 'stay()'],
  ]);
  expect(shell('dash', ' exit 3 ').argv).toEqual(['dash', '-c', 'exit 3']);
});
