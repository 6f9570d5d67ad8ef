import { cacheDir } from '../base/paths.ts';
import type { PlannedKernel } from '../harness/plan.ts';
import { buildGuestImage } from '../provision/guest-image.ts';
import { pullKernel, selectKernels, type Offer } from '../provision/kernels.ts';
import { chooseAccelerator } from '../../vm/qemu/accel.ts';
import type { Progress } from './progress.ts';

/** Everything needed to boot the kernels that the selectors name: pulls them, builds their guests, chooses the accelerator. */
export const prepareKernels = async (
  selectors: readonly string[],
  progress: Progress,
): Promise<readonly PlannedKernel[]> => {
  progress.phase('looking for kernels');
  const offers = await selectKernels(selectors, { onNotice: (notice) => progress.line(notice) });
  const planned: PlannedKernel[] = [];
  for (const offer of offers) planned.push(await prepareKernel(offer, progress, planned[0]?.accelerator));
  return planned;
};

const prepareKernel = async (
  offer: Offer,
  progress: Progress,
  known: PlannedKernel['accelerator'] | undefined,
): Promise<PlannedKernel> => {
  progress.phase(`kernel ${offer.version}`);
  const kernel = await pullKernel(offer, ({ what, done, total }) => progress.bytes(what, done, total));
  progress.phase(`guest for ${offer.version}`);
  const image = await buildGuestImage(kernel, ({ what, done, total }) => progress.bytes(what, done, total));
  if (known === undefined) progress.phase('accelerator');
  const accelerator = known ?? (await chooseAccelerator({ kernel: kernel.image, initramfs: image.path }, cacheDir()));
  return { kernel, initramfs: image.path, accelerator };
};
