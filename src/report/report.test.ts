import { spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toJunit } from './junit.ts';
import { toKtap } from './ktap.ts';
import { RecordFile } from './record-file.ts';
import { RunRecord, type RecordedResult, type RecordHead } from './record.ts';
import { terminalMatrix } from './terminal-matrix.ts';

const head: RecordHead = {
  schema: 1,
  id: 'a-run',
  started: '2026-11-24T00:00:00.000Z',
  kernspec: '0.1.0',
  host: { qemu: 'QEMU 7.2', accel: 'tcg', accelReason: 'no /dev/kvm', cpus: 2 },
  kernels: ['5.10.262', '7.3.4'].map((version) => ({
    id: `linux-${version}`,
    series: version.split('.').slice(0, 2).join('.'),
    release: `${version}-cloud`,
    arch: 'x86_64',
    package: 'linux-image=1',
    sha256: 'aa',
    configSha256: 'bb',
    appended: '',
  })),
};

const result = (claim: string, kernel: string, rest: Partial<RecordedResult> = {}): RecordedResult => ({
  claim,
  kernel: `linux-${kernel}`,
  verdict: 'holds',
  ms: 1234,
  isolation: 'file',
  evidence: `evidence/${claim}.json`,
  reproduce: `npx kernspec run ${claim} --kernel ${kernel}`,
  ...rest,
});

const results = [
  result('signal.kill.works', '5.10.262'),
  result('pidns.init.ignores', '5.10.262', { verdict: 'violated', reason: 'expected <1> & "2"\nmore \u0007' }),
  result('signal.kill.works', '7.3.4', { verdict: 'inapplicable', reason: 'no CONFIG_PID_NS' }),
  result('pidns.init.ignores', '7.3.4', { verdict: 'inconclusive', reason: 'The machine did not boot # twice' }),
];
const record: RunRecord = { ...head, finished: '2026-11-24T00:01:00.000Z', reason: 'failed', results };
const claims = [
  { id: 'signal.kill.works', statement: 'It works.' },
  { id: 'pidns.init.ignores', statement: 'It is ignored.' },
];

describe('RecordFile', () => {
  let directory = '';
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kernspec-record-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  test('folds into a record that its own schema accepts, and leaves no temporary file', async () => {
    const own = join(directory, 'whole');
    const file = RecordFile.create(own, head);
    for (const each of results) file.add(each);
    const folded = file.fold('failed', new Date('2026-11-24T00:01:00.000Z'));
    expect(folded).toEqual(record);
    expect(RunRecord.parse(JSON.parse(readFileSync(join(own, 'run.json'), 'utf8')))).toEqual(record);
    expect((await readdir(own)).toSorted()).toEqual(['run.json', 'run.ndjson']);
  });

  test('a run that was killed in the middle of a line keeps all it had judged', () => {
    const own = join(directory, 'killed');
    const file = RecordFile.create(own, head);
    for (const each of results.slice(0, 2)) file.add(each);
    appendFileSync(join(own, 'run.ndjson'), '{"claim":"signal.ki');
    expect(file.fold('interrupted')).toMatchObject({ reason: 'interrupted', results: results.slice(0, 2) });
  });

  test('runs whose owner is dead are folded by the next one; runs that go on are left alone', async () => {
    const runs = join(directory, 'runs');
    RecordFile.create(join(runs, 'alive'), head).add(result('signal.kill.works', '5.10.262'));
    const dead = join(runs, 'dead', 'run.ndjson');
    await mkdir(join(runs, 'dead'));
    const { pid } = spawnSync('true');
    await writeFile(dead, [{ ...head, pid }, results[0], results[1]].map((line) => JSON.stringify(line)).join('\n'));
    await RecordFile.foldAbandoned(runs);
    expect(await readdir(join(runs, 'alive'))).toEqual(['run.ndjson']);
    const folded = RunRecord.parse(JSON.parse(await readFile(join(runs, 'dead', 'run.json'), 'utf8')));
    expect(folded).toMatchObject({ reason: 'interrupted', results: results.slice(0, 2) });
  });
});

test('JUnit: a suite for each kernel, what does not hold with its reason and command, and valid XML', () => {
  expect(toJunit(record, claims)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="kernspec">
  <testsuite name="5.10.262-cloud" tests="2" failures="1" errors="0" skipped="0">
    <testcase classname="5.10.262-cloud" name="signal.kill.works: It works." time="1.234"></testcase>
    <testcase classname="5.10.262-cloud" name="pidns.init.ignores: It is ignored." time="1.234"><failure message="expected &lt;1&gt; &amp; &quot;2&quot;">expected &lt;1&gt; &amp; &quot;2&quot;
more \ufffd
npx kernspec run pidns.init.ignores --kernel 5.10.262</failure></testcase>
  </testsuite>
  <testsuite name="7.3.4-cloud" tests="2" failures="0" errors="1" skipped="1">
    <testcase classname="7.3.4-cloud" name="signal.kill.works: It works." time="1.234"><skipped message="no CONFIG_PID_NS"/></testcase>
    <testcase classname="7.3.4-cloud" name="pidns.init.ignores: It is ignored." time="1.234"><error message="The machine did not boot # twice">The machine did not boot # twice
npx kernspec run pidns.init.ignores --kernel 7.3.4</error></testcase>
  </testsuite>
</testsuites>
`);
});

test('KTAP: a test for each kernel, a subtest for each claim', () => {
  expect(toKtap(record, claims)).toBe(`KTAP version 1
1..2
  KTAP version 1
  1..2
  ok 1 signal.kill.works
  # It is ignored.
  not ok 2 pidns.init.ignores
not ok 1 5.10.262-cloud
  KTAP version 1
  1..2
  ok 1 signal.kill.works # SKIP no CONFIG_PID_NS
  not ok 2 pidns.init.ignores # ERROR The machine did not boot  twice
not ok 2 7.3.4-cloud
`);
});

describe('terminalMatrix', () => {
  test('areas as headings, a mark for each cell, and what to look at, without colour', () => {
    const picture = terminalMatrix(record, claims, { color: false, width: 44, unicode: true });
    expect(picture.split('\n').map((line) => line.trimEnd())).toEqual([
      '                                 5.10  7.3',
      'signal',
      '  kill.works                      ✓     –',
      'pidns',
      '  init.ignores                    ✗     ?',
      '',
      '  ✓ holds   – inapplicable   ? inconclusive   ✗ violated',
      '',
      '  5.10  5.10.262-cloud  1 holds, 1 violated  2.5 s',
      '  7.3   7.3.4-cloud     1 inapplicable, 1 inconclusive  2.5 s',
      '',
      '✗ violated  pidns.init.ignores on 5.10.262-cloud',
      '  It is ignored.',
      '    expected <1> & "2"',
      '    more \ufffd',
      '  evidence   evidence/pidns.init.ignores.json',
      '  reproduce  npx kernspec run pidns.init.ignores --kernel 5.10.262',
      '',
      '? inconclusive  pidns.init.ignores on 7.3.4-cloud',
      '  It is ignored.',
      '    The machine did not boot # twice',
      '  evidence   evidence/pidns.init.ignores.json',
      '  reproduce  npx kernspec run pidns.init.ignores --kernel 7.3.4',
    ]);
  });

  test('plain marks where there is no Unicode, and how many of the repetitions', () => {
    const repeated = { ...record, results: [...results, result('pidns.init.ignores', '5.10.262')] };
    const lines = terminalMatrix(repeated, claims, { color: false, width: 44, unicode: false }).split('\n');
    expect(lines.find((line) => line.includes('init.ignores'))?.trimEnd()).toBe(
      '  init.ignores                   X1/2   ?',
    );
  });

  test('columns as wide as what stands in them', () => {
    const many = Array.from({ length: 200 }, () => result('pidns.init.ignores', '5.10.262'));
    const repeated = { ...record, results: [...results, ...many] };
    const lines = terminalMatrix(repeated, claims, { color: false, width: 60, unicode: false }).split('\n');
    const [line = ''] = lines.filter((text) => text.includes('init.ignores'));
    expect(line).toMatch(/^ {2}init\.ignores +X1\/201 +\? *$/);
    expect(line.indexOf('?')).toBeGreaterThan(line.indexOf('X1/201') + 'X1/201'.length);
  });

  test('columns as wide as the name of a flavour', () => {
    const [first] = head.kernels;
    if (first === undefined) throw new Error('unreachable');
    const flavoured = { ...record, kernels: [{ ...first, series: '6.12-generic' }] };
    const lines = terminalMatrix(flavoured, claims, { color: false, width: 60, unicode: false }).split('\n');
    expect(lines[0]?.trim()).toBe('6.12-generic');
    expect(lines).toContain('  6.12-generic 5.10.262-cloud  1 holds, 1 violated  2.5 s');
  });

  test('colour only where it is wanted', () => {
    expect(terminalMatrix(record, claims, { color: true, width: 80, unicode: true })).toContain('\u001b[31m');
  });
});
