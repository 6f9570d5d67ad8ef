/** Machines that hang: their deadlines take their time. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { prepareKernels, templateOf } from '../prepare.ts';
import { Progress } from '../progress.ts';
import { Workplace } from '../workplace.ts';

let place: Workplace;
beforeEach(async () => {
  place = await Workplace.create();
});
afterEach(async () => {
  expect(place.processes()).toEqual([]);
  expect(await place.temporaries()).toEqual([]);
  await place[Symbol.asyncDispose]();
});

test.each([
  ['hang.clock', /^clock-stall$/],
  ['hang.silent', /^unresponsive$/],
  // On a busy host the bomb's processes keep the guest's RCU from coming to an end before they have used up its memory.
  ['hang.bomb', /^(out-of-memory|rcu-stall)$/],
])('%s', async (prefix, failure) => {
  const { exitCode } = await place.faults(['run', prefix, '--kernel', 'newest']);
  const { results } = await place.record();
  expect(results).toMatchObject([
    { claim: `${prefix}.fault`, verdict: 'inconclusive', failure: expect.stringMatching(failure) as string },
    { claim: `${prefix}.sound`, verdict: 'holds' },
  ]);
  expect(exitCode).toBe(3);
});

test('a worker that never looks up again is ended, and what it owed is inconclusive', async () => {
  const { exitCode } = await place.faults(['run', 'hang.spin', '--kernel', 'newest', '--repeat', '2']);
  await rm(join(place.runs, 'spinning'));
  const { results, reason } = await place.record();
  expect(results.map(({ verdict }) => verdict)).toEqual(Array(4).fill('inconclusive'));
  expect(results[0]?.reason).toContain('Worker exited unexpectedly');
  expect([exitCode, reason]).toEqual([3, 'failed']);
});

test('100 MB on the console, while commands are answered', { timeout: 900_000 }, async () => {
  const progress = new Progress();
  const [kernel] = await prepareKernels(['newest'], progress);
  if (kernel === undefined) throw new Error('no kernel');
  const template = await templateOf(kernel, progress);
  await using machine = await template.clone({ accelerator: kernel.accelerator });
  const flood = "head -c 100000000 /dev/zero | tr '\\0' x > /dev/console; echo; echo over > /dev/console";
  const flooding = machine.exec(flood, { ms: 900_000 });
  for (let asked = 0; asked < 100; asked++) expect((await machine.exec('echo here')).stdout).toBe('here\n');
  await flooding;
  await machine.console.until('the last word', /over$/, 60_000);
  // What is kept of it are 8000 lines of 2000 characters at most.
  expect(process.memoryUsage.rss()).toBeLessThan(600e6);
});
