import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { sha256OfFile } from '../base/atomic.ts';
import { HostError } from '../base/errors.ts';
import { cacheDir } from '../base/paths.ts';
import type { Kernel } from '../kernels/kernel.ts';

/** Where kernels of the archive and minimal kernels lie, each in a directory of its own. */
export const kernelsDirectory = (): string => join(cacheDir(), 'kernels');

/** What stands beside the files of a cached kernel: what it is, and the sha256 of each file. */
const Manifest = z.strictObject({
  series: z.string(),
  version: z.string(),
  release: z.string(),
  suite: z.string(),
  package: z.string(),
  packageVersion: z.string(),
  packageSha256: z.string(),
  files: z.record(z.string(), z.string()),
});
export type Manifest = z.infer<typeof Manifest>;

/** What a directory of the cache says it holds; undefined when there is no kernel in it. */
export const readManifest = async (directory: string): Promise<Manifest | undefined> => {
  try {
    return Manifest.parse(JSON.parse(await readFile(join(directory, 'manifest.json'), 'utf8')));
  } catch {
    return undefined;
  }
};

/**
 * The kernel in a directory of the cache; its image is read and compared with the manifest first.
 *
 * @throws HostError when it is damaged
 */
export const kernelIn = async (
  directory: string,
  { prefix = 'linux', selector }: { readonly prefix?: string; readonly selector: string },
): Promise<Kernel> => {
  const manifest = await readManifest(directory);
  const image = join(directory, 'vmlinuz');
  const wanted = manifest?.files['vmlinuz'];
  if (manifest === undefined || wanted === undefined || (await sha256OfFile(image).catch(() => '')) !== wanted) {
    throw new HostError(`The cached kernel in ${directory} is damaged.`, {
      hint: `Remove it and run again: rm -r ${directory}`,
    });
  }
  const flavour = /-[a-z]+$/.exec(selector)?.[0] ?? '';
  return {
    id: `${prefix}-${manifest.version}${flavour}`,
    selector,
    series: `${manifest.series}${flavour}`,
    version: manifest.version,
    release: manifest.release,
    arch: 'x86_64',
    image,
    modules: join(directory, 'modules'),
    ...(manifest.files['config'] !== undefined && { config: join(directory, 'config') }),
    sha256: wanted,
    configSha256: manifest.files['config'] ?? '',
    provenance: {
      suite: manifest.suite,
      package: manifest.package,
      packageVersion: manifest.packageVersion,
      sha256: manifest.packageSha256,
    },
  };
};
