import { launch, type Machine } from '../../../vm/machine.ts';
import type { Plan, PlannedKernel } from '../plan.ts';

/**
 * The machine of one worker. It boots when it is first asked for; one that has failed is thrown away and replaced, but a
 * kernel that does not boot is not tried again: every spec is told why.
 */
export class Lease implements AsyncDisposable {
  readonly plan: Plan;
  readonly planned: PlannedKernel;
  #machine: Machine | undefined;
  #bootError: unknown;

  constructor(plan: Plan, planned: PlannedKernel) {
    this.plan = plan;
    this.planned = planned;
  }

  async machine(): Promise<Machine> {
    if (this.#machine?.failure !== undefined) await this[Symbol.asyncDispose]();
    if (this.#bootError !== undefined) throw this.#bootError as Error;
    try {
      this.#machine ??= await this.#launch();
    } catch (error) {
      this.#bootError = error;
      throw error;
    }
    return this.#machine;
  }

  #launch(): Promise<Machine> {
    return launch({
      kernel: this.planned.kernel.image,
      initramfs: this.planned.initramfs,
      accelerator: this.planned.accelerator,
      append: this.plan.append,
      slowdown: this.plan.slowdown,
    });
  }

  /** Gives the machine up; the next spec gets a new one. */
  discard(): Promise<void> {
    return this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const machine = this.#machine;
    this.#machine = undefined;
    await machine?.[Symbol.asyncDispose]();
  }
}
