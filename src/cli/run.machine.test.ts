import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cacheDir, projectRoot } from '../base/paths.ts';
import { findProgram } from '../base/process.ts';
import { RunRecord } from '../report/record.ts';
import { prepareKernels } from './prepare.ts';
import { Progress } from './progress.ts';

const bin = join(projectRoot, 'bin/kernspec.js');
const quick = 'pidns.init.sigkill-from-host-ends-it';
let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kernspec-run-'));
  // From here on the cache is warm, and nothing below may need the network.
  await prepareKernels(['newest'], new Progress());
});
afterAll(() => rm(directory, { recursive: true }));

/** Starts the command line as a user does, with runs of its own. */
const start = (name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  execa(process.execPath, [bin, ...args], {
    cwd: projectRoot,
    env: { KERNSPEC_RUNS_DIR: join(directory, name), KERNSPEC_MIRROR: 'http://127.0.0.1:9', ...env },
    reject: false,
  });

/** The record of the only run below a directory. */
const recordOf = async (name: string): Promise<RunRecord> => {
  const [run = ''] = await readdir(join(directory, name));
  return RunRecord.parse(JSON.parse(await readFile(join(directory, name, run, 'run.json'), 'utf8')));
};

/** A PATH with some programs of this computer and no others. */
const pathWith = async (...programs: string[]): Promise<string> => {
  const path = await mkdtemp(join(directory, 'path-'));
  for (const program of programs) await symlink((await findProgram(program)) ?? '', join(path, program));
  return path;
};

/** The QEMU processes that a run with that directory has started. */
const qemusOf = (name: string): readonly number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        return (
          readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('qemu-system') &&
          readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`KERNSPEC_RUNS_DIR=${join(directory, name)}\0`)
        );
      } catch {
        return false;
      }
    });

/** Asks until the answer is yes, at most for so many ms; says how many it took. */
const until = async (what: string, ms: number, ask: () => boolean): Promise<number> => {
  const begin = performance.now();
  while (!ask()) {
    if (performance.now() - begin > ms) throw new Error(`${what} did not come within ${ms} ms`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return performance.now() - begin;
};

describe('kernspec run', () => {
  test('a warm run without network: matrix, record, evidence and reports', async () => {
    const [json, junit, ktap] = ['run.json', 'junit.xml', 'run.ktap'].map((name) => join(directory, name));
    const outputs = ['--json', json ?? '', '--junit', junit ?? '', '--ktap', ktap ?? ''];
    const { exitCode, stdout, stderr } = await start('warm', ['run', quick, '--kernel', 'newest', ...outputs]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/init\.sigkill-from-host-ends-it\s+✓/);
    expect(stderr).toContain('· judging 1 claims on 1 kernels');
    const record = await recordOf('warm');
    expect(record).toMatchObject({ reason: 'passed', results: [{ claim: quick, verdict: 'holds' }] });
    expect(JSON.parse(await readFile(json ?? '', 'utf8'))).toEqual(record);
    expect(await readFile(junit ?? '', 'utf8')).toContain('tests="1" failures="0" errors="0" skipped="0"');
    expect(await readFile(ktap ?? '', 'utf8')).toContain(`ok 1 ${quick}`);
    const [run = ''] = await readdir(join(directory, 'warm'));
    const evidence = await readFile(join(directory, 'warm', run, record.results[0]?.evidence ?? ''), 'utf8');
    expect(JSON.parse(evidence)).toMatchObject({
      verdict: 'holds',
      fixtures: [{ argv: ['/kernspec/bin/actor', 'ready; pause'] }],
    });
    expect(evidence).toContain('signal_generate: sig=9');
  });

  test('a kernel that panics on boot: inconclusive, exit code 3, never the claim’s fault', async () => {
    const args = ['run', quick, '--kernel', 'newest', '--append', 'rdinit=/no/such/init'];
    const { exitCode, stdout } = await start('panic', args);
    expect(exitCode).toBe(3);
    expect(stdout).toMatch(/\? inconclusive {2}pidns\.init\.sigkill-from-host-ends-it on 7\./);
    expect(stdout).toMatch(/The machine did not boot: The guest's kernel .*panic/);
    expect(stdout).toContain(`reproduce  npx kernspec run ${quick} --kernel 7.`);
    expect(stdout).toContain(`--append 'rdinit=/no/such/init'`);
    expect(await recordOf('panic')).toMatchObject({ reason: 'failed', results: [{ verdict: 'inconclusive' }] });
  });

  test.each([
    ['QEMU', ['cc', 'setpriv', 'sh'], 'qemu-system-x86_64'],
    ['a compiler', ['qemu-system-x86_64', 'setpriv', 'sh'], 'cc'],
  ])('without %s: one sentence, exit code 3', async (_, programs, missing) => {
    const PATH = await pathWith(...programs);
    const { exitCode, stderr } = await start('lacking', ['run', quick, '--kernel', 'newest'], { PATH });
    expect(stderr).toContain(`error The program ${missing} is not installed.\n hint Run \`kernspec doctor\``);
    expect(exitCode).toBe(3);
  });

  test('a kernel damaged in the cache is not booted, and verify finds it', async () => {
    const cache = join(directory, 'damaged');
    await execa('cp', ['-rl', cacheDir(), cache]);
    for (const name of await readdir(join(cache, 'kernels'))) {
      const image = join(cache, 'kernels', name, 'vmlinuz');
      await unlink(image);
      await writeFile(image, 'damaged');
    }
    const env = { KERNSPEC_CACHE_DIR: cache };
    const run = await start('damaged-runs', ['run', quick, '--kernel', 'newest'], env);
    expect(run.stderr).toMatch(/error The cached kernel in \S+ is damaged\.\n hint Remove it and run again: rm -r /);
    expect(run.exitCode).toBe(3);
    const verify = await start('damaged-runs', ['kernels', 'verify'], env);
    expect(verify.stdout).toMatch(/^damaged\s.*\n\s+vmlinuz: sha256 is /);
    expect(verify.exitCode).toBe(3);
  });

  test('shell runs one command in a machine, and passes on its output and exit code', async () => {
    const { exitCode, stdout } = await start('shell', [
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

/** How many lines the record of the only run below a directory has so far; the head is the first. */
const recorded = (name: string): number => {
  try {
    const [run = ''] = readdirSync(join(directory, name));
    return readFileSync(join(directory, name, run, 'run.ndjson'), 'utf8').split('\n').length - 1;
  } catch {
    return 0;
  }
};

describe('nothing outlives a run', () => {
  const many = ['run', '--tag', 'signature', '--kernel', 'newest'];

  test.each(['mid-boot', 'mid-spec'])('killed with SIGKILL in %s: no QEMU is left within 2 s', async (when) => {
    const child = start(when, many);
    await until('a machine', 60_000, () => recorded(when) > 0 && qemusOf(when).length > 0);
    if (when === 'mid-spec') await until('a verdict', 60_000, () => recorded(when) > 3);
    child.kill('SIGKILL');
    await child;
    expect(await until('the end of all machines', 2_000, () => qemusOf(when).length === 0)).toBeLessThan(2_000);
  });

  test('one SIGINT ends it in order: the record is kept, exit code 130', async () => {
    const child = start('interrupted', many);
    await until('a verdict', 60_000, () => recorded('interrupted') > 3);
    child.kill('SIGINT');
    const { exitCode, stderr } = await child;
    expect(stderr).toContain('ending in order; once more to end at once');
    expect(exitCode).toBe(130);
    expect((await recordOf('interrupted')).reason).toBe('interrupted');
    expect(qemusOf('interrupted')).toEqual([]);
  });

  test('two end it at once', async () => {
    const child = start('twice', many);
    await until('a machine', 60_000, () => recorded('twice') > 0 && qemusOf('twice').length > 0);
    child.kill('SIGINT');
    let heard = '';
    child.stderr.on('data', (chunk: Buffer) => (heard += chunk.toString()));
    await until('its answer', 10_000, () => heard.includes('once more') || child.exitCode !== null);
    child.kill('SIGINT');
    const { exitCode } = await child;
    expect(exitCode).toBe(130);
    await until('the end of all machines', 2_000, () => qemusOf('twice').length === 0);
  });
});
