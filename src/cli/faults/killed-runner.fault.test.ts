/** The runner is ended in all its phases, in all ways: nothing of it is left, and what it had judged can be read. */
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { prepareKernels, templateOf } from '../prepare.ts';
import { Progress } from '../progress.ts';
import { until, Workplace } from '../workplace.ts';

let place: Workplace;
let template = '';
beforeAll(async () => {
  const progress = new Progress();
  const [kernel] = await prepareKernels(['newest'], progress);
  if (kernel !== undefined) template = (await templateOf(kernel, progress)).directory;
});
afterEach(() => place[Symbol.asyncDispose]());

const quick = ['run', 'pidns.init.sigkill-from-host-ends-it', '--kernel', 'newest'];
const many = ['run', '--tag', 'signature', '--kernel', 'newest'];

/** Has the next run clean up, and asks what is left. */
const afterNextRun = async (): Promise<readonly string[]> => {
  const { exitCode } = await place.kernspec(quick);
  expect(exitCode).toBe(0);
  return place.temporaries();
};

describe.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('%s', (signal) => {
  test('while the template boots', async () => {
    place = await Workplace.create([]);
    const child = place.kernspec(many);
    await until('a machine', 60_000, () => place.machines().length > 0);
    child.kill(signal);
    const { exitCode } = await child;
    await until('the end of all processes', 2_000, () => place.processes().length === 0);
    if (signal !== 'SIGKILL') {
      expect(exitCode).toBe(130);
      expect(await place.temporaries()).toEqual([]);
    }
    expect(await afterNextRun()).toEqual([]);
    expect((await place.records()).map(({ reason }) => reason)).toEqual(['passed']);
  });

  describe('with a template', () => {
    beforeEach(async () => {
      place = await Workplace.create([template]);
    });

    test.each([
      ['while a machine is cloned', 0],
      ['while a claim is judged', 3],
    ])('%s', async (_, verdicts) => {
      const child = place.kernspec(many);
      await until('its moment', 60_000, () => place.judged() >= verdicts && place.machines().length > 0);
      child.kill(signal);
      const { exitCode } = await child;
      await until('the end of all processes', 2_000, () => place.processes().length === 0);
      if (signal !== 'SIGKILL') {
        expect(exitCode).toBe(130);
        expect(await place.temporaries()).toEqual([]);
        expect(await place.record()).toMatchObject({ reason: 'interrupted' });
      }
      expect(await afterNextRun()).toEqual([]);
      const [killed, next] = await place.records();
      expect(killed?.reason).toBe('interrupted');
      expect(killed?.results.length).toBeGreaterThanOrEqual(verdicts);
      expect(killed?.results.filter(({ verdict }) => verdict === 'violated')).toEqual([]);
      expect(next?.reason).toBe('passed');
    });
  });
});
