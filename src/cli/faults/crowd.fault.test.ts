/** Many at once: runs on one cache, and clones of one template. */
import { afterEach, expect, test } from 'vitest';
import { CleanupStack } from '../../base/cleanup-stack.ts';
import { prepareKernels, templateOf } from '../prepare.ts';
import { Progress } from '../progress.ts';
import { Workplace } from '../workplace.ts';

let place: Workplace;
afterEach(() => place[Symbol.asyncDispose]());

test('two runs at once on one cache: each template is booted once, and both are right', async () => {
  place = await Workplace.create([]);
  const run = () => place.kernspec(['run', '--tag', 'signature', '--kernel', '5.10', '--kernel', 'newest']);
  const ended = await Promise.all([run(), run()]);
  expect(ended.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  const words = ended.map(({ stderr }) => stderr).join('\n');
  expect(words.match(/once, for its clones/g)).toHaveLength(2);
  expect(words).toContain('another process is booting');
  const records = await place.records();
  expect(records.map(({ reason }) => reason)).toEqual(['passed', 'passed']);
  expect(place.processes()).toEqual([]);
  expect(await place.temporaries()).toEqual([]);
});

test('64 clones at once: all answer, no two alike', async () => {
  place = await Workplace.create();
  const progress = new Progress();
  const [kernel] = await prepareKernels(['newest'], progress);
  if (kernel === undefined) throw new Error('no kernel');
  const template = await templateOf(kernel, progress);
  await using stack = new CleanupStack();
  const clones = await Promise.all(
    Array.from({ length: 64 }, () => template.clone({ accelerator: kernel.accelerator, slowdown: 32 })),
  );
  for (const clone of clones) stack.use(clone);
  const answers = await Promise.all(
    clones.map(async (clone) => (await clone.exec('cat /proc/sys/kernel/random/uuid', { ms: 60_000 })).stdout),
  );
  expect(new Set(answers).size).toBe(64);
  for (const answer of answers) expect(answer).toMatch(/^[0-9a-f-]{36}\n$/);
});
