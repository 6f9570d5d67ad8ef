import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../../base/paths.ts';
import { abandonedIn, writeFileAtomically } from '../../base/atomic.ts';
import { planVariable, type Plan } from '../plan.ts';
import { runReporter, sayings, type RunListener } from './reporter.ts';

export interface RunControl {
  /** Ends the run early but in order: what is being judged is given up, the record is kept. */
  readonly signal: AbortSignal;
  readonly bail?: number;
  /** vitest's own sharding, `i/n`. */
  readonly shard?: string;
}

/** Signals for which vitest installs handlers that exit at once; how a run ends is ours to decide. */
const signals = ['SIGINT', 'SIGTERM', 'exit'] as const;

/**
 * Judges the claims of a plan with vitest, in this process and its workers.
 *
 * @returns errors that belong to no claim
 */
export const runPlan = async (plan: Plan, listener: RunListener, control: RunControl): Promise<readonly string[]> => {
  const path = join(plan.runDirectory, 'plan.json');
  await writeFileAtomically(path, JSON.stringify(plan));
  process.env[planVariable] = path;
  // Only here: it takes half a second to load, which other commands need not spend.
  const { createVitest } = await import('vitest/node');
  const before = new Map(signals.map((signal) => [signal, new Set(process.listeners(signal as 'SIGINT'))]));
  const vitest = await createVitest(
    'test',
    {
      root: projectRoot,
      config: join(projectRoot, 'vitest.config.ts'),
      watch: false,
      project: plan.kernels.map(({ kernel }) => kernel.id),
      reporters: [runReporter(listener)],
      maxWorkers: plan.workers,
      passWithNoTests: true,
      ...(control.bail !== undefined && { bail: control.bail }),
      ...(control.shard !== undefined && { shard: control.shard }),
    },
    { clearScreen: false },
  );
  for (const signal of signals)
    for (const added of process.listeners(signal as 'SIGINT'))
      if (before.get(signal)?.has(added) !== true) process.off(signal, added);
  const cancel = (): void => void vitest.cancelCurrentRun('keyboard-input');
  control.signal.addEventListener('abort', cancel);
  try {
    const { unhandledErrors } = await vitest.start();
    return sayings(unhandledErrors);
  } finally {
    control.signal.removeEventListener('abort', cancel);
    await vitest.close();
    // What workers were writing when they were given up.
    for (const unfinished of await abandonedIn(plan.runDirectory)) await rm(unfinished, { force: true });
  }
};
