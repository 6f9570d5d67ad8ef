import { join } from 'node:path';
import type { Command } from 'commander';
import { runPlan } from '../../harness/vitest/run.ts';
import type { SpecOutcome } from '../../harness/vitest/spec-test.ts';
import { exitCodes } from '../exit-codes.ts';
import { onInterrupt } from '../interrupt.ts';
import { prepareKernels, prepareTemplates } from '../prepare.ts';
import { Progress } from '../progress.ts';
import { addSelection, makePlan, selectedClaims, type SelectionOptions } from '../selection.ts';

/** `kernspec selfcheck`: carries out the breaks of the claims; each must make its claim violated. */
export const registerSelfcheck = (program: Command): void => {
  const command = program.command('selfcheck').description('prove that the claims can fail: break what each watches');
  addSelection(command, 'newest').action(async (filters: string[], options: Partial<SelectionOptions>) => {
    process.exitCode = await selfcheck(filters, {
      ...(options as SelectionOptions),
      kernel: options.kernel ?? ['newest'],
      tag: options.tag ?? [],
    });
  });
};

const selfcheck = async (filters: readonly string[], options: SelectionOptions): Promise<number> => {
  const progress = new Progress();
  const { selected } = await selectedClaims(filters, options);
  const kernels = await prepareTemplates(await prepareKernels(options.kernel, progress), progress, options);
  const plan = makePlan(kernels, selected, { ...options, selfcheck: true });
  const total = selected.flatMap(({ breaks }) => breaks).length * kernels.length;
  const outcomes: SpecOutcome[] = [];
  const troubles: string[] = [];
  await using interrupt = onInterrupt(() => undefined);
  progress.phase(`breaking ${selected.length} claims in ${total} ways`);
  const errors = await runPlan(
    plan,
    {
      onOutcome: (outcome) => {
        outcomes.push(outcome);
        if (outcome.verdict !== 'violated') progress.line(unnoticed(outcome, plan.runDirectory));
        progress.count(outcomes.length, total, `broken · ${outcome.claim}: ${outcome.broken ?? ''}`);
      },
      onTrouble: ({ kernel, claim, message }) => troubles.push(`${claim ?? 'trouble'} on ${kernel}: ${message}`),
    },
    { signal: interrupt.signal },
  );
  progress.clear();
  for (const trouble of [...troubles, ...errors]) progress.line(trouble);
  const unbroken = selected.filter(({ breaks }) => breaks.length === 0);
  for (const { claim } of unbroken) progress.line(`no break: ${claim.id}`);
  const noticed = outcomes.filter(({ verdict }) => verdict === 'violated').length;
  process.stdout.write(
    `${noticed} of ${total} breaks noticed; ${unbroken.length} of ${selected.length} claims have no break\n`,
  );
  if (interrupt.signal.aborted) return exitCodes.interrupted;
  if (outcomes.some(({ verdict }) => verdict === 'inconclusive') || outcomes.length < total)
    return exitCodes.infrastructure;
  return noticed < total || unbroken.length > 0 ? exitCodes.violated : exitCodes.ok;
};

const unnoticed = ({ claim, kernel, broken = '', verdict, error, evidence }: SpecOutcome, directory: string): string =>
  [
    `${verdict === 'holds' ? 'unnoticed' : verdict}: ${claim} on ${kernel}, although ${broken}`,
    ...(error === undefined ? [] : [error.replaceAll(/^/gm, '  ')]),
    `  evidence   ${join(directory, evidence)}`,
  ].join('\n');
