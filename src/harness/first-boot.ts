import { BootError, messageOf } from '../base/errors.ts';
import { writeFileAtomically } from '../base/atomic.ts';
import { Violation } from '../claims/violation.ts';
import { MachineFailure } from '../../vm/failure.ts';
import { cpioArchive } from '../../vm/image/cpio.ts';
import { boot, machineName } from '../../vm/machine.ts';
import type { BootableKernel } from './plan.ts';

/** Where, and how patiently, a kernel is booted by itself. */
export interface FirstBoot extends Pick<BootableKernel, 'kernel' | 'accelerator'> {
  /** Path of the initramfs that is made for it: part of the evidence, so that the boot can be repeated. */
  readonly initramfs: string;
  readonly slowdown: number;
}

/** What was booted, and what came of it. */
export interface BootSighting {
  readonly initramfs: string;
  readonly append: string;
  readonly console: string;
}

/**
 * Boots a kernel of which `/init` is the only program, an executable file with this content, and returns the line in which it says
 * why it panics. (init/main.c, kernel_init())
 *
 * @throws Violation when it comes to anything but a panic
 */
export const panicAtBoot = async (
  { kernel, accelerator, initramfs, slowdown }: FirstBoot,
  init: string,
  append: string,
): Promise<{ readonly panic: string; readonly sighting: BootSighting }> => {
  const content = Buffer.from(init);
  await writeFileAtomically(initramfs, cpioArchive([{ type: 'file', path: 'init', mode: 0o755, content }]));
  try {
    const machine = { kernel: kernel.image, initramfs, append, accelerator, slowdown };
    const guest = await boot(machine, machineName());
    await guest[Symbol.asyncDispose]();
  } catch (error) {
    if (!(error instanceof BootError && error.cause instanceof MachineFailure)) throw error;
    const { kind } = error.cause;
    const console = error.details ?? '';
    const panic = /Kernel panic - not syncing: .*/.exec(console)?.[0];
    if (panic !== undefined) return { panic, sighting: { initramfs, append, console } };
    if (kind === 'reboot') throw new Violation(`Expected a panic: ${messageOf(error)}\n${console}`, { cause: error });
    throw error;
  }
  throw new Violation('Expected a panic, but the machine is up.');
};
