import { expect, test } from 'vitest';
import { DeadlineError } from './errors.ts';
import { startOwned } from './process.ts';
import { notStarved, starvedMs } from './starvation.ts';

test('a process that shares its processor with another has stood in line', { timeout: 30_000 }, async () => {
  const spin = () => startOwned('taskset', ['-c', '0', 'sh', '-c', 'while :; do :; done']);
  const [one, other] = [await spin(), await spin()];
  try {
    while ((await starvedMs(one.pid)) < 200) continue;
    while ((await starvedMs(other.pid)) < 200) continue;
  } finally {
    one.kill();
    other.kill();
  }
  expect(await starvedMs(4_194_303)).toBe(0);
});

test('time without a processor does not count', async () => {
  const waits = async (starved: readonly number[]): Promise<readonly (number | string)[]> => {
    const [given, left] = [[] as number[], [...starved]];
    const wait = (ms: number): Promise<never> => {
      given.push(ms);
      return Promise.reject(new DeadlineError(`It did not come within ${ms} ms.`));
    };
    const end = await notStarved(10_000, () => Promise.resolve(left.shift() ?? NaN), wait).catch(String);
    return [...given, end];
  };
  const end = 'DeadlineError: It did not come within 10000 ms.';
  expect(await waits([500, 500])).toEqual([10_000, end]);
  expect(await waits([500, 6_500, 8_500, 9_000])).toEqual([10_000, 6_000, 2_000, end]);
});

test('what came at last is passed on, and what failed is no matter of time', async () => {
  let calls = 0;
  const comes = (): Promise<string> =>
    ++calls < 2 ? Promise.reject(new DeadlineError('not yet')) : Promise.resolve('it');
  let starved = 0;
  expect(await notStarved(10, () => Promise.resolve((starved += 5_000)), comes)).toBe('it');
  const breaks = (): Promise<never> => Promise.reject(new Error('broken'));
  await expect(notStarved(10, () => Promise.resolve((starved += 5_000)), breaks)).rejects.toThrow('broken');
});
