import { readFile, stat } from 'node:fs/promises';
import { cpus } from 'node:os';
import { cacheDir } from '../base/paths.ts';
import { HostError, InfrastructureError } from '../base/errors.ts';
import type { BootableKernel, PlannedKernel } from '../harness/plan.ts';
import { lackingIn } from '../kernels/config.ts';
import type { Kernel } from '../kernels/kernel.ts';
import { isOwnKernel, versionInRelease } from '../kernels/own-kernel.ts';
import { seriesOf } from '../kernels/version.ts';
import { factsOf } from '../provision/facts.ts';
import { buildGuestImage, noExtras, type GuestExtras } from '../provision/guest-image.ts';
import { pullKernel, selectKernels } from '../provision/kernels.ts';
import { isMinimalKernel } from '../kernels/minimal-kernel.ts';
import { builtKernel } from '../provision/kernel-build.ts';
import { ownKernel } from '../provision/own-kernels.ts';
import { obtainTemplate } from '../provision/templates.ts';
import type { OnProgress } from '../../vm/archive/apt-root.ts';
import type { MachineSpec } from '../../vm/machine.ts';
import { chooseAccelerator } from '../../vm/qemu/accel.ts';
import type { Progress } from './progress.ts';

/**
 * Everything needed to boot the kernels that the selectors name: pulls them, builds their guests, chooses the accelerator.
 * Those of the archive come first, oldest first; then minimal kernels and those of one's own, as they were named.
 */
export const prepareKernels = async (
  selectors: readonly string[],
  progress: Progress,
  extras: GuestExtras = noExtras,
): Promise<readonly BootableKernel[]> => {
  progress.phase('looking for kernels');
  // What cannot be meant is said before anything is downloaded.
  const own = await Promise.all([...new Set(selectors.filter(isOwnKernel))].map(ownKernel));
  const minimal = await Promise.all([...new Set(selectors.filter(isMinimalKernel))].map(builtKernel));
  const archived = selectors.filter((selector) => !isOwnKernel(selector) && !isMinimalKernel(selector));
  const offers =
    archived.length === 0 ? [] : await selectKernels(archived, { onNotice: (notice) => progress.line(notice) });
  const kernels: Kernel[] = [];
  for (const offer of offers) {
    progress.phase(`kernel ${offer.name}`);
    kernels.push(await pullKernel(offer, ({ what, done, total }) => progress.bytes(what, done, total)));
  }
  const planned: BootableKernel[] = [];
  for (const kernel of [...kernels, ...minimal, ...own])
    planned.push(await prepareKernel(kernel, progress, extras, planned[0]?.accelerator));
  return planned;
};

const prepareKernel = async (
  kernel: Kernel,
  progress: Progress,
  extras: GuestExtras,
  known: BootableKernel['accelerator'] | undefined,
): Promise<BootableKernel> => {
  progress.phase(`guest for ${kernel.selector}`);
  const onProgress: OnProgress = ({ what, done, total }) => progress.bytes(what, done, total);
  const image = await buildGuestImage(kernel, onProgress, extras);
  if (known === undefined) progress.phase('accelerator');
  const accelerator = known ?? (await chooseAccelerator({ kernel: kernel.image, initramfs: image.path }, cacheDir()));
  const { size } = await stat(image.path);
  return {
    kernel,
    initramfs: image.path,
    initramfsSha256: image.sha256,
    accelerator,
    ...(size > largeImage && { memoryMiB: memoryFor(size) }),
  };
};

/** Bytes of an initramfs from which on the usual memory has no room for it and what it becomes. */
const largeImage = 150 * 2 ** 20;

/** MiB: while it is unpacked both are there, it and what it becomes; and programs want room, too. */
const memoryFor = (bytes: number): number => Math.ceil((2 * bytes + 512 * 2 ** 20) / 2 ** 28) * 256;

/** How a machine of a kernel is started. */
const machineSpec = (
  { kernel, initramfs, accelerator, memoryMiB }: BootableKernel,
  options: Pick<MachineSpec, 'append' | 'slowdown'> = {},
): MachineSpec => ({
  kernel: kernel.image,
  initramfs,
  accelerator,
  ...(memoryMiB !== undefined && { memoryMiB }),
  ...options,
});

/** The template of one kernel; booted now if there is none. */
export const templateOf = (
  bootable: BootableKernel,
  progress: Progress,
  options: Pick<MachineSpec, 'append' | 'slowdown'> = {},
) => {
  const { kernel, initramfsSha256 } = bootable;
  return obtainTemplate(
    machineSpec(bootable, options),
    { kernel: kernel.sha256, image: initramfsSha256 },
    {
      onBuild: () => progress.phase(`booting ${kernel.selector} once, for its clones`),
      onWait: () => progress.phase(`another process is booting ${kernel.selector}`),
      onRefused: (why) => progress.line(`${why} It is made anew.`),
    },
  );
};

/**
 * Templates for all kernels, `workers` at a time. A kernel that does not boot costs its own claims, and nobody else's.
 *
 * @throws HostError when this computer lacks something
 */
export const prepareTemplates = async (
  kernels: readonly BootableKernel[],
  progress: Progress,
  { workers, append }: { readonly workers: number; readonly append: string },
): Promise<readonly PlannedKernel[]> => {
  const planned = new Map<BootableKernel, PlannedKernel>();
  const waiting = [...kernels];
  const work = async (): Promise<void> => {
    for (let bootable = waiting.shift(); bootable !== undefined; bootable = waiting.shift())
      planned.set(bootable, await attempt(bootable));
  };
  const attempt = async (bootable: BootableKernel): Promise<PlannedKernel> => {
    const { kernel, accelerator } = bootable;
    const slowdown = Math.max(1, workers / cpus().length);
    try {
      const template = await templateOf(bootable, progress, { append, slowdown });
      const { directory } = template;
      if (kernel.config !== undefined)
        return { ...bootable, template: directory, lacks: lackingIn(await readFile(kernel.config, 'utf8')) };
      const { release, lacks, configSha256 } = await factsOf(template, { accelerator, slowdown });
      const version = versionInRelease(release);
      // What runs knows better than the header of its image.
      const running = { ...kernel, release, version, series: seriesOf(version), configSha256 };
      return { ...bootable, kernel: running, template: directory, lacks };
    } catch (error) {
      // This computer's fault stops everything; what is wrong with one kernel's machine costs its claims alone.
      if (error instanceof HostError || !(error instanceof InfrastructureError)) throw error;
      return { ...bootable, template: { bootError: error.message, details: error.details ?? '' }, lacks: [] };
    }
  };
  await Promise.all(Array.from({ length: Math.min(workers, kernels.length) }, work));
  return kernels.flatMap((bootable) => planned.get(bootable) ?? []);
};
