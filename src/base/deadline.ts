import { DeadlineError } from './errors.ts';

/** What is waited for, for how long (ms), and what has been seen so far when it does not come. */
export interface Wait {
  readonly what: string;
  readonly ms: number;
  /** Called when the deadline passes; its text goes into the error. */
  readonly log?: () => string;
}

/**
 * Awaits `promise`, at most `wait.ms` milliseconds. The only place of the project where time passes by itself.
 *
 * @throws DeadlineError naming what was awaited. The promise itself goes on; its owner disposes of it.
 */
export const withDeadline = async <T>(wait: Wait, promise: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const details = wait.log?.();
      reject(
        new DeadlineError(`${wait.what} did not come within ${Math.round(wait.ms)} ms.`, {
          ...(details !== undefined && { details }),
        }),
      );
    }, wait.ms);
    // What is awaited has a process or a socket behind it that keeps us alive; a lost race must not.
    timer.unref();
  });
  try {
    return await Promise.race([promise, expired]);
  } finally {
    clearTimeout(timer);
  }
};
