import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomically } from '../../src/base/atomic.ts';
import { messageOf, UsageError } from '../../src/base/errors.ts';
import { runOrFail } from '../../src/base/process.ts';
import { launch, type MachineSpec } from '../machine.ts';
import type { Accelerator } from './argv.ts';

/** How much slower than KVM we may be before we say that KVM hangs: a guest is up under KVM in well under this, in ms. */
const kvmDeadlineMs = 10_000;

const Remembered = z.record(z.string(), z.object({ accel: z.enum(['kvm', 'tcg']), reason: z.string() }));

const readRemembered = async (path: string): Promise<z.infer<typeof Remembered>> => {
  try {
    return Remembered.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return {};
  }
};

/**
 * What the user insists on by KERNSPEC_ACCEL; undefined for `auto`.
 *
 * @throws UsageError for anything else
 */
export const insistedOn = (env: NodeJS.ProcessEnv = process.env): Accelerator | undefined => {
  const wanted = env['KERNSPEC_ACCEL'] ?? 'auto';
  if (wanted === 'tcg' || wanted === 'kvm') return { accel: wanted, reason: `KERNSPEC_ACCEL=${wanted}` };
  if (wanted === 'auto') return undefined;
  throw new UsageError(`KERNSPEC_ACCEL is "${wanted}".`, { hint: 'Set it to auto, kvm or tcg.' });
};

/** The first line of `qemu-system-x86_64 --version`. */
export const qemuVersion = async (program = 'qemu-system-x86_64'): Promise<string> =>
  (await runOrFail(program, ['--version'])).split('\n')[0] ?? '';

/** What an answer of the probe depends on: this boot of this computer, its CPU, its QEMU, the guest that was booted. */
const probeKey = async ({ kernel, initramfs }: Pick<MachineSpec, 'kernel' | 'initramfs'>): Promise<string> => {
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  const cpu = /^model name\s*: (.*)$/m.exec(await readFile('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown CPU';
  return [bootId, cpu, await qemuVersion(), kernel, initramfs].join(' | ');
};

/**
 * Decides how guests are run. That /dev/kvm exists, opens, and creates virtual CPUs does not mean that QEMU runs on it:
 * only a guest that boots does. So one is booted, within a deadline, and the answer is remembered.
 *
 * @param directory where the answer is kept
 * @param wanted what the user insists on
 */
export const chooseAccelerator = async (
  guest: Pick<MachineSpec, 'kernel' | 'initramfs'>,
  directory: string,
  wanted = insistedOn(),
): Promise<Accelerator> => {
  if (wanted !== undefined) return wanted;
  try {
    await access('/dev/kvm', constants.R_OK | constants.W_OK);
  } catch {
    return { accel: 'tcg', reason: '/dev/kvm is not there, or may not be opened' };
  }
  const path = join(directory, 'accelerator.json');
  const key = await probeKey(guest);
  const remembered = await readRemembered(path);
  const known = remembered[key];
  if (known !== undefined) return known;
  const decided = await probeKvm(guest);
  await writeFileAtomically(path, JSON.stringify({ [key]: decided }, null, 1));
  return decided;
};

const probeKvm = async (guest: Pick<MachineSpec, 'kernel' | 'initramfs'>): Promise<Accelerator> => {
  try {
    const accelerator: Accelerator = { accel: 'kvm', reason: 'a guest booted under KVM' };
    await using machine = await launch({ ...guest, accelerator, bootDeadlineMs: kvmDeadlineMs });
    return machine.accelerator;
  } catch (error) {
    const reason = messageOf(error).split('\n')[0] ?? '';
    return { accel: 'tcg', reason: `/dev/kvm opens, but no guest boots under KVM: ${reason}` };
  }
};
