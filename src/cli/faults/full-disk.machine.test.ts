/** The disk is full while something is written: one sentence, nothing half-written, and no wrong verdict. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { prepareKernels, prepareTemplates } from '../prepare.ts';
import { Progress } from '../progress.ts';
import { RecordedResult } from '../../report/record.ts';
import { Workplace } from '../workplace.ts';

let place: Workplace;

beforeAll(async () => {
  const progress = new Progress();
  await prepareTemplates(await prepareKernels(['newest'], progress), progress, { workers: 2, append: '' });
});
afterEach(async () => {
  expect(place.processes()).toEqual([]);
  await place[Symbol.asyncDispose]();
});

const many = ['run', '--tag', 'signature', '--kernel', 'newest'];

beforeEach(async () => {
  place = await Workplace.create([]);
});

test('while the record grows: exit code 3, and what was judged before can be read', async () => {
  await mkdir(place.runs);
  const shown = 'find . -name run.json -o -name "*.tmp-*"; head -n 1 */run.ndjson';
  const { exitCode, stdout, stderr } = await place.onSmallDisk({ directory: place.runs, size: '60k' }, many, {
    then: shown,
  });
  expect(stderr).toMatch(/error No space left on the disk of \S+run\.(ndjson|json) while writing the record\.\n hint /);
  expect(exitCode).toBe(3);
  expect(stdout).toContain('"schema":1');
  expect(stdout).not.toContain('.tmp-');
});

test('while evidence is written: these claims are inconclusive, never violated', async () => {
  await mkdir(place.runs);
  // A record that grows needs no further inode, evidence does.
  const { exitCode, stdout } = await place.onSmallDisk({ directory: place.runs, size: '100M,nr_inodes=20' }, many, {
    then: 'cat */run.ndjson',
  });
  expect(exitCode).toBe(3);
  const results = stdout
    .split('\n')
    .filter((line) => line.startsWith('{"claim"'))
    .map((line) => RecordedResult.parse(JSON.parse(line)));
  const bad = results.filter(({ verdict }) => verdict !== 'holds');
  expect(results.length).toBeGreaterThan(bad.length);
  expect(bad.length).toBeGreaterThan(0);
  for (const { verdict, reason } of bad) {
    expect(verdict).toBe('inconclusive');
    expect(reason).toMatch(/^No space left on the disk of \S+evidence/);
  }
});

test('before a template is booted: said at once', async () => {
  const { exitCode, stderr } = await place.onSmallDisk(
    { directory: join(place.cache, 'templates'), size: '100M' },
    many,
  );
  expect(stderr).toMatch(/error No space left on the disk of \S+ for a machine's memory\.\n hint /);
  expect(exitCode).toBe(3);
});

test('while a template boots: the same, and nothing is left of it', async () => {
  const fill = 'until [ -e *.tmp-*/memory ]; do :; done; head -c 520000000 /dev/zero > others';
  const { exitCode, stdout, stderr } = await place.onSmallDisk(
    { directory: join(place.cache, 'templates'), size: '560M' },
    many,
    { then: 'rm others; find .', meanwhile: fill },
  );
  expect(stderr).toMatch(/error No space left on the disk of \S+ for a machine's memory\.\n hint /);
  expect(exitCode).toBe(3);
  expect(stdout.trim().split('\n').at(-1)).toBe('.');
  expect(existsSync(place.runs)).toBe(false);
});
