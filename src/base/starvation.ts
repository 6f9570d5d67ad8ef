import { readdir, readFile } from 'node:fs/promises';
import { DeadlineError } from './errors.ts';

/** No shorter time is worth another wait. */
const leastMs = 1_000;

/**
 * Milliseconds that the busiest thread of a process has stood in line for a processor of this computer; 0 where the kernel does not
 * tell. (Documentation/scheduler/sched-stats.rst, /proc/PID/schedstat)
 */
export const starvedMs = async (pid: number): Promise<number> => {
  const tasks = await readdir(`/proc/${pid}/task`).catch(() => [] as string[]);
  const waits = tasks.map(async (task) => {
    const text = await readFile(`/proc/${pid}/task/${task}/schedstat`, 'utf8').catch(() => '');
    return Number(text.split(' ')[1] ?? 0) / 1e6;
  });
  return Math.max(0, ...(await Promise.all(waits)));
};

/**
 * Waits for what a process of ours is to do within a time. What this computer had no processor for does not count: on a busy host
 * it gets as much longer.
 *
 * @param wait waits for so many milliseconds; may be called again, and must not lose what came in between
 * @throws what `wait` throws; when it had its time, the first DeadlineError: it names the time that counts
 */
export const notStarved = async <T>(
  ms: number,
  starved: () => Promise<number>,
  wait: (ms: number) => Promise<T>,
): Promise<T> => {
  let credited = await starved();
  let first: DeadlineError | undefined;
  for (let left = ms; ;) {
    try {
      return await wait(left);
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      first ??= error;
      const now = await starved();
      left = now - credited;
      credited = now;
      if (left < leastMs) throw first;
    }
  }
};
