import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { abandonedIn } from '../../base/atomic.ts';
import { cacheDir, runsDir } from '../../base/paths.ts';
import { templatesDir } from '../../provision/templates.ts';

const bytesIn = async (path: string): Promise<number> => {
  const status = await stat(path).catch(() => undefined);
  if (status === undefined) return 0;
  if (!status.isDirectory()) return status.size;
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        stat(join(entry.parentPath, entry.name)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
};

/** `kernspec clean [--all]`: touches nothing outside the cache and the runs. */
export const registerClean = (program: Command): void => {
  program
    .command('clean')
    .description('remove guest images, templates, unfinished builds, records of runs, and what dead processes left')
    .option('--all', 'the whole cache: kernels and downloads too')
    .action(async ({ all = false }: { all?: boolean }) => {
      const doomed = all
        ? [cacheDir(), runsDir()]
        : [
            ...['images', 'fixtures', 'facts', 'builds'].map((name) => join(cacheDir(), name)),
            templatesDir(),
            runsDir(),
            ...(await abandonedIn(cacheDir())),
          ];
      for (const path of doomed) {
        const bytes = await bytesIn(path);
        await rm(path, { recursive: true, force: true });
        if (bytes > 0) process.stdout.write(`${(bytes / 2 ** 20).toFixed(1).padStart(9)} MiB  ${path}\n`);
      }
    });
};
