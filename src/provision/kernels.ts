import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createAtomically, sha256, sha256OfFile } from '../base/atomic.ts';
import { HostError } from '../base/errors.ts';
import { withLock } from '../base/lock.ts';
import { runOrFail } from '../base/process.ts';
import type { Kernel } from '../kernels/kernel.ts';
import { selectVersions } from '../kernels/selector.ts';
import type { OnProgress } from '../../vm/archive/apt-root.ts';
import { extractDeb } from '../../vm/archive/deb.ts';
import { readCatalogue } from './catalogue.ts';
import { kernelIn, kernelsDirectory, readManifest, type Manifest } from './cached-kernel.ts';
import { kernelOffers, kernelRoot, type Offer } from './offers.ts';

export { kernelOffers, type Offer } from './offers.ts';

/** The modules that guests may need, by file name; `-` and `_` mean the same. */
const isWantedModule = (path: string, wanted: ReadonlySet<string>): boolean => {
  const name = /\/([^/]+)\.ko(?:\.(?:xz|zst))?$/.exec(path)?.[1];
  return name !== undefined && wanted.has(name.replaceAll('-', '_'));
};

/** What the modules of the catalogue depend on, over all kernels; modules that a kernel has built in are not in its package. */
const dependencies = [
  'virtio',
  'virtio_ring',
  'virtio_pci_modern_dev',
  'virtio_pci_legacy_dev',
  'failover',
  'net_failover',
];

const keyOf = ({ packages }: Offer): string => sha256(...packages.map((record) => `${record.sha256}\n`)).slice(0, 32);

/** The offers that selectors mean, oldest first. */
export const selectKernels = async (
  selectors: readonly string[],
  options: Parameters<typeof kernelOffers>[0] = {},
): Promise<readonly Offer[]> => {
  const { sets, flavours } = readCatalogue();
  return selectVersions(selectors, await kernelOffers(options), { sets, flavours: Object.keys(flavours) });
};

/** Whether an offer has been pulled. */
export const isCached = async (offer: Offer): Promise<boolean> =>
  (await readManifest(join(kernelsDirectory(), keyOf(offer)))) !== undefined;

/**
 * The kernel of an offer, from the cache or from the archive. Two processes that want the same share one download.
 *
 * @throws HostError when it cannot be fetched, or what is cached is damaged
 */
export const pullKernel = async (offer: Offer, onProgress: OnProgress = () => undefined): Promise<Kernel> => {
  const directory = join(kernelsDirectory(), keyOf(offer));
  if ((await readManifest(directory)) === undefined) {
    await withLock(directory, async () => {
      if ((await readManifest(directory)) === undefined) await fetchKernel(offer, directory, onProgress);
    });
  }
  return kernelIn(directory, { selector: offer.name });
};

const fetchKernel = async (offer: Offer, directory: string, onProgress: OnProgress): Promise<void> => {
  const root = await kernelRoot();
  const packages: string[] = [];
  for (const record of offer.packages) packages.push(await root.download(record, onProgress));
  const [image] = offer.packages;
  if (image === undefined) throw new Error('an offer without packages');
  await createAtomically(directory, async (temporary) => {
    await mkdir(temporary, { recursive: true });
    await gatherFiles(packages, temporary);
    if (!(await filesBelow(temporary)).includes('vmlinuz'))
      throw new HostError(`The package ${image.name} has no kernel image in it.`);
    const files: Record<string, string> = {};
    for (const name of await filesBelow(temporary)) files[name] = await sha256OfFile(join(temporary, name));
    const manifest: Manifest = {
      series: offer.series,
      version: offer.version,
      release: offer.release,
      suite: offer.suite,
      package: image.name,
      packageVersion: image.version,
      packageSha256: image.sha256,
      files,
    };
    await writeFile(join(temporary, 'manifest.json'), `${JSON.stringify(manifest, null, 1)}\n`);
  });
  // What counts has been taken out; the packages are ten times as large.
  await Promise.all(packages.map((path) => rm(path, { force: true })));
};

/** Puts vmlinuz, config and the few modules of the packages side by side; both layouts of packages end up the same. */
const gatherFiles = async (packages: readonly string[], into: string): Promise<void> => {
  const wanted = new Set([...readCatalogue().modules, ...dependencies].map((name) => name.replaceAll('-', '_')));
  const raw = join(into, 'raw');
  await mkdir(raw);
  await mkdir(join(into, 'modules'));
  for (const path of packages) {
    await extractDeb(path, {
      into: raw,
      filter: (member) => /(^|\/)(vmlinuz|config)(-[^/]*)?$/.test(member) || isWantedModule(member, wanted),
    });
  }
  for (const name of await filesBelow(raw)) {
    const file = basename(name);
    const target = file.startsWith('vmlinuz')
      ? 'vmlinuz'
      : file.startsWith('config')
        ? 'config'
        : join('modules', file);
    await writeFile(join(into, target), await readFile(join(raw, name)));
  }
  await rm(raw, { recursive: true });
  const modules = (await readdir(join(into, 'modules'))).map((name) => join(into, 'modules', name));
  const compressed = (extension: string): readonly string[] => modules.filter((name) => name.endsWith(extension));
  if (compressed('.xz').length > 0) await runOrFail('xz', ['-d', ...compressed('.xz')]);
  if (compressed('.zst').length > 0) await runOrFail('zstd', ['-d', '-q', '--rm', ...compressed('.zst')]);
};

const filesBelow = async (directory: string): Promise<readonly string[]> => {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .toSorted();
};

/** What is wrong with a cached kernel, file by file. */
export interface VerifiedKernel {
  readonly directory: string;
  readonly version: string;
  readonly problems: readonly string[];
}

/** Reads every file of every cached kernel and compares it with its manifest. */
export const verifyKernels = async (): Promise<readonly VerifiedKernel[]> => {
  const names = await readdir(kernelsDirectory()).catch(() => [] as string[]);
  const verified: VerifiedKernel[] = [];
  for (const name of names.filter((entry) => !entry.includes('.tmp-')).toSorted()) {
    const directory = join(kernelsDirectory(), name);
    const manifest = await readManifest(directory);
    const problems: string[] = manifest === undefined ? ['manifest.json cannot be read'] : [];
    for (const [file, wanted] of Object.entries(manifest?.files ?? {})) {
      const actual = await sha256OfFile(join(directory, file)).catch(() => 'missing');
      if (actual !== wanted) problems.push(`${file}: ${actual === 'missing' ? 'missing' : `sha256 is ${actual}`}`);
    }
    verified.push({ directory, version: manifest?.version ?? '?', problems });
  }
  return verified;
};
