import { randomBytes } from 'node:crypto';
import { cpus } from 'node:os';
import type { BootableKernel } from '../harness/plan.ts';
import type { RecordHead } from '../report/record.ts';
import { qemuVersion } from '../../vm/qemu/accel.ts';
import { packageVersion } from './version.ts';

/** A name for a run: sorts by time, and two at once differ. */
export const newRunId = (): string =>
  `${new Date().toISOString().replaceAll(/[:.]/g, '-')}-${randomBytes(2).toString('hex')}`;

/** What every record begins with: who ran what, when, and on which kernels. */
export const recordHead = async (
  id: string,
  kernels: readonly BootableKernel[],
  appended: string,
): Promise<RecordHead> => ({
  schema: 1,
  id,
  started: new Date().toISOString(),
  kernspec: packageVersion,
  host: {
    qemu: await qemuVersion(),
    accel: kernels[0]?.accelerator.accel ?? 'tcg',
    accelReason: kernels[0]?.accelerator.reason ?? '',
    cpus: cpus().length,
  },
  kernels: kernels.map(({ kernel }) => ({
    id: kernel.id,
    series: kernel.series,
    release: kernel.release,
    arch: kernel.arch,
    package: `${kernel.provenance.package}=${kernel.provenance.packageVersion}`,
    sha256: kernel.sha256,
    configSha256: kernel.configSha256,
    appended,
  })),
});
