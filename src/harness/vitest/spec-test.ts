/** Turns specs into vitest tests. One module, so that all spec files of a worker share one lease and so one machine. */
import { join } from 'node:path';
import { test as base, type ExpectStatic } from 'vitest';
import { writeFileAtomically } from '../../base/atomic.ts';
import { lacking } from '../../claims/claim.ts';
import { expectationFor } from '../../claims/expectation.ts';
import { Inapplicable } from '../../claims/violation.ts';
import { MachineFailure } from '../../../vm/failure.ts';
import type { Machine } from '../../../vm/machine.ts';
import { Guest } from '../guest.ts';
import type { Break } from '../break.ts';
import { judge, judgementOf, type Judgement } from '../judge.ts';
import { currentPlan, type Plan } from '../plan.ts';
import type { Spec } from '../spec.ts';
import { Lease } from './lease.ts';

/** What a test tells the reporter in the main process. */
export interface SpecOutcome extends Judgement {
  readonly claim: string;
  readonly kernel: string;
  /** The break under which it was judged. */
  readonly broken?: string;
  readonly ms: number;
  /** Path of the evidence, relative to the run's directory. */
  readonly evidence: string;
  readonly observed?: string;
}

declare module 'vitest' {
  interface TaskMeta {
    outcome?: SpecOutcome;
  }
}

/** Lines of the console that the evidence keeps: enough for the state of all tasks, little enough for a flood. */
const keptConsoleLines = 1_000;

/** The variable that tells a worker its kernel; set by the project of that kernel. */
const kernelVariable = 'KERNSPEC_KERNEL';

const plan = currentPlan();

const openLease = (workerPlan: Plan): Lease => {
  const id = process.env[kernelVariable];
  const planned = workerPlan.kernels.find(({ kernel }) => kernel.id === id);
  if (planned === undefined) throw new Error(`The plan has no kernel ${id ?? '?'}.`);
  return new Lease(workerPlan, planned);
};

const test = base
  .extend('workerPlan', { scope: 'worker' }, { plan })
  .extend('lease', { scope: 'file' }, ({ workerPlan }, { onCleanup }) => {
    if (workerPlan.plan === undefined) throw new Error('A spec runs outside a run of kernspec.');
    const lease = openLease(workerPlan.plan);
    onCleanup(() => lease[Symbol.asyncDispose]());
    return lease;
  });

/** One time that a spec is carried out. */
interface Round {
  /** Distinguishes it from the others of its claim, in names; empty for the only one. */
  readonly suffix: string;
  readonly breakage?: Break;
}

const run = async (
  spec: Spec,
  lease: Lease,
  expect: ExpectStatic,
  { suffix, breakage }: Round,
): Promise<SpecOutcome> => {
  const { claim, body } = spec;
  const { kernel } = lease.planned;
  const start = performance.now();
  const evidence = join('evidence', kernel.id, `${claim.id}${suffix}.json`);
  let observed: unknown;
  let kept: object = {};
  const judgement = await judgeOnMachine();
  const outcome: SpecOutcome = {
    ...judgement,
    claim: claim.id,
    kernel: kernel.id,
    ...(breakage !== undefined && { broken: breakage.what }),
    ms: Math.round(performance.now() - start),
    evidence,
    ...(observed !== undefined && { observed: typeof observed === 'string' ? observed : JSON.stringify(observed) }),
  };
  const content = { ...outcome, statement: claim.statement, release: kernel.release, ...kept };
  await writeFileAtomically(join(lease.plan.runDirectory, evidence), `${JSON.stringify(content, null, 1)}\n`);
  return outcome;

  async function judgeOnMachine(): Promise<Judgement> {
    try {
      const missing = lacking(claim, lease.planned.lacks);
      if (missing.length > 0) return judgementOf(new Inapplicable(missing));
      const machine = await lease.machine();
      const consoleStart = machine.console.now();
      const initramfs = join(lease.plan.runDirectory, `${evidence}.init.cpio`);
      const guest = new Guest(machine, {
        lacks: lease.planned.lacks,
        firstBoot: { ...lease.planned, initramfs, slowdown: machine.slowdown },
        ...(breakage !== undefined && { breakage }),
      });
      const expected =
        claim.expected === undefined
          ? undefined
          : expectationFor(claim.expected, { version: lease.plan.as ?? kernel.version });
      const context = {
        guest,
        kernel,
        expect,
        expected: expected as never,
        observe: (value: unknown) => (observed = value),
      };
      const judgement = await judgeSpec(machine, guest, () => body(context));
      // A claim that holds has seen what it expected.
      if (judgement.verdict === 'holds') observed ??= expected;
      const { trouble } = machine;
      kept = {
        ...guest.sightings(),
        console: machine.console.since(consoleStart).slice(-keptConsoleLines),
        machine: machine.commandLine,
        ...(judgement.failure !== undefined && { autopsy: await machine.autopsy() }),
      };
      // What a spec leaves behind must not meet the next one; one that has failed may not have put back what it had changed. A
      // break fails on purpose.
      const failed = judgement.verdict !== 'holds' && (breakage === undefined || judgement.verdict === 'inconclusive');
      if (lease.plan.isolation === 'spec' || !guest.clean || failed || trouble !== undefined) await lease.discard();
      return judgement;
    } catch (error) {
      // Nobody has cleaned up after the spec.
      await lease.discard();
      return judgementOf(error);
    }
  }
};

/** The body first, then the way out; a machine that has failed in the way the claim is about needs no cleaning. */
const judgeSpec = async (machine: Machine, guest: Guest, body: () => Promise<void>): Promise<Judgement> => {
  const unforeseen = (failure: MachineFailure | undefined): MachineFailure | undefined =>
    failure === undefined || guest.foresees(failure) ? undefined : failure;
  const judged = {
    failed: machine.failed.catch((error: unknown) =>
      error instanceof MachineFailure && guest.foresees(error)
        ? new Promise<never>(() => undefined)
        : Promise.reject(error as Error),
    ),
    slowdown: machine.slowdown,
    trouble: () => unforeseen(machine.trouble),
    diagnose: () => machine.diagnose(),
  };
  const first = await judge(body, judged);
  if (machine.failure !== undefined) return first;
  const cleaned = await judge(() => guest[Symbol.asyncDispose](), judged);
  return first.verdict === 'holds' ? cleaned : first;
};

const roundsOf = ({ breaks }: Spec, { repeat, selfcheck }: Plan): readonly Round[] => {
  if (selfcheck) return breaks.map((breakage, index) => ({ suffix: `.broken-${index + 1}`, breakage }));
  return Array.from({ length: repeat }, (_, index) => ({ suffix: repeat > 1 ? `.${index + 1}` : '' }));
};

/** Declares the tests of one spec: one for each round the plan wants, none if it does not want the claim. */
export const toTests = (spec: Spec): void => {
  if (plan?.claims.includes(spec.claim.id) !== true) return;
  for (const round of roundsOf(spec, plan)) {
    test(`${spec.claim.id} ${round.suffix}`.trim(), { timeout: 0 }, async ({ lease, expect, task }) => {
      const outcome = await run(spec, lease, expect, round);
      task.meta.outcome = outcome;
      if (outcome.verdict !== 'holds' && outcome.verdict !== 'inapplicable') throw new Error(outcome.error);
    });
  }
};
