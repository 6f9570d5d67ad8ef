import { mkdtemp, readdir, readFile, symlink, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findProgram } from '../base/process.ts';
import { prepareKernels } from './prepare.ts';
import { Progress } from './progress.ts';
import { Workplace } from './workplace.ts';

const quick = 'pidns.init.sigkill-from-host-ends-it';
let place: Workplace;

// From here on the cache is warm, and nothing below may need the network.
beforeAll(() => prepareKernels(['newest'], new Progress()));
beforeEach(async () => {
  place = await Workplace.create();
});
afterEach(() => place[Symbol.asyncDispose]());

/** A PATH with some programs of this computer and no others. */
const pathWith = async (...programs: string[]): Promise<string> => {
  const path = await mkdtemp(join(place.directory, 'path-'));
  for (const program of programs) await symlink((await findProgram(program)) ?? '', join(path, program));
  return path;
};

describe('kernspec run', () => {
  test('a warm run without network: matrix, record, evidence and reports', async () => {
    const [json, junit, ktap] = ['run.json', 'junit.xml', 'run.ktap'].map((name) => join(place.directory, name));
    const outputs = ['--json', json ?? '', '--junit', junit ?? '', '--ktap', ktap ?? ''];
    const { exitCode, stdout, stderr } = await place.kernspec(['run', quick, '--kernel', 'newest', ...outputs]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/init\.sigkill-from-host-ends-it\s+✓/);
    expect(stderr).toContain('· judging 1 claims on 1 kernels');
    const record = await place.record();
    expect(record).toMatchObject({ reason: 'passed', results: [{ claim: quick, verdict: 'holds' }] });
    expect(JSON.parse(await readFile(json ?? '', 'utf8'))).toEqual(record);
    expect(await readFile(junit ?? '', 'utf8')).toContain('tests="1" failures="0" errors="0" skipped="0"');
    expect(await readFile(ktap ?? '', 'utf8')).toContain(`ok 1 ${quick}`);
    const [run = ''] = await readdir(place.runs);
    const evidence = await readFile(join(place.runs, run, record.results[0]?.evidence ?? ''), 'utf8');
    expect(JSON.parse(evidence)).toMatchObject({
      verdict: 'holds',
      fixtures: [{ argv: ['/kernspec/bin/actor', 'ready; pause'] }],
    });
    expect(evidence).toContain('signal_generate: sig=9');
  });

  test('what a violated spec may have left behind does not meet the next one', async () => {
    // The version asked for has neither.
    const claims = ['pidfd.info.tells-ids', 'pidfd.info.opens-the-namespaces-of-its-process'];
    const { exitCode } = await place.kernspec(['run', ...claims, '--kernel', 'newest', '--as', '5.10.262']);
    expect(exitCode).toBe(1);
    const [run = ''] = await readdir(place.runs);
    const machines = await Promise.all(
      (await place.record()).results.map(async ({ evidence }) => {
        const { machine } = JSON.parse(await readFile(join(place.runs, run, evidence), 'utf8')) as { machine: string };
        return /-name (\S+)/.exec(machine)?.[1];
      }),
    );
    expect(new Set(machines).size).toBe(2);
  });

  test('a kernel that panics on boot: inconclusive, exit code 3, never the claim’s fault', async () => {
    const args = ['run', quick, '--kernel', 'newest', '--append', 'rdinit=/no/such/init'];
    const { exitCode, stdout } = await place.kernspec(args);
    expect(exitCode).toBe(3);
    expect(stdout).toMatch(/\? inconclusive {2}pidns\.init\.sigkill-from-host-ends-it on 7\./);
    expect(stdout).toMatch(/The machine did not boot: The guest's kernel .*panic/);
    expect(stdout).toContain(`reproduce  npx kernspec run ${quick} --kernel 7.`);
    expect(stdout).toContain('--append rdinit=/no/such/init\n');
    expect(await place.record()).toMatchObject({ reason: 'failed', results: [{ verdict: 'inconclusive' }] });
  });

  test.each([
    ['QEMU', ['cc', 'setpriv', 'sh'], 'qemu-system-x86_64'],
    ['a compiler', ['qemu-system-x86_64', 'setpriv', 'sh'], 'cc'],
  ])('without %s: one sentence, exit code 3', async (_, programs, missing) => {
    const PATH = await pathWith(...programs);
    const { exitCode, stderr } = await place.kernspec(['run', quick, '--kernel', 'newest'], { PATH });
    expect(stderr).toContain(`error The program ${missing} is not installed.\n hint Run \`kernspec doctor\``);
    expect(exitCode).toBe(3);
  });

  test('a kernel damaged in the cache is not booted, and verify finds it', async () => {
    await using own = await Workplace.create([]);
    for (const name of await readdir(join(own.cache, 'kernels'))) {
      const image = join(own.cache, 'kernels', name, 'vmlinuz');
      await unlink(image);
      await writeFile(image, 'damaged');
    }
    const run = await own.kernspec(['run', quick, '--kernel', 'newest']);
    expect(run.stderr).toMatch(/error The cached kernel in \S+ is damaged\.\n hint Remove it and run again: rm -r /);
    expect(run.exitCode).toBe(3);
    const verify = await own.kernspec(['kernels', 'verify']);
    expect(verify.stdout).toMatch(/^damaged\s.*\n\s+vmlinuz: sha256 is /);
    expect(verify.exitCode).toBe(3);
  });

  test('shell runs one command in a machine, and passes on its output and exit code', async () => {
    const { exitCode, stdout } = await place.kernspec([
      'shell',
      '--kernel',
      'newest',
      '--',
      'sh',
      '-c',
      'id -u; exit 7',
    ]);
    expect([exitCode, stdout]).toEqual([7, '0']);
  });
});
