import { cpus } from 'node:os';
import { join } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { runsDir } from '../base/paths.ts';
import { problemsOf } from '../claims/claim.ts';
import { selectClaims } from '../claims/filter.ts';
import { parseVersion } from '../kernels/version.ts';
import { collectClaims, type CollectedClaim } from '../harness/collect.ts';
import type { Isolation, Plan, PlannedKernel } from '../harness/plan.ts';
import { newRunId } from './record-head.ts';

/** What the commands that judge claims have in common: which claims, on which kernels, on how many machines. */
export interface SelectionOptions {
  readonly kernel: readonly string[];
  readonly tag: readonly string[];
  readonly append: string;
  readonly as?: string;
  readonly workers: number;
  readonly isolate?: Isolation;
}

const collect = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value];

/** A whole number from 1 on. */
export const positive = (value: string): number => {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('It is not a whole number from 1 on.');
  return number;
};

const version = (value: string): string => {
  if (parseVersion(value)?.length !== 3) throw new InvalidArgumentError('It is no version, such as 6.12.118.');
  return value;
};

export const addSelection = (command: Command, kernel: string): Command =>
  command
    .argument('[filters...]', 'claim ids, prefixes of ids, or paths below specs/')
    .option(
      '-k, --kernel <selector>',
      `kernels: 6.12, 6.12.107, default, all, newest, >=6.12, 5.10..6.12, 6.12-rt, min:6.12, ./bzImage[,modules=DIR] (repeatable; ${kernel} unless told)`,
      collect,
    )
    .option('-t, --tag <tag>', 'only claims with this tag (repeatable)', collect)
    .option('--append <cmdline>', "added to the kernel's command line", '')
    .option(
      '--as <version>',
      'where claims differ by version, expect what this one does, whatever the kernel says',
      version,
    )
    .option('--workers <n>', 'machines at the same time', positive, cpus().length)
    .addOption(
      new Option(
        '--isolate <what>',
        'what gets a machine that was never used before: each file of specs, or each spec (file unless told; spec when repeated)',
      ).choices(['file', 'spec']),
    );

/**
 * The claims that are meant, and all there are.
 *
 * @throws UsageError for a filter that fits nothing
 */
export const selectedClaims = async (filters: readonly string[], { tag }: Pick<SelectionOptions, 'tag'>) => {
  const all = await collectClaims();
  const problems = problemsOf(all.map(({ claim }) => claim));
  if (problems.length > 0) throw new Error(`The claims are not in order:\n${problems.join('\n')}`);
  return { all, selected: selectClaims(all, { filters, tags: tag }) };
};

/** The plan of a new run, with a directory of its own. */
export const makePlan = (
  kernels: readonly PlannedKernel[],
  selected: readonly CollectedClaim[],
  options: Pick<SelectionOptions, 'append' | 'as' | 'workers' | 'isolate'> &
    Partial<Pick<Plan, 'repeat' | 'selfcheck'>>,
): Plan => ({
  runDirectory: join(runsDir(), newRunId()),
  kernels,
  claims: selected.map(({ claim }) => claim.id),
  specFiles: [...new Set(selected.map(({ file }) => file))],
  repeat: options.repeat ?? 1,
  selfcheck: options.selfcheck ?? false,
  workers: options.workers,
  // A repetition is worth something when it starts from the same state.
  isolation: options.isolate ?? ((options.repeat ?? 1) > 1 ? 'spec' : 'file'),
  append: options.append,
  ...(options.as !== undefined && { as: options.as }),
  slowdown: Math.max(1, options.workers / cpus().length),
});
