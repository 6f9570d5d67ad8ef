import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { cacheDir, runsDir } from '../../base/paths.ts';

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

/** Temporary files and directories of processes that are dead: `NAME.tmp-PID-…`. */
const abandoned = async (directory: string): Promise<readonly string[]> => {
  const entries = await readdir(directory, { recursive: true }).catch(() => [] as string[]);
  const paths = entries.filter((name) => /\.tmp-\d+-[0-9a-f]+$/.test(name));
  const dead: string[] = [];
  for (const name of paths) {
    const pid = /\.tmp-(\d+)-/.exec(name)?.[1] ?? '';
    if ((await stat(`/proc/${pid}`).catch(() => undefined)) === undefined) dead.push(join(directory, name));
  }
  return dead;
};

/** `kernspec clean [--all]`: touches nothing outside the cache and the runs. */
export const registerClean = (program: Command): void => {
  program
    .command('clean')
    .description('remove guest images, records of runs, and what dead processes left')
    .option('--all', 'the whole cache: kernels and downloads too')
    .action(async ({ all = false }: { all?: boolean }) => {
      const doomed = all
        ? [cacheDir(), runsDir()]
        : [join(cacheDir(), 'images'), join(cacheDir(), 'fixtures'), runsDir(), ...(await abandoned(cacheDir()))];
      for (const path of doomed) {
        const bytes = await bytesIn(path);
        await rm(path, { recursive: true, force: true });
        if (bytes > 0) process.stdout.write(`${(bytes / 2 ** 20).toFixed(1).padStart(9)} MiB  ${path}\n`);
      }
    });
};
