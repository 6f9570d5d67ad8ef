import { describe, expect, test } from 'vitest';
import { commit, kernelSource, lacking, man, problemsOf, type Claim } from './claim.ts';
import { lackingIn } from '../kernels/config.ts';
import { byKernel, checkArms, expectationFor } from './expectation.ts';
import { selectClaims } from './filter.ts';
import { matrixOf } from './matrix.ts';
import { exitCodeOf, worstOf } from './verdict.ts';
import { isViolation, Violation } from './violation.ts';

const claim = (id: string, rest: Partial<Claim> = {}): Claim => ({
  id,
  statement: 'It does what it says.',
  sources: [man('signal(7)')],
  ...rest,
});

describe('problemsOf', () => {
  test('a claim in order has none', () => expect(problemsOf([claim('signal.kill.works')])).toEqual([]));

  test('names each thing that is missing', () => {
    expect(
      problemsOf([
        claim('signal.kill.works'),
        claim('signal.kill.works'),
        claim('signal.kill'),
        claim('a.b.c', { sources: [] }),
        claim('a.b.d', { statement: 'no full stop' }),
      ]),
    ).toEqual([
      'signal.kill.works is declared twice.',
      'signal.kill is not of the form area.subject.behaviour.',
      'a.b.c has no source.',
      'a.b.d: the statement is not a sentence.',
    ]);
  });

  test('sources are of three kinds', () => {
    expect([man('kill(2)', 'NOTES'), kernelSource('kernel/signal.c', 'do_send'), commit('abc', 'title')]).toEqual([
      { kind: 'man', page: 'kill(2)', section: 'NOTES' },
      { kind: 'kernel', file: 'kernel/signal.c', function: 'do_send' },
      { kind: 'commit', hash: 'abc', title: 'title' },
    ]);
  });
});

test('a claim is inapplicable for want of the options it names, and of no others', () => {
  const needy = claim('core.pattern.works', { needs: ['CONFIG_COREDUMP', 'CONFIG_PID_NS'] });
  const lacks = lackingIn('CONFIG_PID_NS=y\n# CONFIG_COREDUMP is not set\nCONFIG_HZ=250\n');
  expect(lacks).toContain('CONFIG_COREDUMP');
  expect(lacks).not.toContain('CONFIG_PID_NS');
  expect(lacking(needy, lacks)).toEqual(['CONFIG_COREDUMP']);
  expect(lacking(claim('signal.kill.works'), lacks)).toEqual([]);
});

describe('byKernel', () => {
  const expected = byKernel({ '<5.14': 'ENOENT', '>=5.14': '0' });

  test('gives the value of the one arm that has the version', () => {
    expect(expectationFor(expected, { version: '5.10.262' })).toBe('ENOENT');
    expect(expectationFor(expected, { version: '5.14.0' })).toBe('0');
    expect(expectationFor(expected, { version: '7.3.4' })).toBe('0');
  });

  test('a gap and an overlap are mistakes of the claim', () => {
    const gap = byKernel({ '<5.10': 1, '>6.1': 2 });
    expect(() => expectationFor(gap, { version: '6.1.192' })).toThrow('No arm of byKernel has 6.1.192 in it.');
    const overlap = byKernel({ '<=6.1': 1, '>=6.1': 2 });
    expect(() => expectationFor(overlap, { version: '6.1.192' })).toThrow(
      '6.1.192 is in several arms of byKernel: <=6.1, >=6.1.',
    );
    expect(() => byKernel({ 'since 6.1': 1 })).toThrow('"since 6.1" is no range');
  });

  test('reports arms that no kernel on offer exercises', () => {
    expect(checkArms(expected, ['6.1.192', '6.12.117'])).toEqual({ problems: [], unexercised: ['<5.14'] });
    expect(checkArms(byKernel({ '<6.1': 1 }), ['5.10.262', '6.1.192']).problems).toEqual(['6.1.192 is in no arm.']);
  });
});

describe('selectClaims', () => {
  const all = [
    { claim: claim('pidns.init.ignores', { tags: ['signature', 'container'] }), file: 'specs/pidns/init.spec.ts' },
    { claim: claim('pidns.init-exit.kills', { tags: ['container'] }), file: 'specs/pidns/init-exit.spec.ts' },
    { claim: claim('signal.kill.works', { tags: ['signature'] }), file: 'specs/signal/kill.spec.ts' },
  ];
  const ids = (filters: string[], tags: string[] = []): string[] =>
    selectClaims(all, { filters, tags }).map((selected) => selected.claim.id);

  test.each([
    [['pidns.init.ignores'], ['pidns.init.ignores']],
    [['pidns'], ['pidns.init.ignores', 'pidns.init-exit.kills']],
    [['specs/signal'], ['signal.kill.works']],
    [['./specs/pidns/init-exit.spec.ts'], ['pidns.init-exit.kills']],
    [
      ['signal', 'pidns.init-exit'],
      ['pidns.init-exit.kills', 'signal.kill.works'],
    ],
    [[], ['pidns.init.ignores', 'pidns.init-exit.kills', 'signal.kill.works']],
  ])('%j', (filters, expected) => expect(ids(filters)).toEqual(expected));

  test('every tag must be there', () => {
    expect(ids([], ['signature', 'container'])).toEqual(['pidns.init.ignores']);
  });

  test.each([
    [['signal.kill.work'], [], 'No claim or spec file is called "signal.kill.work".', 'signal.kill.works'],
    [[], ['signatur'], 'No claim has the tag "signatur".', 'Did you mean signature?'],
    [['signal'], ['container'], 'No claim matches all of these filters and tags.', 'Leave one out'],
  ])('%j %j names nothing', (filters, tags, message, hint) => {
    expect(() => ids(filters, tags)).toThrow(
      expect.objectContaining({
        name: 'NothingSelectedError',
        message,
        hint: expect.stringContaining(hint) as string,
      }),
    );
  });
});

describe('verdicts', () => {
  test('the worst stands for all, and decides the exit code', () => {
    expect(worstOf(['holds', 'inconclusive', 'inapplicable'])).toBe('inconclusive');
    expect(worstOf([])).toBeUndefined();
    expect(exitCodeOf(['holds', 'inapplicable'])).toBe(0);
    expect(exitCodeOf(['holds', 'inconclusive'])).toBe(3);
    expect(exitCodeOf(['inconclusive', 'violated'])).toBe(1);
  });

  test('a matrix counts repetitions', () => {
    const results = [
      { claim: 'a', kernel: 'k', verdict: 'holds' },
      { claim: 'a', kernel: 'k', verdict: 'violated' },
      { claim: 'a', kernel: 'k', verdict: 'holds' },
      { claim: 'b', kernel: 'k', verdict: 'holds' },
    ] as const;
    const matrix = matrixOf(results, ['k', 'l']);
    expect(matrix.claims).toEqual(['a', 'b']);
    expect(matrix.cell('a', 'k')).toEqual({ verdict: 'violated', counts: { holds: 2, violated: 1 } });
    expect(matrix.cell('a', 'l')).toBeUndefined();
  });

  test('only violations and failed assertions speak against the kernel', () => {
    const failedAssertion = (): unknown => {
      try {
        expect(1).toBe(2);
        return undefined;
      } catch (error) {
        return error;
      }
    };
    expect(isViolation(new Violation('it did not come'))).toBe(true);
    expect(isViolation(failedAssertion())).toBe(true);
    expect(isViolation(new TypeError('our bug'))).toBe(false);
  });
});
