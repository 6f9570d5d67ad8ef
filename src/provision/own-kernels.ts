import { createReadStream } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { sha256OfFile } from '../base/atomic.ts';
import { messageOf, UsageError } from '../base/errors.ts';
import { inspectBootImage, inspectedBytes, releaseInBanner } from '../kernels/boot-image.ts';
import type { Kernel } from '../kernels/kernel.ts';
import { parseOwnKernel, versionInRelease } from '../kernels/own-kernel.ts';
import { seriesOf } from '../kernels/version.ts';

/**
 * The kernel that a selector such as `./bzImage,modules=DIR` names. It stays where it is.
 *
 * @throws UsageError when there is no such file, or it is no x86-64 kernel
 */
export const ownKernel = async (selector: string): Promise<Kernel> => {
  const { image: named, modules } = parseOwnKernel(selector);
  const image = resolve(named);
  const head = await headOf(image);
  if (modules !== undefined && (await stat(modules).catch(() => undefined))?.isDirectory() !== true)
    throw new UsageError(`${modules} is not a directory of modules.`);
  const { format, release = await releaseOfVmlinux(image) } = inspectBootImage(head, named);
  const version = versionInRelease(release);
  const sha256 = await sha256OfFile(image);
  const config = await configBeside(image, release);
  return {
    id: `own-${version}-${sha256.slice(0, 8)}`,
    selector,
    series: seriesOf(version),
    version,
    release,
    arch: 'x86_64',
    image,
    ...(modules !== undefined && { modules: resolve(modules) }),
    ...(config !== undefined && { config }),
    sha256,
    configSha256: config === undefined ? '' : await sha256OfFile(config),
    provenance: { suite: 'own', package: format, packageVersion: release, sha256 },
  };
};

const headOf = async (image: string): Promise<Buffer> => {
  try {
    await using file = await open(image);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(inspectedBytes), 0, inspectedBytes, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    throw new UsageError(`The kernel ${image} cannot be read: ${messageOf(error)}.`, {
      hint: 'Name an existing bzImage or vmlinux, or `kernspec kernels list` for those of the archive.',
    });
  }
};

/** The banner may lie across two pieces of the file: the end of each is looked at again with the next. */
const releaseOfVmlinux = async (image: string): Promise<string> => {
  let before = '';
  for await (const piece of createReadStream(image, { encoding: 'latin1', highWaterMark: 2 ** 20 })) {
    const found = releaseInBanner(before + String(piece));
    if (found !== undefined) return found;
    before = String(piece).slice(-300);
  }
  throw new UsageError(`${image} is an ELF file, but no kernel: it does not say "Linux version".`);
};

/** The configuration that lies beside an image, or at the root of the tree it was built in; only if it is of the same version. */
const configBeside = async (image: string, release: string): Promise<string | undefined> => {
  const directory = dirname(image);
  const version = /^\d+(?:\.\d+)+/.exec(release)?.[0] ?? '';
  for (const path of [
    join(directory, `config-${release}`),
    `${image}.config`,
    join(directory, 'config'),
    join(directory, '.config'),
    join(directory, '../../..', '.config'),
  ]) {
    const first = await readFile(path, 'utf8').then(
      (text) => text.slice(0, 500),
      () => '',
    );
    if (first.includes(`# Linux/x86 ${version}`)) return path;
  }
  return undefined;
};
