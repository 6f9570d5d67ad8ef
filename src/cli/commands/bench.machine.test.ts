import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BenchRecord } from '../../report/bench.ts';
import { measureRun } from '../bench/measure.ts';
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

test('a whole run is timed, and its verdicts counted; one that does not hold has no time', async () => {
  const { ms, verdicts } = await measureRun(['process.wait.bad-pids-are-told-apart', '--kernel', 'newest']);
  expect(verdicts).toBe(1);
  expect(ms).toBeGreaterThan(1_000);
  await expect(measureRun(['no.such.claim'])).rejects.toThrow('"kernspec run no.such.claim" ended with 4');
});

test.each([
  [['bench', '--rounds', '0'], 2, 'It is not a whole number from 1 on.'],
  [['bench', '--kernel', '9.99'], 2, 'No kernel on offer is meant by "9.99".'],
])('%j ends with %d', async (args, code, words) => {
  const { exitCode, stderr } = await place.kernspec(args);
  expect([exitCode, stderr]).toEqual([code, expect.stringContaining(words)]);
});
