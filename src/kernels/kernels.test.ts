import { describe, expect, test } from 'vitest';
import { parseRange } from './range.ts';
import { selectVersions } from './selector.ts';

const versions = ['5.10.262', '6.1.192', '6.12.107', '6.12.117', '6.16.12', '7.2.12', '7.2.13', '7.3.4'];

describe('parseRange', () => {
  test.each([
    ['6.12', ['6.12.107', '6.12.117']],
    ['6.12.107', ['6.12.107']],
    ['<6.16', ['5.10.262', '6.1.192', '6.12.107', '6.12.117']],
    ['<=6.1', ['5.10.262', '6.1.192']],
    ['>=7.2', ['7.2.12', '7.2.13', '7.3.4']],
    ['>7.2', ['7.3.4']],
    ['5.10..6.1', ['5.10.262', '6.1.192']],
    ['7.2 <=7.2.12', ['7.2.12']],
    ['6.12 >=6.12.108', ['6.12.117']],
    ['<6.1 || >=7.2.13', ['5.10.262', '7.2.13', '7.3.4']],
  ])('%s', (text, expected) => {
    const range = parseRange(text);
    expect(versions.filter((version) => range?.has(version))).toEqual(expected);
  });

  test.each(['', '6', 'x', '>=', '6.12,6.1'])('refuses "%s"', (text) => expect(parseRange(text)).toBeUndefined());
});

describe('selectVersions', () => {
  const offers = [
    ...versions.map((version) => ({ version, flavour: 'cloud', name: version })),
    ...versions.slice(2, 5).map((version) => ({ version, flavour: 'rt', name: `${version}-rt` })),
  ];
  const vocabulary = { sets: { default: ['5.10', '6.12', 'newest'] }, flavours: ['cloud', 'generic', 'rt'] };
  const select = (...selectors: string[]): string[] =>
    selectVersions(selectors, offers, vocabulary).map(({ name }) => name);

  test.each([
    [['6.12'], ['6.12.117']],
    [['6.12.107'], ['6.12.107']],
    [['default'], ['5.10.262', '6.12.117', '7.3.4']],
    [['all'], ['5.10.262', '6.1.192', '6.12.117', '6.16.12', '7.2.13', '7.3.4']],
    [['>=7.2'], ['7.2.13', '7.3.4']],
    [
      ['7.3', 'oldest', '5.10'],
      ['5.10.262', '7.3.4'],
    ],
    [['6.12-rt'], ['6.12.117-rt']],
    [['6.12.107-rt'], ['6.12.107-rt']],
    [['newest-rt'], ['6.16.12-rt']],
    [['all-rt'], ['6.12.117-rt', '6.16.12-rt']],
    [['6.12-cloud', '6.12'], ['6.12.117']],
    [
      ['6.16', '6.12', '6.12-rt'],
      ['6.12.117', '6.12.117-rt', '6.16.12'],
    ],
  ])('%j', (selectors, expected) => expect(select(...selectors)).toEqual(expected));

  test('says what is near to a selector that means nothing', () => {
    expect(() => select('6.13')).toThrow(
      expect.objectContaining({
        message: 'No kernel on offer is meant by "6.13".',
        hint: expect.stringContaining('Did you mean 6.1') as string,
      }),
    );
    expect(() => select('defualt')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('Did you mean default?') as string }),
    );
    expect(() => select('5.10-rt')).toThrow('No kernel on offer is meant by "5.10-rt".');
    expect(() => select('6.12-generic')).toThrow('No kernel on offer is meant by "6.12-generic".');
    expect(() => select('9-foo')).toThrow(
      expect.objectContaining({
        hint: 'Series on offer: 5.10 6.1 6.12 6.16 7.2 7.3, each with -generic or -rt as well.',
      }),
    );
  });
});
