import { cpus } from 'node:os';
import type { BootableKernel } from '../harness/plan.ts';
import type { Check } from '../inits/check.ts';
import { controlsFor, troubleOfControl } from '../inits/controls.ts';
import type { Target } from '../inits/target.ts';
import { validate, type CheckResult, type Question } from '../inits/validation.ts';
import type { GuestExtras } from '../provision/guest-image.ts';
import { counts, type InitRecord, type InitResult, type TargetRecord } from '../report/init-record.ts';
import type { RecordHead } from '../report/record.ts';
import type { Machine } from '../../vm/machine.ts';
import type { TargetFiles } from './own-target.ts';
import { templateOf } from './prepare.ts';
import type { Progress } from './progress.ts';
import { RunDirectory } from './run-directory.ts';

/** What is to be validated, and what has to be in the guest for it. */
export interface Wanted {
  readonly targets: readonly Target[];
  /** The command that makes one check again. */
  readonly again: (target: Target, kernel: string, check: string) => string;
  readonly extras: GuestExtras;
  readonly files?: TargetFiles;
}

interface InitRunOptions extends Wanted {
  readonly checks: readonly Check[];
  readonly progress: Progress;
  readonly workers: number;
  /** Seconds that a container has to stop. */
  readonly grace: number;
  readonly strict?: true;
}

/** After so many results the record is written anew: of a run that is killed, this much is kept. */
const keptEvery = 25;

/** Controls and targets on one kernel after the other; the record and the evidence are kept as they come. */
export class InitRun {
  readonly #head: RecordHead;
  readonly #options: InitRunOptions;
  readonly #controls: string[] = [];
  readonly #targets: TargetRecord[] = [];
  readonly #files: RunDirectory;

  constructor(head: RecordHead, options: InitRunOptions) {
    this.#head = head;
    this.#options = options;
    this.#files = new RunDirectory(head.id);
  }

  get directory(): string {
    return this.#files.path;
  }

  /** Makes all checks on one kernel. */
  async on(bootable: BootableKernel, signal: AbortSignal): Promise<void> {
    const { kernel } = bootable;
    const { workers, grace, targets, checks, files, progress } = this.#options;
    const machine = await clonesOf(bootable, { workers, progress, ...(files !== undefined && { files }) });
    const records = new Map(
      targets.map((target): [Target, TargetRecord] => {
        const { name, argv, role } = target;
        return [target, { name, argv: [...argv], role, kernel: kernel.id, results: [] }];
      }),
    );
    this.#targets.push(...records.values());
    const asked = targets.flatMap((target) => checks.map((check): Question => ({ target, check })));
    const questions = [...controlsFor(checks), ...asked];
    let done = 0;
    progress.phase(`${questions.length} checks on ${kernel.selector}, our own controls first`);
    const onResult = (result: CheckResult): void => {
      const record = records.get(result.target);
      const evidence = evidencePath(result, kernel.id, record === undefined);
      this.#files.write(evidence, evidenceOf(result));
      if (record === undefined) {
        const trouble = troubleOfControl(result);
        if (trouble !== undefined) this.#controls.push(`${trouble} (${kernel.id}, ${evidence})`);
      } else {
        const reproduce = this.#options.again(result.target, kernel.selector, result.check.id);
        record.results.push(recorded(result, evidence, reproduce));
        if (done % keptEvery === 0) this.#files.write('init.json', this.#record('interrupted'));
      }
      progress.count(++done, questions.length, `${result.target.name} ${result.check.id} on ${kernel.selector}`);
    };
    await validate(questions, { workers, grace: grace * 1000, signal, machine, onResult });
    const order = new Map(checks.map(({ id }, index) => [id, index]));
    for (const { results } of records.values())
      results.sort((a, b) => (order.get(a.check) ?? 0) - (order.get(b.check) ?? 0));
  }

  /** The record, written down. */
  async finish(interrupted: boolean): Promise<InitRecord> {
    const strict = this.#options.strict === true;
    const failed = this.#targets.some(({ results }) => results.some((result) => counts(result, strict)));
    const bad = failed || this.#controls.length > 0;
    const record = this.#record(interrupted ? 'interrupted' : bad ? 'failed' : 'passed');
    this.#files.write('init.json', record);
    await this.#files.settled();
    return record;
  }

  #record(reason: InitRecord['reason']): InitRecord {
    return {
      ...this.#head,
      finished: new Date().toISOString(),
      reason,
      strict: this.#options.strict === true,
      controls: this.#controls,
      // Checks that our own programs disprove say nothing about anybody else's.
      targets: this.#controls.length > 0 ? [] : this.#targets,
    };
  }
}

/** Fresh machines of one kernel, with the files of the target in them. */
export const clonesOf = async (
  bootable: BootableKernel,
  options: { readonly workers: number; readonly progress: Progress; readonly files?: TargetFiles },
): Promise<() => Promise<Machine>> => {
  const { accelerator, memoryMiB } = bootable;
  const template = await templateOf(bootable, options.progress);
  return async () => {
    const clone = await template.clone({
      accelerator,
      slowdown: Math.max(1, options.workers / cpus().length),
      ...(memoryMiB !== undefined && { memoryMiB }),
    });
    await options.files?.copyInto(clone);
    return clone;
  };
};

const evidencePath = ({ target, check }: CheckResult, kernel: string, control: boolean): string => {
  const whose = `${control ? 'control-' : ''}${target.name}`.replaceAll(/[^\w.-]+/g, '_').slice(0, 60);
  return `evidence/${whose}/${check.id}.${kernel}.json`;
};

/** What was seen, to be kept beside the record. */
export const evidenceOf = ({ target, check, verdict, actual, reason, sightings }: CheckResult) => ({
  target: target.name,
  check: check.id,
  statement: check.statement,
  verdict,
  actual,
  reason,
  containers: sightings,
});

const recorded = (
  { check, verdict, actual, reason, ms }: CheckResult,
  evidence: string,
  reproduce: string,
): InitResult => ({
  check: check.id,
  level: check.level,
  verdict,
  expected: check.expected,
  actual,
  ...(reason !== undefined && { reason }),
  ms,
  evidence,
  reproduce,
});
