import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BenchRecord } from '../../report/bench.ts';
import { Workplace } from '../workplace.ts';

let place: Workplace;
beforeEach(async () => {
  place = await Workplace.create();
});
afterEach(() => place[Symbol.asyncDispose]());

test('kernspec bench: figures of one round, each measured, on screen and as JSON', async () => {
  const json = join(place.directory, 'bench.json');
  const { exitCode, stdout } = await place.kernspec([
    'bench',
    '--rounds',
    '1',
    '--crowd',
    '2',
    '--no-run',
    '--json',
    json,
  ]);
  expect(exitCode).toBe(0);
  const { figures } = BenchRecord.parse(JSON.parse(await readFile(json, 'utf8')));
  const of = (id: string): number => figures.find((figure) => figure.id === id)?.median ?? NaN;
  expect(figures.map(({ id }) => id)).toEqual([
    ...['qemu-start', 'handshake', 'boot', 'clone', 'boot-to-clone', 'command', 'namespace'],
    ...['clones-2', 'rate-2', 'pss-2'],
  ]);
  expect(of('clone')).toBeGreaterThan(of('qemu-start'));
  expect(of('boot')).toBeGreaterThan(of('clone'));
  expect(of('boot-to-clone')).toBeCloseTo(of('boot') / of('clone'));
  expect(of('rate-2')).toBeCloseTo(2 / of('clones-2'));
  expect(of('namespace')).toBeGreaterThan(of('command'));
  expect(stdout).toMatch(/^ {2}cold boot → first answer +\d+ ms +[█▒]{24}/m);
  expect(place.processes()).toEqual([]);
});

test('whole runs are timed, and their verdicts counted', { timeout: 400_000 }, async () => {
  const claims = ['pidns.init.sigterm-without-handler-is-ignored', 'process.wait.bad-pids-are-told-apart'];
  const json = join(place.directory, 'runs.json');
  const quick = ['bench', '--rounds', '1', '--crowd', '1', '--json', json];
  const { exitCode } = await place.kernspec([...quick, '--claims', ...claims]);
  const { figures } = BenchRecord.parse(JSON.parse(await readFile(json, 'utf8')));
  expect(figures.slice(-4).map(({ id, what }) => [id, what])).toEqual([
    ['run-one', '2 claims on one kernel'],
    ['run-further', 'a further claim on one kernel'],
    ['run-signature', '5 verdicts: signature + machine, default kernels'],
    ['run-default', '10 verdicts: default kernels'],
  ]);
  expect(exitCode).toBe(0);
});

test('a run that does not hold has no time; what was measured before it is told', async () => {
  const json = join(place.directory, 'kept.json');
  const quick = ['bench', '--rounds', '1', '--crowd', '1', '--json', json];
  const { exitCode, stderr } = await place.kernspec([...quick, '--claims', 'no.such.claim']);
  expect(stderr).toContain(
    '"kernspec run no.such.claim --tag signature --kernel newest" ended with 4; nothing to measure.',
  );
  const { figures } = BenchRecord.parse(JSON.parse(await readFile(json, 'utf8')));
  expect(figures.map(({ id }) => id)).toContain('clone');
  expect(figures.map(({ id }) => id)).not.toContain('run-one');
  expect(exitCode).toBe(3);
});

test.each([
  [['bench', '--rounds', '0'], 2, 'It is not a whole number from 1 on.'],
  [['bench', '--kernel', '9.99'], 2, 'No kernel on offer is meant by "9.99".'],
])('%j ends with %d', async (args, code, words) => {
  const { exitCode, stderr } = await place.kernspec(args);
  expect([exitCode, stderr]).toEqual([code, expect.stringContaining(words)]);
});
