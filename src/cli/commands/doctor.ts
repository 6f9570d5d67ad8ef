import { readdir, readFile, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { HostError } from '../../base/errors.ts';
import { cacheDir } from '../../base/paths.ts';
import { installCommand, isWritable, leftoverMachines, requirements } from '../../provision/workstation.ts';
import { insistedOn } from '../../../vm/qemu/accel.ts';
import { writeJson } from '../output.ts';

interface Finding {
  readonly level: 'ok' | 'warn' | 'fail';
  readonly what: string;
  /** The one command that mends it. */
  readonly fix?: string;
}

const examine = async (): Promise<readonly Finding[]> => {
  const root = process.getuid?.() === 0;
  const needed = (await requirements()).map(({ what, package: name, met }): Finding =>
    met
      ? { level: 'ok', what }
      : { level: 'fail', what: `${what} is missing`, fix: installCommand([name], root).join(' ') },
  );
  return [...needed, await accelerator(), ...(await cache()), await leftovers()];
};

const accelerator = async (): Promise<Finding> => {
  const insisted = insistedOn();
  if (insisted !== undefined) return { level: 'ok', what: `accelerator: ${insisted.accel}: ${insisted.reason}` };
  const text = await readFile(join(cacheDir(), 'accelerator.json'), 'utf8').catch(() => '{}');
  const [known] = Object.values(JSON.parse(text) as Record<string, { accel: string; reason: string }>);
  const what = known === undefined ? 'not probed yet; the first run will' : `${known.accel}: ${known.reason}`;
  return { level: 'ok', what: `accelerator: ${what}` };
};

const cache = async (): Promise<readonly Finding[]> => {
  const directory = cacheDir();
  const writable = await isWritable(directory);
  const { bavail, bsize } = await statfs(directory).catch(() => statfs(dirname(directory)));
  const free = (bavail * bsize) / 2 ** 30;
  return [
    writable
      ? { level: 'ok', what: `cache: ${directory}` }
      : {
          level: 'fail',
          what: `cache: ${directory} cannot be written`,
          fix: 'export KERNSPEC_CACHE_DIR=/some/other/directory',
        },
    free > 2
      ? { level: 'ok', what: `disk: ${free.toFixed(0)} GiB free` }
      : { level: 'warn', what: `disk: only ${free.toFixed(1)} GiB free`, fix: 'npx kernspec clean' },
  ];
};

const leftovers = async (): Promise<Finding> => {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0);
  const left = await leftoverMachines(pids);
  if (left.length === 0) return { level: 'ok', what: 'no machine is left over' };
  const names = left.map(({ name, pid }) => `${name} (pid ${pid})`).join(', ');
  return { level: 'warn', what: `left over: ${names}`, fix: `kill ${left.map(({ pid }) => pid).join(' ')}` };
};

/** `kernspec doctor` */
export const registerDoctor = (program: Command): void => {
  program
    .command('doctor')
    .description('what this computer has, lacks, and decides')
    .option('--json', 'as JSON on stdout')
    .action(async ({ json = false }: { json?: boolean }) => {
      const findings = await examine();
      if (json) await writeJson(findings, true);
      else
        for (const { level, what, fix } of findings)
          process.stdout.write(`${level.padEnd(5)}${what}${fix === undefined ? '' : `\n     ${fix}`}\n`);
      const failed = findings.filter(({ level }) => level === 'fail').length;
      if (failed > 0)
        throw new HostError(`${failed} of ${findings.length} checks failed.`, { hint: 'Each says what mends it.' });
    });
};
