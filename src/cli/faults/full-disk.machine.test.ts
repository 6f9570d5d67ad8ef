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

/** `kernspec` in a mount namespace of its own where a directory is a file system of this size; `then` looks at what is left there. */
const onSmallDisk = (directory: string, size: string, args: readonly string[], then = ':', meanwhile = ':') => {
  const script = `mount -t tmpfs -o "size=$2" tmpfs "$1" || exit 99; cd "$1"; (${meanwhile}) & shift 2; cd /; "$@"; code=$?; wait; cd -; ${then}; exit $code`;
  const own = process.getuid?.() === 0 ? ['-m'] : ['-rm'];
  return place.kernspec(args, {}, ['unshare', ...own, 'sh', '-c', script, 'sh', directory, size]);
};

beforeEach(async () => {
  place = await Workplace.create([]);
});

test('while the record grows: exit code 3, and what was judged before can be read', async () => {
  await mkdir(place.runs);
  const shown = 'find . -name run.json -o -name "*.tmp-*"; head -n 1 */run.ndjson';
  const { exitCode, stdout, stderr } = await onSmallDisk(place.runs, '60k', many, shown);
  expect(stderr).toMatch(/error No space left on the disk of \S+run\.(ndjson|json) while writing the record\.\n hint /);
  expect(exitCode).toBe(3);
  expect(stdout).toContain('"schema":1');
  expect(stdout).not.toContain('.tmp-');
});

test('while evidence is written: these claims are inconclusive, never violated', async () => {
  await mkdir(place.runs);
  // A record that grows needs no further inode, evidence does.
  const { exitCode, stdout } = await onSmallDisk(place.runs, '100M,nr_inodes=20', many, 'cat */run.ndjson');
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
  const { exitCode, stderr } = await onSmallDisk(join(place.cache, 'templates'), '100M', many);
  expect(stderr).toMatch(/error No space left on the disk of \S+ for a machine's memory\.\n hint /);
  expect(exitCode).toBe(3);
});

test('while a template boots: the same, and nothing is left of it', async () => {
  const fill = 'until [ -e *.tmp-*/memory ]; do :; done; head -c 520000000 /dev/zero > others';
  const { exitCode, stdout, stderr } = await onSmallDisk(
    join(place.cache, 'templates'),
    '560M',
    many,
    'rm others; find .',
    fill,
  );
  expect(stderr).toMatch(/error No space left on the disk of \S+ for a machine's memory\.\n hint /);
  expect(exitCode).toBe(3);
  expect(stdout.trim().split('\n').at(-1)).toBe('.');
  expect(existsSync(place.runs)).toBe(false);
});
