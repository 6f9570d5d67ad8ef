import type { Command } from 'commander';
import { HostError, UsageError } from '../../base/errors.ts';
import { readCatalogue } from '../../provision/catalogue.ts';
import { buildKernel } from '../../provision/kernel-build.ts';
import { isCached, kernelOffers, pullKernel, selectKernels, verifyKernels } from '../../provision/kernels.ts';
import { writeJson } from '../output.ts';
import { Progress } from '../progress.ts';

interface ListOptions {
  readonly flavour?: string;
  readonly json?: true;
  readonly refresh?: true;
}

const list = async ({ flavour, json, refresh }: ListOptions): Promise<void> => {
  const flavours = Object.keys(readCatalogue().flavours);
  const wanted = flavour ?? flavours[0] ?? '';
  if (!flavours.includes(wanted))
    throw new UsageError(`There is no flavour "${wanted}".`, { hint: `Flavours: ${flavours.join(', ')}.` });
  const progress = new Progress();
  progress.phase('looking for kernels');
  const all = await kernelOffers({ refresh: refresh === true, onNotice: (notice) => progress.line(notice) });
  const offers = all.filter((offer) => offer.flavour === wanted);
  const rows = await Promise.all(offers.map(async (offer) => ({ ...offer, cached: await isCached(offer) })));
  progress.clear();
  if (json === true) {
    await writeJson(rows, true);
    return;
  }
  process.stdout.write(`series  version           cached  suite              release\n`);
  for (const { series, name, cached, suite, release } of rows)
    process.stdout.write(
      `${series.padEnd(8)}${name.padEnd(18)}${(cached ? 'yes' : '').padEnd(8)}${suite.padEnd(19)}${release}\n`,
    );
};

const pull = async (selectors: readonly string[]): Promise<void> => {
  const progress = new Progress();
  progress.phase('looking for kernels');
  for (const offer of await selectKernels(selectors, { onNotice: (notice) => progress.line(notice) })) {
    const kernel = await pullKernel(offer, ({ what, done, total }) => progress.bytes(what, done, total));
    progress.clear();
    process.stdout.write(`${kernel.selector}  ${kernel.image}\n`);
  }
};

const verify = async ({ json = false }: { json?: boolean }): Promise<void> => {
  const verified = await verifyKernels();
  if (json) await writeJson(verified, true);
  else
    for (const { version, directory, problems } of verified) {
      process.stdout.write(`${problems.length === 0 ? 'ok     ' : 'damaged'}  ${version.padEnd(12)}${directory}\n`);
      for (const problem of problems) process.stdout.write(`         ${problem}\n`);
    }
  const damaged = verified.filter(({ problems }) => problems.length > 0);
  if (damaged.length === 0) return;
  throw new HostError(`${damaged.length} of ${verified.length} cached kernels are damaged.`, {
    hint: `Remove them and pull again: rm -r ${damaged.map(({ directory }) => directory).join(' ')}`,
  });
};

/** About how many files a minimal kernel is compiled from; it differs by version. */
const usualFiles = 1400;

const build = async (selectors: readonly string[]): Promise<void> => {
  const progress = new Progress();
  for (const selector of selectors) {
    progress.phase(`looking for the source of ${selector}`);
    const kernel = await buildKernel(selector, {
      onPhase: (what) => progress.phase(what),
      onBytes: (what, done, total) => progress.bytes(what, done, total),
      onCompiled: (files) => progress.count(files, Math.max(files, usualFiles), 'files compiled'),
    });
    progress.clear();
    process.stdout.write(`${kernel.selector}  ${kernel.release}  ${kernel.image}\n`);
  }
};

/** `kernspec kernels list|pull|build|verify` */
export const registerKernels = (program: Command): void => {
  const kernels = program.command('kernels').description('the kernels on offer and in the cache');
  kernels
    .command('list')
    .description('every series and version on offer')
    .option('--flavour <name>', 'of this flavour, such as rt; the usual one unless told')
    .option('--json', 'as JSON on stdout')
    .option('--refresh', 'ask the archive, even if the list is of today')
    .action(list);
  kernels
    .command('pull')
    .description('download kernels')
    .argument('<selectors...>', 'such as 6.12, 6.12-rt, default, all')
    .action(pull);
  kernels
    .command('build')
    .description('build minimal kernels from the source of the archive and kernel-configs/fragments')
    .argument('<selectors...>', 'such as min:6.12, min:newest, min:6.12+debug')
    .action(build);
  kernels
    .command('verify')
    .description('compare every cached file with its checksum')
    .option('--json', 'as JSON on stdout')
    .action(verify);
};
