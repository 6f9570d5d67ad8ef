/** Templates that are not what they were: refused, said so, made anew; the verdicts are right all the same. */
import { chmod, open, readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { findProgram } from '../../base/process.ts';
import { prepareKernels, templateOf } from '../prepare.ts';
import { Progress } from '../progress.ts';
import { Workplace } from '../workplace.ts';

const quick = ['run', 'pidns.init.sigkill-from-host-ends-it', '--kernel', 'newest'];
let place: Workplace;

let template = '';
beforeAll(async () => {
  const progress = new Progress();
  const [kernel] = await prepareKernels(['newest'], progress);
  if (kernel !== undefined) template = (await templateOf(kernel, progress)).directory;
});
beforeEach(async () => {
  place = await Workplace.create([template]);
});
afterEach(() => place[Symbol.asyncDispose]());

/** The same file of all templates there are. */
const parts = async (name: string): Promise<readonly string[]> => {
  const directory = join(place.cache, 'templates');
  return (await readdir(directory)).map((key) => join(directory, key, name));
};

const flipBit = async (path: string): Promise<void> => {
  await using file = await open(path, 'r+');
  const position = Math.floor((await file.stat()).size / 2);
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, position);
  await file.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, position);
};

test.each([
  ['its memory truncated', 'memory', (path: string) => truncate(path, 1_000_000), 'its memory has changed'],
  ['a bit of its memory flipped', 'memory', flipBit, 'its memory has changed'],
  ['its state truncated', 'state', (path: string) => truncate(path, 1_000), 'its state has changed'],
  ['a bit of its state flipped', 'state', flipBit, 'its state has changed'],
  ['its manifest cut off', 'template.json', (path: string) => truncate(path, 100), 'has no readable template.json'],
])('%s', async (_, name, damage, why) => {
  for (const path of await parts(name)) await damage(path);
  const { exitCode, stderr } = await place.kernspec(quick);
  expect(stderr).toMatch(new RegExp(`The template in \\S+ .*${why}. It is made anew.`));
  expect(stderr).toContain('once, for its clones');
  expect(exitCode).toBe(0);
  expect(await place.record()).toMatchObject({ results: [{ verdict: 'holds' }] });
  const again = await place.kernspec(quick);
  expect(again.stderr).not.toMatch(/made anew|for its clones/);
  expect(await place.temporaries()).toEqual([]);
});

test('another QEMU has templates of its own', async () => {
  const before = await parts('memory');
  const qemu = join(place.directory, 'qemu-system-x86_64');
  const real = (await findProgram('qemu-system-x86_64')) ?? '';
  await writeFile(
    qemu,
    `#!/bin/sh\n[ "$1" = --version ] && { echo 'QEMU emulator version 99.0'; exit; }\nexec ${real} "$@"\n`,
  );
  await chmod(qemu, 0o755);
  const { exitCode, stderr } = await place.kernspec(quick, { PATH: `${place.directory}:${process.env['PATH'] ?? ''}` });
  expect(stderr).toContain('once, for its clones');
  expect(exitCode).toBe(0);
  expect(await parts('memory')).toHaveLength(before.length + 1);
});
