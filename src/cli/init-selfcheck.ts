import { join } from 'node:path';
import type { BootableKernel } from '../harness/plan.ts';
import { breaksOf, unnoticed, withoutBreak } from '../inits/breaks.ts';
import type { Check } from '../inits/check.ts';
import { validate } from '../inits/validation.ts';
import { exitCodes } from './exit-codes.ts';
import { clonesOf, evidenceOf } from './init-run.ts';
import { onInterrupt } from './interrupt.ts';
import type { Progress } from './progress.ts';
import { newRunId } from './record-head.ts';
import { RunDirectory } from './run-directory.ts';

interface SelfcheckOptions {
  readonly workers: number;
  /** Seconds that a container has to stop. */
  readonly grace: number;
  readonly progress: Progress;
}

/**
 * Asks each requirement of an init that breaks it, and of the same one unbroken: the first must fail it, the second pass.
 *
 * @returns the exit code: 0 when each is noticed, 1 when one is not, 3 when one could not be found out
 */
export const selfcheckInits = async (
  kernels: readonly BootableKernel[],
  checks: readonly Check[],
  { workers, grace, progress }: SelfcheckOptions,
): Promise<number> => {
  const questions = breaksOf(checks);
  const total = questions.length * kernels.length;
  const directory = new RunDirectory(newRunId());
  const troubles: string[] = [];
  let [done, untested] = [0, 0];
  await using interrupt = onInterrupt(() => undefined);
  for (const bootable of kernels) {
    const machine = await clonesOf(bootable, { workers, progress });
    const { version, id } = bootable.kernel;
    progress.phase(`breaking ${checks.length} checks on ${version}`);
    await validate(questions, {
      workers,
      grace: grace * 1000,
      signal: interrupt.signal,
      machine,
      onResult: (result) => {
        const { target, check, verdict } = result;
        if (verdict === 'untested') untested++;
        const trouble = unnoticed(result);
        if (trouble !== undefined) {
          const evidence = `evidence/${target.name.replaceAll(/[^\w-]+/g, '_')}/${check.id}.${id}.json`;
          directory.write(evidence, evidenceOf(result));
          const again = `npx kernspec init --selfcheck --kernel ${bootable.kernel.selector} --check ${check.id}`;
          troubles.push(trouble);
          progress.line(
            `${trouble} (${version})\n  evidence   ${join(directory.path, evidence)}\n  reproduce  ${again}`,
          );
        }
        progress.count(++done, total, `${check.id}, by an init that ${target.name}`);
      },
    });
  }
  progress.clear();
  await directory.settled();
  const missing = withoutBreak(checks);
  for (const id of missing) progress.line(`no break: ${id}`);
  process.stdout.write(
    `${done - troubles.length} of ${total} told rightly, half of them by broken inits; ${missing.length} checks have no break\n`,
  );
  if (interrupt.signal.aborted) return exitCodes.interrupted;
  if (untested > 0 || done < total) return exitCodes.infrastructure;
  return troubles.length > 0 || missing.length > 0 ? exitCodes.violated : exitCodes.ok;
};
