import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tar from 'tar';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runOrFail } from '../base/process.ts';
import { InitRecord, type TargetRecord } from '../report/init-record.ts';
import { Workplace } from './workplace.ts';

let place: Workplace;

beforeAll(async () => {
  place = await Workplace.create();
});
afterAll(() => place[Symbol.asyncDispose]());

const file = (name: string): string => join(place.directory, name);

const script = async (name: string, text: string): Promise<string> => {
  await writeFile(file(name), text);
  await chmod(file(name), 0o755);
  return file(name);
};

const recordIn = async (name: string): Promise<InitRecord> =>
  InitRecord.parse(JSON.parse(await readFile(file(name), 'utf8')));

const failsOf = (target: TargetRecord | undefined, verdict = 'fail'): readonly string[] =>
  (target?.results ?? []).filter((result) => result.verdict === verdict).map(({ check }) => check);

describe('the core checks', () => {
  test('tell four inits apart, and say so in every form', { timeout: 400_000 }, async () => {
    const { exitCode, stdout } = await place.kernspec([
      ...['init', 'tini', 'dumb-init', 'catatonit', 'bash-script', '--profile', 'core'],
      ...[
        '--json',
        file('init.json'),
        '--junit',
        file('init.xml'),
        '--tap',
        file('init.tap'),
        '--badge',
        file('init.svg'),
      ],
    ]);
    const { targets, controls } = await recordIn('init.json');
    expect(controls).toEqual([]);
    expect(targets.map(({ name }) => name)).toEqual(['tini', 'dumb-init', 'catatonit', 'bash-script']);
    expect(targets.map(({ results }) => results.length)).toEqual([20, 20, 20, 20]);
    expect(targets.map((target) => failsOf(target))).toEqual([
      ['SIG-EPERM', 'START-CHLD-IGN'],
      [],
      ['START-CHLD-IGN', 'ENV-MASK'],
      ['SIG-TERM', 'STOP-EXIT', 'STOP-DFL', 'STOP-GRACEFUL'],
    ]);
    // Who passes on nothing but what ends him cannot be asked what comes of a kill(2) that fails.
    expect(targets.map((target) => failsOf(target, 'untested'))).toEqual([
      ...Array<readonly string[]>(3).fill(['STOP-BARE']),
      ['SIG-EPERM', 'STOP-BARE'],
    ]);
    const cell = (name: string, check: string): string | undefined =>
      targets.find((target) => target.name === name)?.results.find((result) => result.check === check)?.actual;
    expect(cell('tini', 'SIG-EPERM')).toBe('exit 1');
    expect(cell('catatonit', 'ENV-MASK')).toBe('blocked: TSTP TTIN TTOU');
    expect(cell('dumb-init', 'START-PENDING')).toBe('0 of 6 delivered');
    expect(cell('dumb-init', 'SIG-GROUP')).toBe('command, child, orphan');
    expect(cell('bash-script', 'SIG-TERM')).toBe('the command got nothing');
    expect(cell('bash-script', 'STOP-EXIT')).toBe('still there after 10 s');
    expect(exitCode).toBe(1);
    expect(stdout).toContain('✗ D1 stop reaches the command   ✗ D2 stop ends PID 1   ✓ D3 orphans are reaped');
    expect(stdout).toMatch(/SIG-EPERM +npx kernspec init tini --kernel \S+ --check SIG-EPERM\n/);
    expect(await readFile(file('init.xml'), 'utf8')).toContain('<testsuite name="tini SIG ');
    expect(await readFile(file('init.tap'), 'utf8')).toMatch(/^TAP version 14\n1\.\.80\n/);
    expect(await readFile(file('init.svg'), 'utf8')).toContain('/3 duties');
    const [run = ''] = await readdir(place.runs);
    const evidence: unknown = JSON.parse(
      await readFile(
        join(place.runs, run, targets[0]?.results.find(({ check }) => check === 'SIG-EPERM')?.evidence ?? ''),
        'utf8',
      ),
    );
    expect(JSON.stringify(evidence)).toContain('"ev":"wait-status"');
  });
});

describe("a program of one's own", () => {
  test('is taken along with its libraries; what is known to fail may fail, and nothing else', async () => {
    await writeFile(file('own.c'), await readFile(new URL('../../guest/inits/reference.c', import.meta.url)));
    await runOrFail('cc', ['-o', file('own'), file('own.c')]);
    await writeFile(file('known'), 'SIG-TERM  # it does not\n');
    const args = ['init', '--check', 'SIG-TERM', '--check', 'REAP-ONE', '--known-failures', file('known')];
    const { exitCode, stdout } = await place.kernspec([...args, '--', file('own'), '{cmd}']);
    expect(stdout).toContain('✓ D1 stop reaches the command');
    expect(stdout).toContain('passes, although it is listed as a known failure: own SIG-TERM on ');
    expect(exitCode).toBe(1);
  });

  test('runs inside a root file system that somebody made', async () => {
    const root = file('root');
    await mkdir(join(root, 'sbin'), { recursive: true });
    await runOrFail('cc', ['-static', '-o', join(root, 'sbin/own'), file('own.c')]);
    await tar.create({ cwd: root, file: file('root.tar') }, ['.']);
    const args = ['init', '--rootfs', file('root.tar'), '--check', 'SIG-TERM', '--check', 'ENV-CWD'];
    const { exitCode, stdout } = await place.kernspec([...args, '--', '/sbin/own', '{cmd}']);
    expect(stdout).toMatch(/✓ SIG-TERM +MUST +the command got TERM/);
    expect(stdout).toMatch(/✓ ENV-CWD/);
    expect(exitCode).toBe(0);
  });

  test('that has a reaper within itself is asked whether it leaves the statuses of others alone', async () => {
    await writeFile(file('library.c'), await readFile(new URL('../../guest/inits/library.c', import.meta.url)));
    await runOrFail('cc', ['-o', file('library'), file('library.c')]);
    const args = ['init', '--profile', 'library', '--check', 'REAP-NOSTEAL', '--check', 'SIG-TERM'];
    const { exitCode, stdout } = await place.kernspec([...args, '--', file('library'), 'takes-every-status', '{cmd}']);
    expect(stdout).toContain('Actual: some are not right: they are told as "lost"');
    expect(stdout).toMatch(/– SIG-TERM +MUST +it is asked of inits, not of an application with a reaper/);
    expect(exitCode).toBe(1);
    const mute = await script('mute', '#!/bin/sh\nexit 0\n');
    const silent = await place.kernspec([
      'init',
      '--profile',
      'library',
      '--check',
      'REAP-NOSTEAL',
      '--',
      mute,
      '{cmd}',
    ]);
    expect(silent.stdout).toContain('Actual: only 0 of 200 statuses are told');
  });

  test('that is PID 1 itself is asked whether it ends and reaps', async () => {
    const app = await script('app', '#!/bin/sh\ntrap "exit 0" TERM\nwhile :; do sleep 1000 & wait; done\n');
    const args = [
      'init',
      '--check',
      'STOP-BARE',
      '--check',
      'REAP-ONE',
      '--check',
      'SIG-TERM',
      '--json',
      file('bare.json'),
    ];
    const { exitCode } = await place.kernspec([...args, '--', app]);
    const { targets } = await recordIn('bare.json');
    expect(targets[0]?.role).toBe('bare');
    expect(targets[0]?.results.map(({ check, verdict }) => `${check} ${verdict}`)).toEqual([
      'SIG-TERM untested',
      'SIG-TERM-IN untested',
      'STOP-BARE pass',
      'REAP-ONE pass',
    ]);
    expect(exitCode).toBe(0);
  });
});

describe('an init that misbehaves', () => {
  const misbehave = {
    exits: 'exit 3',
    hangs: 'sleep 100000',
    forks: 'while :; do (while :; do :; done) & done',
    kills: 'kill -9 -1; kill -15 -1; exec {cmd}',
    floods: 'while :; do echo flood flood flood; done',
    reboots: 'echo b > /proc/sysrq-trigger; exec {cmd}',
  };

  test('is judged by what it did not do, and does no harm to others', { timeout: 600_000 }, async () => {
    const inits = Object.entries(misbehave).map(([name, run]) => ({
      name,
      argv: ['dash', '{dir}/run'],
      role: 'wrapper',
      files: { run: `${run}\n` },
    }));
    await writeFile(file('inits.json'), JSON.stringify(inits));
    const args = ['init', '--inits', file('inits.json'), '--all', '--check', 'STOP-EXIT', '--json', file('bad.json')];
    const { exitCode } = await place.kernspec(args);
    const { targets, controls } = await recordIn('bad.json');
    expect(controls).toEqual([]);
    expect(
      Object.fromEntries(
        targets.map(({ name, results }) => [
          name,
          `${results[0]?.verdict ?? ''}: ${results[0]?.reason ?? results[0]?.actual ?? ''}`,
        ]),
      ),
    ).toEqual({
      exits: 'fail: its command never ran; it ended: exit 3',
      hangs: 'fail: its command never ran; it still runs',
      forks: 'fail: its command never ran; it still runs',
      kills: expect.stringMatching(/^pass: exit 5/) as string,
      floods: expect.stringMatching(/^fail: its command never ran; it still runs, saying "f/) as string,
      reboots: expect.stringMatching(/^untested: it broke the machine: /) as string,
    });
    expect(exitCode).toBe(1);
  });
});

describe('what cannot be meant', () => {
  const says = async (args: readonly string[]): Promise<string> => {
    const { exitCode, stderr } = await place.kernspec(['init', ...args]);
    const [line = ''] = stderr.split('\n').filter((text) => text.startsWith('error'));
    return `${exitCode} ${line.replace('error ', '').replaceAll(`${place.directory}/`, '')}`;
  };

  test('is said in one sentence, with an exit code', async () => {
    await writeFile(file('plain'), 'x');
    const arm = Buffer.from(await readFile(process.execPath)).subarray(0, 4096);
    arm.writeUInt16LE(183, 18);
    await writeFile(file('arm'), arm, { mode: 0o755 });
    const lost = await script('lost', '#!/nonexistent/interpreter\n');
    expect(await says(['tinny'])).toBe('4 There is no init "tinny" in the catalogue.');
    expect(await says(['tini', '--check', 'SIG-TERN'])).toBe('4 There is no check "SIG-TERN".');
    expect(await says(['--selfcheck', 'tini'])).toBe(
      '2 --selfcheck is about our own broken inits: no other can be named.',
    );
    expect(await says(['--publish', '--', '/bin/true'])).toBe(
      '2 --publish is for programs of our catalogue: the page has a row for no other.',
    );
    expect(await says([])).toBe('2 Nothing to validate is named.');
    expect(await says(['--', '{cmd}'])).toBe('2 The command line begins with {cmd}: there is no program to validate.');
    expect(await says(['--profile', 'wrapper', '--', process.execPath])).toBe(
      '2 A wrapper needs {cmd} in its command line: the place of the command that it runs.',
    );
    expect(await says(['--profile', 'library', '--', process.execPath])).toBe(
      '2 A library needs {cmd} in its command line: the place of the command that it runs.',
    );
    expect(await says(['--profile', 'cor', 'tini'])).toBe('2 There is no profile "cor".');
    expect(await says(['--', file('nowhere'), '{cmd}'])).toMatch(/^2 .*nowhere/);
    expect(await says(['--', file('plain'), '{cmd}'])).toMatch(/^2 .*plain.* not executable/);
    expect(await says(['--', file('arm'), '{cmd}'])).toMatch(/^2 .*aarch64/);
    expect(await says(['--', lost, '{cmd}'])).toMatch(/^2 .*\/nonexistent\/interpreter/);
    expect(await says(['--rootfs', file('plain'), '--', '/sbin/init', '{cmd}'])).toMatch(/^2 .*plain/);
    expect(await says(['--inits', file('plain'), '--all'])).toMatch(/^2 The catalogue of inits plain cannot be used: /);
  });
});
