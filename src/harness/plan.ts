import { readFileSync } from 'node:fs';
import type { Accelerator } from '../../vm/qemu/argv.ts';
import type { KernelOption } from '../kernels/config.ts';
import type { Kernel } from '../kernels/kernel.ts';

/** A kernel that can be booted. */
export interface BootableKernel {
  readonly kernel: Kernel;
  readonly initramfs: string;
  /** sha256 of the initramfs. */
  readonly initramfsSha256: string;
  readonly accelerator: Accelerator;
  /** Of its machines, where the usual amount has no room for the initramfs. */
  readonly memoryMiB?: number;
}

/** A kernel together with all that a worker needs to have machines of it. */
export interface PlannedKernel extends BootableKernel {
  /** The directory of the template that machines are cloned from, or why there is none: the kernel does not boot. */
  readonly template: string | { readonly bootError: string; readonly details: string };
  /** Options that claims may need, and this kernel does not have. */
  readonly lacks: readonly KernelOption[];
}

/** Who shares a machine: the specs of a file, or nobody. */
export type Isolation = 'file' | 'spec';

/** What one run is to do; made by the command line, read by vitest's configuration and by its workers. */
export interface Plan {
  readonly runDirectory: string;
  readonly kernels: readonly PlannedKernel[];
  /** Ids of the claims to judge. */
  readonly claims: readonly string[];
  readonly specFiles: readonly string[];
  readonly repeat: number;
  /** Carry out each claim's breaks instead of the claim itself. */
  readonly selfcheck: boolean;
  readonly workers: number;
  readonly isolation: Isolation;
  readonly append: string;
  /** Judge as if every kernel were of this version: what claims expect by kernel is what they expect of it. */
  readonly as?: string;
  /** How much slower than the reference machine this one is. */
  readonly slowdown: number;
}

/** The variable that leads vitest's configuration to the plan of the run. */
export const planVariable = 'KERNSPEC_PLAN';

/** The plan of the run we are part of, or undefined outside a run. */
export const currentPlan = (env: NodeJS.ProcessEnv = process.env): Plan | undefined => {
  const path = env[planVariable];
  return path === undefined ? undefined : (JSON.parse(readFileSync(path, 'utf8')) as Plan);
};
