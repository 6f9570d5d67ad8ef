/** The quick ones of killed-runner.fault.test.ts. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { prepareKernels, prepareTemplates } from '../prepare.ts';
import { Progress } from '../progress.ts';
import { until, Workplace } from '../workplace.ts';

const many = ['run', '--tag', 'signature', '--kernel', 'newest'];
let place: Workplace;

beforeAll(async () => {
  const progress = new Progress();
  await prepareTemplates(await prepareKernels(['newest'], progress), progress, { workers: 2, append: '' });
});
beforeEach(async () => {
  place = await Workplace.create();
});
afterEach(() => place[Symbol.asyncDispose]());

test('SIGKILL: no QEMU is left within 2 s', async () => {
  const child = place.kernspec(many);
  await until('a verdict', 60_000, () => place.judged() > 2 && place.machines().length > 0);
  child.kill('SIGKILL');
  await child;
  expect(await until('the end of all machines', 2_000, () => place.machines().length === 0)).toBeLessThan(2_000);
});

test('SIGKILL: nor is a worker left that does not notice', async () => {
  const child = place.faults(['run', 'hang.spin.fault', '--kernel', 'newest']);
  await until('a worker that spins', 60_000, () => existsSync(join(place.runs, 'spinning')));
  child.kill('SIGKILL');
  await child;
  expect(await until('the end of all processes', 3_000, () => place.processes().length === 0)).toBeLessThan(3_000);
});

test('one SIGINT ends it in order: the record is kept, exit code 130', async () => {
  const child = place.kernspec(many);
  await until('a verdict', 60_000, () => place.judged() > 2);
  child.kill('SIGINT');
  const { exitCode, stderr } = await child;
  expect(stderr).toContain('ending in order; once more to end at once');
  expect(exitCode).toBe(130);
  expect((await place.record()).reason).toBe('interrupted');
  expect(place.machines()).toEqual([]);
});

test('two end it at once', async () => {
  const child = place.kernspec(many);
  await until('a machine', 60_000, () => place.judged() >= 0 && place.machines().length > 0);
  child.kill('SIGINT');
  let heard = '';
  child.stderr.on('data', (chunk: Buffer) => (heard += chunk.toString()));
  await until('its answer', 10_000, () => heard.includes('once more') || child.exitCode !== null);
  child.kill('SIGINT');
  const { exitCode } = await child;
  expect(exitCode).toBe(130);
  await until('the end of all machines', 2_000, () => place.machines().length === 0);
});
