import { describe, expect, test } from 'vitest';
import { bisect, type Behaviour } from './bisection.ts';

const versions = ['5.10.1', '5.10.2', '6.1.1', '6.1.2', '6.12.1', '6.12.2', '6.18.1', '7.3.1'];

/** Versions that were asked about, and the answer of each. */
const asked = (behaviour: (version: string) => Behaviour) => {
  const log: string[] = [];
  const ask = (version: string): Promise<Behaviour> => {
    log.push(version);
    return Promise.resolve(behaviour(version));
  };
  return { log, ask };
};

describe('bisect', () => {
  test.each(versions.slice(1).map((first, index) => [first, versions[index] ?? '']))(
    'finds the change at %s',
    async (first, last) => {
      const { log, ask } = asked((version) => (versions.indexOf(version) >= versions.indexOf(first) ? 'new' : 'old'));
      const found = await bisect(versions, ask);
      expect(found).toEqual({ last, first, before: 'old', after: 'new', skipped: [], steps: log.length });
      expect(log.length).toBeLessThanOrEqual(2 + 3);
    },
  );

  test('a version that cannot be judged is passed over, and named', async () => {
    const { ask } = asked((version) =>
      version.startsWith('6.1.') ? undefined : versions.indexOf(version) < 2 ? 'old' : 'new',
    );
    expect(await bisect(versions, ask)).toMatchObject({ last: '5.10.2', first: '6.12.1', skipped: ['6.1.1', '6.1.2'] });
  });

  test('a third behaviour counts as changed', async () => {
    const { ask } = asked((version) => (version === '7.3.1' ? 'newest' : version < '6' ? 'old' : 'new'));
    expect(await bisect(versions, ask)).toMatchObject({ last: '5.10.2', first: '6.1.1', before: 'old', after: 'new' });
  });

  test('ends that do not differ have nothing between them', async () => {
    expect(await bisect(versions, asked(() => 'same').ask)).toBe('same');
  });

  test.each(['5.10.1', '7.3.1'])('of an end that cannot be judged, %s, nothing is said', async (end) => {
    const { ask } = asked((version) => (version === end ? undefined : 'old'));
    expect(await bisect(versions, ask)).toEqual({ unjudged: end });
  });
});
