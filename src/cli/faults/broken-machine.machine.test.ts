/** Machines that break under a spec: the claim is inconclusive, and all others are judged as if nothing had been. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { until, Workplace } from '../workplace.ts';

let place: Workplace;
beforeEach(async () => {
  place = await Workplace.create();
});
afterEach(async () => {
  expect(place.processes()).toEqual([]);
  expect(await place.temporaries()).toEqual([]);
  await place[Symbol.asyncDispose]();
});

/** Verdicts, and what became of the machine, by claim. */
const outcomes = async (): Promise<Readonly<Record<string, string>>> => {
  const { results } = await place.record();
  return Object.fromEntries(
    results.map(({ claim, verdict, failure }) => [claim, failure === undefined ? verdict : `${verdict}: ${failure}`]),
  );
};

test('each kind of failure is told apart, and costs its own claim only', async () => {
  const { exitCode } = await place.faults(['run', 'machine', '--kernel', 'newest']);
  expect(await outcomes()).toEqual({
    'machine.a0.sound': 'holds',
    'machine.a1.crash': 'inconclusive: panic',
    'machine.a2.sound': 'holds',
    'machine.b1.reboot': 'inconclusive: reboot',
    'machine.b2.sound': 'holds',
    'machine.c1.link': 'inconclusive: link-lost',
    'machine.c2.sound': 'holds',
    'machine.d1.warning': 'inconclusive: warning',
    'machine.d2.sound': 'holds',
    'machine.e1.oops': 'inconclusive: oops',
    'machine.e2.sound': 'holds',
    'machine.f1.rcu-stall': 'inconclusive: rcu-stall',
    'machine.f2.sound': 'holds',
    'machine.g1.soft-lockup': 'inconclusive: soft-lockup',
    'machine.g2.sound': 'holds',
    'machine.h1.hung-task': 'inconclusive: hung-task',
    'machine.h2.sound': 'holds',
    'machine.i1.memory': 'inconclusive: out-of-memory',
    'machine.i2.sound': 'holds',
  });
  const { results } = await place.record();
  const crash = results.find(({ claim }) => claim === 'machine.a1.crash');
  expect(crash?.ms).toBeLessThan(2_000);
  expect(exitCode).toBe(3);
});

test('QEMU is killed under a spec', async () => {
  const child = place.faults(['run', 'victim', '--kernel', 'newest']);
  await until('the first verdict', 60_000, () => place.judged() >= 1 && place.machines().length > 0);
  const begin = performance.now();
  for (const pid of place.machines()) process.kill(pid, 'SIGKILL');
  await until('the next verdict', 60_000, () => place.judged() >= 2);
  expect(performance.now() - begin).toBeLessThan(2_000);
  expect((await child).exitCode).toBe(3);
  expect(await outcomes()).toEqual({
    'victim.a.before': 'holds',
    'victim.b.waits': 'inconclusive: qemu-exited',
    'victim.c.after': 'holds',
  });
});

test('floods of the console and of channels: the rest is judged, and the evidence stays small', async () => {
  await place.faults(['run', 'flood', '--kernel', 'newest']);
  expect(await outcomes()).toEqual({
    'flood.console.background': 'holds',
    'flood.console.sound': 'holds',
    'flood.channel.command': 'inconclusive',
    'flood.channel.sound': 'holds',
    'flood.channel.fixture': 'holds',
    'flood.channel.events': 'inconclusive',
    'flood.channel.sound-again': 'holds',
  });
});
