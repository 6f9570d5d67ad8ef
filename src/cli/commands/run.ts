import { join } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import { runsDir } from '../../base/paths.ts';
import type { Claim } from '../../claims/claim.ts';
import { exitCodeOf } from '../../claims/verdict.ts';
import type { Plan } from '../../harness/plan.ts';
import type { SpecOutcome } from '../../harness/vitest/spec-test.ts';
import { runPlan } from '../../harness/vitest/run.ts';
import { isNewerSeries, seriesOf } from '../../kernels/version.ts';
import { isOwnKernel } from '../../kernels/own-kernel.ts';
import { toJunit } from '../../report/junit.ts';
import { toKtap } from '../../report/ktap.ts';
import { RecordFile } from '../../report/record-file.ts';
import type { RecordedResult, RunRecord } from '../../report/record.ts';
import { terminalMatrix } from '../../report/terminal-matrix.ts';
import { shellWord } from '../../../vm/link/ssh.ts';
import { readPublishedMatrix } from '../documents.ts';
import { exitCodes } from '../exit-codes.ts';
import { wantsColor, writeJson, writeText } from '../output.ts';
import { prepareKernels, prepareTemplates } from '../prepare.ts';
import { Progress } from '../progress.ts';
import { recordHead } from '../record-head.ts';
import { onInterrupt } from '../interrupt.ts';
import { addSelection, makePlan, positive, selectedClaims, type SelectionOptions } from '../selection.ts';

/** How claims are to be judged. */
export interface JudgeOptions extends SelectionOptions {
  readonly repeat: number;
  readonly shard?: string;
  readonly bail?: number;
}

interface RunOptions extends JudgeOptions {
  readonly json?: string | true;
  readonly junit?: string;
  readonly ktap?: string;
}

const shard = (value: string): string => {
  if (!/^[1-9]\d*\/[1-9]\d*$/.test(value)) throw new InvalidArgumentError('It is not of the form i/n.');
  return value;
};

/** `kernspec run` */
export const registerRun = (program: Command): void => {
  addSelection(program.command('run').description('judge claims on kernels'), 'default')
    .option('--repeat <n>', 'judge each claim n times', positive, 1)
    .option('--shard <i/n>', "vitest's sharding of spec files", shard)
    .option('--bail <n>', 'stop after n claims that do not hold', positive)
    .option('--json [file]', 'the record as JSON, on stdout or in a file')
    .option('--junit <file>', 'the record as JUnit XML')
    .option('--ktap <file>', 'the record as KTAP')
    .action(async (filters: string[], options: Partial<RunOptions>) => {
      process.exitCode = await run(filters, {
        ...(options as RunOptions),
        kernel: options.kernel ?? ['default'],
        tag: options.tag ?? [],
      });
    });
};

/** What came of a run: its record, where that is, all claims there are, and errors that belong to none. */
interface Judged {
  readonly record: RunRecord;
  readonly directory: string;
  readonly claims: readonly Claim[];
  readonly errors: readonly string[];
}

/** Judges the claims that are meant, on the kernels that are meant, and keeps the record. */
export const judgeSelected = async (
  filters: readonly string[],
  options: JudgeOptions,
  progress: Progress,
): Promise<Judged> => {
  const { all, selected } = await selectedClaims(filters, options);
  const kernels = await prepareTemplates(await prepareKernels(options.kernel, progress), progress, options);
  const known = (await readPublishedMatrix())?.kernels.at(-1)?.series;
  for (const { kernel } of kernels)
    if (known !== undefined && options.as === undefined && isNewerSeries(seriesOf(kernel.version), known))
      progress.line(
        `${kernel.release} is newer than ${known}: where claims differ by version, it is held to their newest value`,
      );
  const plan = makePlan(kernels, selected, options);
  await RecordFile.foldAbandoned(runsDir());
  const file = RecordFile.create(
    plan.runDirectory,
    await recordHead(plan.runDirectory.split('/').at(-1) ?? '', plan.kernels, plan.append),
  );
  const { record, errors } = await judgeAll(plan, file, options, progress);
  return { record, errors, directory: plan.runDirectory, claims: all.map(({ claim }) => claim) };
};

const run = async (filters: readonly string[], options: RunOptions): Promise<number> => {
  const { record, directory, claims, errors } = await judgeSelected(filters, options, new Progress());
  if (options.json !== undefined) await writeJson(record, options.json);
  if (options.junit !== undefined) await writeText(toJunit(record, claims), options.junit);
  if (options.ktap !== undefined) await writeText(toKtap(record, claims), options.ktap);
  const picture = terminalMatrix(record, claims, {
    color: wantsColor(process.stdout),
    width: process.stdout.isTTY ? process.stdout.columns : 120,
    unicode: true,
  });
  // The record itself may be wanted on stdout; then the picture goes beside it.
  (options.json === true ? process.stderr : process.stdout).write(
    `${picture}\n\n  record  ${join(directory, 'run.json')}\n`,
  );
  if (record.reason === 'interrupted') return exitCodes.interrupted;
  if (record.results.length === 0) return exitCodes.nothingSelected;
  const code = exitCodeOf(record.results.map(({ verdict }) => verdict));
  const all = code === exitCodes.ok && errors.length > 0 ? exitCodes.infrastructure : code;
  return all === exitCodes.infrastructure && options.kernel.every(isOwnKernel) ? exitCodes.untestable : all;
};

/**
 * Runs the plan, writing each result down as it comes; also when we are interrupted, and when vitest itself breaks.
 *
 * @returns the record, and errors that belong to no claim
 */
const judgeAll = async (
  plan: Plan,
  file: RecordFile,
  options: JudgeOptions,
  progress: Progress,
): Promise<{ readonly record: RunRecord; readonly errors: readonly string[] }> => {
  const total = plan.claims.length * plan.kernels.length * plan.repeat;
  const selector = new Map(plan.kernels.map(({ kernel }) => [kernel.id, shellWord(kernel.selector)]));
  let done = 0;
  let bad = 0;
  const judged = new Set<string>();
  // What cannot be written down need not be judged.
  const unwritable = new AbortController();
  const add = (result: RecordedResult): void => {
    if (unwritable.signal.aborted) return;
    try {
      file.add(result);
    } catch (error) {
      unwritable.abort(error);
      return;
    }
    judged.add(`${result.claim} ${result.kernel}`);
    done++;
    if (result.verdict !== 'holds' && result.verdict !== 'inapplicable') {
      bad++;
      progress.line(`${result.verdict}: ${result.claim} on ${result.kernel}`);
    }
    progress.count(done, total, `judged${bad > 0 ? `, ${bad} do not hold` : ''} · ${result.kernel} ${result.claim}`);
  };
  const reproduce = (claim: string, kernel: string): string =>
    `npx kernspec run ${claim} --kernel ${selector.get(kernel) ?? kernel}${plan.as === undefined ? '' : ` --as ${plan.as}`}${plan.append === '' ? '' : ` --append ${shellWord(plan.append)}`}`;
  const trouble = (claim: string, kernel: string, reason: string): RecordedResult => ({
    claim,
    kernel,
    verdict: 'inconclusive',
    reason,
    ms: 0,
    isolation: plan.isolation,
    evidence: '',
    reproduce: reproduce(claim, kernel),
  });
  const troubles = new Map<string, string>();
  await using interrupt = onInterrupt(() => file.fold('interrupted'));
  progress.phase(
    `judging ${plan.claims.length} claims on ${plan.kernels.length} kernels (${plan.kernels[0]?.accelerator.accel ?? ''}: ${plan.kernels[0]?.accelerator.reason ?? ''})`,
  );
  const errors = await runPlan(
    plan,
    {
      onOutcome: (outcome: SpecOutcome) =>
        add({
          claim: outcome.claim,
          kernel: outcome.kernel,
          verdict: outcome.verdict,
          ...(outcome.error !== undefined && { reason: outcome.error }),
          ...(outcome.failure !== undefined && { failure: outcome.failure }),
          ...(outcome.observed !== undefined && { observed: outcome.observed }),
          ms: outcome.ms,
          isolation: plan.isolation,
          evidence: outcome.evidence,
          reproduce: reproduce(outcome.claim, outcome.kernel),
        }),
      onTrouble: ({ kernel, claim, message }) => {
        if (claim !== undefined) add(trouble(claim, kernel, message));
        else troubles.set(kernel, message);
      },
    },
    {
      signal: AbortSignal.any([interrupt.signal, unwritable.signal]),
      ...(options.bail !== undefined && { bail: options.bail }),
      ...(options.shard !== undefined && { shard: options.shard }),
    },
  );
  progress.clear();
  unwritable.signal.throwIfAborted();
  const stoppedEarly = interrupt.signal.aborted || options.shard !== undefined || (options.bail ?? Infinity) <= bad;
  if (!stoppedEarly)
    for (const { kernel } of plan.kernels)
      for (const claim of plan.claims)
        if (!judged.has(`${claim} ${kernel.id}`))
          add(trouble(claim, kernel.id, troubles.get(kernel.id) ?? errors[0] ?? 'It was never run.'));
  for (const error of errors) progress.line(`trouble outside any claim: ${error}`);
  const passed = bad === 0 && errors.length === 0;
  return { record: file.fold(interrupt.signal.aborted ? 'interrupted' : passed ? 'passed' : 'failed'), errors };
};
