import { withDeadline } from '../base/deadline.ts';
import { DeadlineError } from '../base/errors.ts';
import type { Machine } from '../../vm/machine.ts';

/** Milliseconds within which anything a claim predicts must have happened on the reference machine, when no program is at work. */
const patienceMs = 5_000;

/** As long as programs still compute, silence may just mean that the machine is slow: up to this many milliseconds. */
const lastPatienceMs = 30_000;

/** What a wait must know of the machine. */
export interface Patience {
  readonly slowdown: number;
  /** Whether programs of the guest still compute. Rejects when the machine does not answer: then silence means nothing. */
  readonly busy: () => Promise<boolean>;
}

/**
 * Awaits what a claim predicts for as long as it may still come.
 *
 * @throws DeadlineError when it did not come although the machine answers; whatever `busy` throws when it does not
 */
export const patiently = async <T>({ slowdown, busy }: Patience, what: string, promise: Promise<T>): Promise<T> => {
  for (let waited = patienceMs; ; waited += patienceMs) {
    try {
      return await withDeadline({ what, ms: patienceMs * slowdown }, promise);
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      if ((await busy()) && waited < lastPatienceMs) continue;
      // It may have come while we asked.
      return await Promise.race([promise, Promise.reject(error)]);
    }
  }
};

/** A process that is not the kernel's own, from /proc/PID/stat. (proc_pid_stat(5)) */
interface Task {
  readonly pid: string;
  readonly running: boolean;
  /** Ticks of the processor it has had. */
  readonly ticks: number;
}

/** Flag of a thread of the kernel. (include/linux/sched.h) */
const PF_KTHREAD = 0x200000;

/** Programs that run because we look. */
const ours: ReadonlySet<string> = new Set(['cat', 'dropbear', 'launch']);

const tasksIn = (text: string): readonly Task[] =>
  text.split('\n').flatMap((line) => {
    const [, pid = '', name = '', rest = ''] = /^(\d+) \((.*)\) (.*)$/.exec(line) ?? [];
    const fields = rest.split(' ');
    if (pid === '' || ours.has(name) || (Number(fields[6]) & PF_KTHREAD) !== 0) return [];
    return [{ pid, running: fields[0] === 'R', ticks: Number(fields[11]) + Number(fields[12]) }];
  });

/** Whether programs compute in the guest: one is running, or has had the processor between two looks. */
export const programsCompute = async (machine: Pick<Machine, 'exec' | 'slowdown'>): Promise<boolean> => {
  const look = async (): Promise<readonly Task[]> =>
    tasksIn((await machine.exec('exec cat /proc/[0-9]*/stat', { ms: patienceMs * machine.slowdown })).stdout);
  const before = new Map((await look()).map((task) => [task.pid, task]));
  const after = await look();
  return (
    [...before.values(), ...after].some(({ running }) => running) ||
    after.some(({ pid, ticks }) => ticks !== (before.get(pid)?.ticks ?? ticks))
  );
};
