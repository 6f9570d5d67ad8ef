import { launch, type Machine } from '../../../vm/machine.ts';
import type { Plan, PlannedKernel } from '../plan.ts';

/** The machine of one worker. It boots when it is first asked for; one that has failed is thrown away and replaced. */
export class Lease implements AsyncDisposable {
  readonly plan: Plan;
  readonly planned: PlannedKernel;
  #machine: Machine | undefined;

  constructor(plan: Plan, planned: PlannedKernel) {
    this.plan = plan;
    this.planned = planned;
  }

  async machine(): Promise<Machine> {
    if (this.#machine?.failure !== undefined) await this[Symbol.asyncDispose]();
    this.#machine ??= await launch({
      kernel: this.planned.kernel.image,
      initramfs: this.planned.initramfs,
      accelerator: this.planned.accelerator,
      append: this.plan.append,
      slowdown: this.plan.slowdown,
    });
    return this.#machine;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const machine = this.#machine;
    this.#machine = undefined;
    await machine?.[Symbol.asyncDispose]();
  }
}
