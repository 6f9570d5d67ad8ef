import { messageOf } from '../base/errors.ts';
import { MachineFailure } from '../../vm/failure.ts';
import type { Machine } from '../../vm/machine.ts';
import { Bench, NeverRan, type Hangs } from './bench.ts';
import { fails, untested, verdictOf, type Check, type Finding, type InitVerdict, type Role } from './check.ts';
import type { ContainerSighting } from './container.ts';
import type { Target } from './target.ts';

/** One check of one target: what came of it, and what was seen. */
export interface CheckResult {
  readonly target: Target;
  readonly check: Check;
  readonly verdict: InitVerdict;
  readonly actual: string;
  /** Why it could not be made. */
  readonly reason?: string;
  readonly ms: number;
  readonly sightings: readonly ContainerSighting[];
}

export interface ValidationOptions {
  /** Milliseconds that a container has to stop. */
  readonly grace: number;
  readonly workers: number;
  readonly signal: AbortSignal;
  /** A fresh machine, ready for the targets. */
  readonly machine: () => Promise<Machine>;
  readonly onResult: (result: CheckResult) => void;
}

/** A check that is to be made of a target. */
export interface Question {
  readonly target: Target;
  readonly check: Check;
}

interface Job extends Question {
  /** Shared by all checks of the target. */
  readonly hangs: Hangs;
  /** Of its containers; no two are alike. */
  readonly name: string;
}

/** What is left to be done on machines of its own. */
interface Batch {
  /** How many workers are at it. */
  workers: number;
  readonly shared: Job[];
  readonly patient: Job[];
  readonly alone: Job[];
}

/** Milliseconds that a machine may take to say that it is still there, on the reference machine. */
const answerMs = 5_000;

/** How many checks share a machine at a time: most of them wait for something most of the time; and patient ones beside them. */
const sideBySide = 3;
const patientSideBySide = 3;

/** Milliseconds of its first check after which a program has the machine for one check at a time: starting it takes all there is. */
const heavyMs = 6_000;

const unfitReasons: Readonly<Record<Role, string>> = {
  bare: 'the program runs no command of ours: it is the application itself',
  library: 'it is asked of inits, not of an application with a reaper',
  supervisor: 'it is asked of programs that run one command',
  wrapper: 'it is asked of other programs',
};

/** Why a check cannot be asked of a target, or undefined. */
const unfit = ({ target, check }: Question): string | undefined =>
  check.roles.includes(target.role) ? undefined : unfitReasons[target.role];

/**
 * Makes checks, each in containers of its own, on as many machines as there are workers; the first targets first. None shares a
 * machine with another target, unless both are ours: what it does to the machine is nobody else's failure.
 */
export const validate = async (questions: readonly Question[], options: ValidationOptions): Promise<void> => {
  const hangs = new Map(questions.map(({ target }) => [target, { count: 0 }]));
  const jobs = new Map<Target | 'ours', Job[]>();
  for (const [i, question] of questions.entries()) {
    const { target } = question;
    const reason = unfit(question);
    const whose = target.ours === true ? 'ours' : target;
    const job = { ...question, hangs: hangs.get(target) ?? { count: 0 }, name: `c${i}` };
    if (reason !== undefined) options.onResult(resultOf(question, untested(reason), 0, []));
    else jobs.set(whose, [...(jobs.get(whose) ?? []), job]);
  }
  const batches = [...jobs.values()].map((all) => ({
    workers: 0,
    shared: all.filter(({ check }) => check.alone !== true && check.patient !== true),
    patient: all.filter(({ check }) => check.patient === true),
    alone: all.filter(({ check }) => check.alone === true),
  }));
  await Promise.all(
    Array.from({ length: options.workers }, async () => {
      while (!options.signal.aborted) {
        const batch = leastCrowded(batches);
        if (batch === undefined) return;
        batch.workers++;
        await work(batch, options);
        batch.workers--;
      }
    }),
  );
};

/** Of the batches with something left to do, the first of those with the fewest workers: a machine costs as much as many checks. */
const leastCrowded = (batches: readonly Batch[]): Batch | undefined =>
  batches.filter(isOpen).toSorted((a, b) => a.workers - b.workers)[0];

const isOpen = ({ shared, patient, alone }: Batch): boolean => shared.length + patient.length + alone.length > 0;

/** One worker and one batch: a machine, on which it does several checks at a time, and then those that want it for themselves. */
const work = async ({ shared, patient, alone }: Batch, options: ValidationOptions): Promise<void> => {
  await using place = new Place(options.machine);
  const lost: Job[] = [];
  const take = async (jobs: Job[], whenLost: (job: Job, failure: MachineFailure) => void): Promise<void> => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      if (options.signal.aborted) return;
      const made = await attempt(job, await place.machine(), options);
      if (made instanceof MachineFailure) whenLost(job, made);
      else options.onResult(made);
    }
  };
  const breaks = (job: Job, failure: MachineFailure): void =>
    options.onResult(resultOf(job, untested(`it broke the machine: ${failure.message}`), 0, []));
  // The first by itself: what the emulator translates and Python compiles at a program's first start serves all others.
  const { slowdown } = await place.machine();
  const start = performance.now();
  await take(shared.splice(0, 1), (job) => lost.push(job));
  const heavy = performance.now() - start > heavyMs * slowdown;
  const lanes = [...Array<Job[]>(sideBySide).fill(shared), ...Array<Job[]>(patientSideBySide).fill(patient)];
  await Promise.all((heavy ? [shared] : lanes).map((jobs) => take(jobs, (job) => lost.push(job))));
  // Those of a heavy program: nobody has taken them yet.
  await take(patient, (job) => lost.push(job));
  // What shared a machine that broke may have had no part in it: each is made again, and now it is known whose it is.
  await take(lost, breaks);
  await take(alone, breaks);
};

/** The machine of a worker; another one when it has broken. */
class Place implements AsyncDisposable {
  readonly #make: () => Promise<Machine>;
  #machine: Promise<Machine> | undefined;

  constructor(make: () => Promise<Machine>) {
    this.#make = make;
  }

  async machine(): Promise<Machine> {
    const promise = (this.#machine ??= this.#make());
    const machine = await promise;
    if (machine.trouble === undefined) return machine;
    // Of several who find it broken the first one gives it up.
    if (this.#machine === promise) this.#machine = undefined;
    await machine[Symbol.asyncDispose]();
    return this.machine();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#machine?.catch(() => undefined))?.[Symbol.asyncDispose]();
  }
}

const attempt = async (
  job: Job,
  machine: Machine,
  { grace }: ValidationOptions,
): Promise<CheckResult | MachineFailure> => {
  const start = performance.now();
  const bench = new Bench(machine, job.target, { name: job.name, grace, hangs: job.hangs });
  const result = (finding: Finding): CheckResult =>
    resultOf(job, finding, performance.now() - start, bench.sightings());
  try {
    const finding = await Promise.race([findingOf(job, bench), machine.failed]);
    await bench[Symbol.asyncDispose]();
    return machine.trouble ?? result(finding);
  } catch (error) {
    await bench[Symbol.asyncDispose]().catch(() => undefined);
    return (await failureBehind(error, machine)) ?? result(untested(`trouble of ours: ${messageOf(error)}`));
  }
};

/** A channel may break before it is known that its machine has: it is the machine's failure if that no longer answers. */
const failureBehind = async (error: unknown, machine: Machine): Promise<MachineFailure | undefined> => {
  if (error instanceof MachineFailure) return error;
  try {
    await machine.exec('true', { ms: answerMs * machine.slowdown });
    return machine.trouble;
  } catch (silence) {
    return silence instanceof MachineFailure ? silence : machine.diagnose();
  }
};

const findingOf = async ({ check }: Job, bench: Bench): Promise<Finding> => {
  try {
    return await check.run(bench);
  } catch (error) {
    // What a program was to do with its command, it does not do when it does not run it.
    if (error instanceof NeverRan) return bench.target.role === 'bare' ? untested(error.message) : fails(error.message);
    throw error;
  }
};

const resultOf = (
  { target, check }: Question,
  finding: Finding,
  ms: number,
  sightings: readonly ContainerSighting[],
): CheckResult => ({
  target,
  check,
  verdict: verdictOf(check.level, finding),
  actual: 'untested' in finding ? '' : finding.actual,
  ...('untested' in finding && { reason: finding.untested }),
  ms: Math.round(ms),
  sightings,
});
