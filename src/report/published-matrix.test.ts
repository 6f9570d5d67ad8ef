import { describe, expect, test } from 'vitest';
import { commit, man, type Claim } from '../claims/claim.ts';
import { byKernel } from '../claims/expectation.ts';
import { claimsPage, differencesPage, type DocumentedClaim } from './claims-page.ts';
import { differencesBetween } from './difference.ts';
import { cellsOf, matrixText, publish, PublishedMatrix } from './published-matrix.ts';
import type { RunRecord } from './record.ts';

const recordOf = (
  kernels: readonly string[],
  results: readonly Partial<RunRecord['results'][number]>[],
): RunRecord => ({
  schema: 1,
  id: 'r',
  started: '2026-11-25T00:00:00.000Z',
  finished: '2026-11-25T00:01:00.000Z',
  reason: 'passed',
  kernspec: '0.1.0',
  host: { qemu: 'q', accel: 'tcg', accelReason: '', cpus: 2 },
  kernels: kernels.map((version) => ({
    id: `linux-${version}`,
    series: version.split('.').slice(0, 2).join('.'),
    release: `${version}-cloud`,
    arch: 'x86_64',
    package: 'p',
    sha256: '',
    configSha256: '',
    appended: '',
  })),
  results: results.map((result) => ({
    ...{
      claim: 'a.b.c',
      kernel: 'linux-5.10.1',
      verdict: 'holds',
      ms: 1,
      isolation: 'file',
      evidence: 'e',
      reproduce: 'r',
    },
    ...result,
  })),
});

const old = recordOf(
  ['5.10.1', '6.1.1'],
  [
    { observed: 'EINVAL' },
    { kernel: 'linux-6.1.1', observed: '0' },
    { claim: 'a.b.d' },
    { claim: 'a.b.d', kernel: 'linux-6.1.1' },
  ],
);
const first = publish(undefined, old, () => ['actor exit 0'], ['a.b.c', 'a.b.d']);

const since = { commit: '1234567890ab', title: 'signal: change it' };
const claims: readonly DocumentedClaim[] = [
  {
    claim: {
      id: 'a.b.c',
      statement: 'It changes.',
      sources: [man('kill(2)', 'NOTES'), commit('1234567890ab', 'signal: change it')],
      expected: byKernel({ '<6.1': 'EINVAL', '>=6.1': '0' }, { '>=6.1': since }),
    },
    file: 'specs/a/b.spec.ts',
  },
  {
    claim: { id: 'a.b.d', statement: 'It stays.', sources: [man('kill(2)')], entries: ['KIL-01'] },
    file: 'specs/a/b.spec.ts',
  },
];

describe('publish', () => {
  test('a line for each claim, a letter for each kernel', () => {
    expect(first.claims).toEqual({
      'a.b.c': { verdicts: 'hh', observed: ['EINVAL', '0'], fixtures: ['actor exit 0'] },
      'a.b.d': { verdicts: 'hh', fixtures: ['actor exit 0'] },
    });
    expect(PublishedMatrix.parse(JSON.parse(matrixText(first)))).toEqual(first);
    expect(
      matrixText(first)
        .split('\n')
        .filter((line) => line.includes('a.b.')),
    ).toHaveLength(2);
  });

  test('a newer kernel takes the place of its series; what was not judged again stays; claims that are gone go', () => {
    const update = recordOf(
      ['6.1.2', '7.3.4'],
      [
        { kernel: 'linux-6.1.2', verdict: 'violated', observed: '1' },
        { kernel: 'linux-7.3.4', observed: '0' },
      ],
    );
    const second = publish(first, update, () => undefined, ['a.b.c']);
    expect(second.kernels.map(({ version }) => version)).toEqual(['5.10.1', '6.1.2', '7.3.4']);
    expect(second.claims).toEqual({
      'a.b.c': { verdicts: 'hvh', observed: ['EINVAL', '1', '0'], fixtures: ['actor exit 0'] },
    });
  });

  test("a kernel of somebody's own does not go into it", () => {
    const [kernel] = recordOf(['6.1.1'], []).kernels;
    if (kernel === undefined) throw new Error('unreachable');
    const own = {
      ...recordOf([], [{ kernel: 'own-6.1.1-0a1b2c3d', verdict: 'violated' }]),
      kernels: [{ ...kernel, id: 'own-6.1.1-0a1b2c3d' }],
    };
    expect(publish(first, own, () => undefined, ['a.b.c', 'a.b.d'])).toEqual(first);
  });

  test('a claim that nobody has judged is not said to hold', () => {
    const third = publish(first, old, () => undefined, ['a.b.e']);
    expect(third.claims['a.b.e']?.verdicts).toBe('..');
    expect(cellsOf(third, 'a.b.e').map(({ verdict }) => verdict)).toEqual([undefined, undefined]);
  });
});

test('the page of claims tells sources, values by ranges of kernels, and the programs', () => {
  const page = claimsPage(claims, first);
  expect(page).toContain('- Sources: kill(2) “NOTES”; commit 1234567890ab “signal: change it”');
  expect(page).toContain('- Measured: holds on all 2 kernels; 5.10: `EINVAL` · 6.1: `0`');
  expect(page).toContain('- Observed by [a/b.spec.ts](../../specs/a/b.spec.ts), `actor exit 0`');
  expect(page).toContain('- Catalogue: KIL-01');
});

test('the page of differences has a row where a value changes, with the commit', () => {
  const page = differencesPage(claims, first);
  expect(page).toContain('1 of 2 claims are not the same');
  expect(page).toContain(
    '| [a.b.c](claims.md#abc) It changes. | `EINVAL` | `0` | >=6.1: 1234567890ab “signal: change it” |',
  );
  expect(page).not.toContain('It stays.');
  expect(page).not.toContain('no kernel on offer exercises');
  const alone = publish(undefined, recordOf(['6.1.1'], []), () => undefined, ['a.b.c']);
  expect(differencesPage(claims, alone)).toContain(
    '## Expectations that no kernel on offer exercises\n\n- a.b.c: `<6.1`\n',
  );
});

test('differencesBetween names the claims that are not the same on two kernels', () => {
  const all: readonly Claim[] = claims.map(({ claim }) => claim);
  expect(differencesBetween(all, first, '5.10.1', '6.1.1')).toEqual([
    { claim: 'a.b.c', statement: 'It changes.', left: 'EINVAL', right: '0', commits: [since] },
  ]);
  expect(differencesBetween(all, first, '6.1.1', '6.1.1')).toEqual([]);
});

test('two flavours of one version stand side by side', () => {
  const both = recordOf(
    ['6.1.1', '6.1.1-rt'],
    [
      { kernel: 'linux-6.1.1', observed: '0' },
      { kernel: 'linux-6.1.1-rt', observed: '1' },
    ],
  );
  const matrix = publish(undefined, both, () => undefined, ['a.b.c']);
  expect(matrix.kernels.map(({ version }) => version)).toEqual(['6.1.1', '6.1.1-rt']);
  const expected = byKernel({ '<6.1': 'EINVAL', '>=6.1': '0' }, { '>=6.1': since });
  const claim = { id: 'a.b.c', statement: 'It changes.', sources: [], expected };
  expect(differencesBetween([claim], matrix, '6.1.1', '6.1.1-rt')).toMatchObject([{ left: '0', right: '1' }]);
});
