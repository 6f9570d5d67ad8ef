import { describe, expect, it } from 'vitest';
import { againstKnownFailures, initBadge, initToJunit, initToTap, parseKnownFailures } from './init-files.ts';
import { drift, initsPage, initsText, publishInits, PublishedInits } from './init-matrix.ts';
import { InitRecord, type InitResult } from './init-record.ts';
import { dutyVerdicts, initTable, scorecards } from './init-scorecard.ts';

const result = (check: string, level: InitResult['level'], verdict: InitResult['verdict'], more = {}): InitResult => ({
  check,
  level,
  verdict,
  expected: 'alive',
  actual: 'exit 1',
  ms: 1200,
  evidence: `evidence/tini/${check}.json`,
  reproduce: `npx kernspec init tini --check ${check}`,
  ...more,
});

const record: InitRecord = InitRecord.parse({
  schema: 1,
  id: 'r',
  started: '2026-11-26T00:00:00.000Z',
  finished: '2026-11-26T00:01:00.000Z',
  kernspec: '0.1.0',
  host: { qemu: 'QEMU', accel: 'tcg', accelReason: '', cpus: 2 },
  kernels: [
    {
      id: 'linux-6.12.1',
      series: '6.12',
      release: '6.12.1-x',
      arch: 'x86_64',
      package: 'p',
      sha256: 'a',
      configSha256: 'b',
      appended: '',
    },
  ],
  reason: 'failed',
  strict: false,
  controls: [],
  targets: [
    {
      name: 'tini',
      argv: ['tini', '--', '{cmd}'],
      role: 'wrapper',
      kernel: 'linux-6.12.1',
      results: [
        result('SIG-TERM', 'MUST', 'pass', { actual: 'the command got TERM' }),
        result('SIG-EPERM', 'MUST', 'fail', { actual: 'exit 1 <\u0000\u001b[31m>' }),
        result('REAP-IDLE', 'SHOULD', 'non-strict', { actual: '4 wake-ups' }),
        result('REAP-ONE', 'MUST', 'untested', { actual: '', reason: 'the orphan was lost' }),
      ],
    },
  ],
});

describe('a scorecard', () => {
  it('says the duties, each check, and what failed', () => {
    expect(scorecards(record, { color: false })).toBe(
      [
        'tini on Linux 6.12.1-x',
        '  tini -- {cmd}',
        '',
        '  ✓ D1 stop reaches the command   – D2 stop ends PID 1   – D3 orphans are reaped',
        '',
        '  Signals to PID 1',
        '    ✓ SIG-TERM         MUST   the command got TERM',
        '    ✗ SIG-EPERM        MUST',
        '      -> A kill(2) that fails, as the command has changed its user, does not end it.',
        '         Expected: alive',
        '           Actual: exit 1 <\ufffd>',
        '  Reaping',
        '    – REAP-ONE         MUST   the orphan was lost',
        '    ! REAP-IDLE        SHOULD',
        '      -> It does not wake up while nothing happens.',
        '         Expected: alive',
        '           Actual: 4 wake-ups',
        '',
        '  Failures',
        '    SIG-EPERM        npx kernspec init tini --check SIG-EPERM',
        '',
        '  4 checks: 1 pass, 1 fail, 1 non-strict, 0 info, 1 untested',
      ].join('\n'),
    );
  });

  it('of many targets is a table', () => {
    expect(initTable(record, { color: false })).toBe(
      [
        'init  kernel             D1 D2 D3',
        'tini  linux-6.12.1       ✓  –  –    1 pass  1 non-strict  fails SIG-EPERM',
      ].join('\n'),
    );
  });

  it('has a duty pass only where one of its checks was made and none fails', () => {
    expect(dutyVerdicts([])).toEqual({ D1: 'untested', D2: 'untested', D3: 'untested' });
    expect(dutyVerdicts([result('STOP-EXIT', 'MUST', 'pass'), result('STOP-DFL', 'MUST', 'fail')]).D2).toBe('fail');
  });
});

describe('JUnit', () => {
  it('is valid whatever an init has said, and counts SHOULD only when strict', () => {
    const xml = initToJunit(record);
    expect(xml).toContain('<testsuite name="tini SIG linux-6.12.1" tests="2" failures="1" errors="0" skipped="0">');
    expect(xml).toContain('Actual: exit 1 &lt;\ufffd\ufffd[31m&gt;"/>');
    expect(xml).toContain('<skipped message="the orphan was lost"/>');
    expect(xml).toContain('<system-out>non-strict: 4 wake-ups</system-out>');
    expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/);
    expect(initToJunit({ ...record, strict: true })).not.toContain('<system-out>non-strict');
  });
});

describe('TAP', () => {
  it('has a plan, a line for each check, and a reason for what is skipped', () => {
    expect(initToTap(record).split('\n')).toEqual([
      'TAP version 14',
      '1..4',
      'ok 1 - tini linux-6.12.1 SIG-TERM: the command got TERM',
      'not ok 2 - tini linux-6.12.1 SIG-EPERM: exit 1 <\ufffd>',
      'ok 3 - tini linux-6.12.1 REAP-IDLE: 4 wake-ups',
      'ok 4 - tini linux-6.12.1 REAP-ONE: # SKIP the orphan was lost',
      '',
    ]);
  });
});

describe('a badge', () => {
  it('counts duties and MUST checks', () => {
    const svg = initBadge(record.targets);
    expect(svg).toContain('aria-label="container init: 1/3 duties · 1/2 MUST"');
    expect(svg).toContain('#c62828');
  });
});

describe('known failures', () => {
  const known = parseKnownFailures('# of tini\ntini SIG-EPERM  # krallin/tini#9\nSIG-TERM\n');

  it('are read as target and check, or as a check of all', () => {
    expect(known).toEqual([{ target: 'tini', check: 'SIG-EPERM' }, { check: 'SIG-TERM' }]);
  });

  it('excuse what fails, and tell of what passes', () => {
    expect(againstKnownFailures(record, known)).toEqual({ unknown: [], mended: ['tini SIG-TERM on linux-6.12.1'] });
    expect(againstKnownFailures(record, [])).toEqual({ unknown: ['tini SIG-EPERM on linux-6.12.1'], mended: [] });
  });
});

describe('what inits are known to do', () => {
  const programs = ['dumb-init', 'tini'];
  const published = publishInits(undefined, record, programs);

  it('is a letter and a text for each kernel, without what differs from run to run', () => {
    expect(published.kernels).toEqual([{ series: '6.12', version: '6.12.1' }]);
    expect(published.inits['tini']?.argv).toEqual(['tini', '--', '{cmd}']);
    expect(published.inits['tini']?.checks['SIG-TERM']).toEqual({ verdicts: 'p', seen: ['the command got TERM'] });
    expect(published.inits['tini']?.checks['REAP-ONE']).toEqual({ verdicts: 'u', seen: ['the orphan was lost'] });
    expect(published.inits['tini']?.checks['COST']).toEqual({ verdicts: '.', seen: [''] });
    expect(PublishedInits.parse(JSON.parse(initsText(published)))).toEqual(published);
  });

  const changed = (check: string, more: Partial<InitResult>): InitRecord => ({
    ...record,
    targets: record.targets.map((target) => ({
      ...target,
      results: target.results.map((one) => (one.check === check ? { ...one, ...more } : one)),
    })),
  });

  it('keeps other kernels and other inits when a record comes', () => {
    const [kernel] = record.kernels;
    const [target] = record.targets;
    if (kernel === undefined || target === undefined) throw new Error('the record is empty');
    const newer: InitRecord = {
      ...record,
      kernels: [{ ...kernel, id: 'linux-7.3.4', series: '7.3' }],
      targets: [{ ...target, name: 'dumb-init', kernel: 'linux-7.3.4' }],
    };
    const both = publishInits(published, newer, programs);
    expect(Object.keys(both.inits)).toEqual(['dumb-init', 'tini']);
    expect(both.kernels.map(({ series }) => series)).toEqual(['6.12', '7.3']);
    expect(both.inits['tini']?.checks['SIG-TERM']).toEqual({ verdicts: 'p.', seen: ['the command got TERM', ''] });
    expect(both.inits['dumb-init']?.checks['SIG-TERM']).toEqual({ verdicts: '.p', seen: ['', 'the command got TERM'] });
  });

  it('forgets programs that are no longer in the catalogue', () => {
    expect(publishInits(published, { ...record, targets: [] }, ['dumb-init']).inits).toEqual({});
  });

  it('says what has changed: a verdict, or a choice, but not a time', () => {
    expect(drift(published, record)).toEqual([]);
    expect(drift(published, changed('SIG-EPERM', { verdict: 'pass', actual: 'alive' }))).toEqual([
      'tini SIG-EPERM on linux-6.12.1: fail (exit 1 <\ufffd>) is expected, pass (alive) came',
    ]);
    const info = changed('SIG-TERM', { verdict: 'info', actual: 'after 12.0 s: exit 5' });
    const trait = publishInits(undefined, info, programs);
    expect(drift(trait, changed('SIG-TERM', { verdict: 'info', actual: 'after 13.5 s: exit 5' }))).toEqual([]);
    expect(drift(trait, changed('SIG-TERM', { verdict: 'info', actual: 'never' }))).toEqual([
      'tini SIG-TERM on linux-6.12.1: info (after … s: exit 5) is expected, info (never) came',
    ]);
  });

  it('names the kernels on which something else was seen', () => {
    const kernels = ['5.10', '6.1', '7.3'].map((series) => ({ series, version: `${series}.4` }));
    const row = { verdicts: 'ipi', seen: ['one', 'two', 'one'] };
    const tini = {
      argv: ['tini'],
      role: 'wrapper',
      checks: { COST: row, 'SIG-TERM': { verdicts: 'p.p', seen: ['x', '', 'x'] } },
    };
    const page = initsPage({ schema: 1, kernels, inits: { tini } });
    expect(page).toContain('| tini | ·✓· | 5.10 7.3: one; 6.1: two |');
    expect(page).toContain('| tini | ✓ | x |');
  });

  it('is a page with a mark for each, and what was seen', () => {
    const page = initsPage(published);
    expect(page).toContain('| [SIG-EPERM](#sig-eperm) | MUST | **✗** |');
    expect(page).toContain('| tini | **✗** | exit 1 &lt;\ufffd> |');
    expect(page).toContain('### COST\n\n**trait** Memory and threads that it takes.');
  });
});
