import { BootError } from '../../base/errors.ts';
import type { Machine } from '../../../vm/machine.ts';
import { Template } from '../../../vm/template.ts';
import type { Plan, PlannedKernel } from '../plan.ts';

/**
 * The machine that the specs of a file share: a clone made when it is first asked for. One that has failed or was
 * dirtied is thrown away, and the next spec gets another.
 */
export class Lease implements AsyncDisposable {
  readonly plan: Plan;
  readonly planned: PlannedKernel;
  #machine: Machine | undefined;

  constructor(plan: Plan, planned: PlannedKernel) {
    this.plan = plan;
    this.planned = planned;
  }

  /** @throws BootError when the kernel does not boot, or the clone does not wake up */
  async machine(): Promise<Machine> {
    if (this.#machine?.trouble !== undefined) await this.discard();
    this.#machine ??= await this.#clone();
    return this.#machine;
  }

  async #clone(): Promise<Machine> {
    const { template, accelerator } = this.planned;
    if (typeof template !== 'string') throw new BootError(template.bootError, { details: template.details });
    return (await Template.open(template)).clone({ accelerator, slowdown: this.plan.slowdown });
  }

  /** Gives the machine up; the next spec gets a new one. */
  async discard(): Promise<void> {
    const machine = this.#machine;
    this.#machine = undefined;
    await machine?.[Symbol.asyncDispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.discard();
  }
}
