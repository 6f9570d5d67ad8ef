import { readFile, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { InfrastructureError, UsageError } from '../base/errors.ts';
import { commandPlace, takesCommand, type Target } from '../inits/target.ts';
import { programFiles } from '../provision/program-files.ts';
import { cpioArchive, type CpioEntry } from '../../vm/image/cpio.ts';
import { readRootfs } from '../../vm/image/rootfs.ts';
import { withParents } from '../../vm/image/tree.ts';
import { shellWord } from '../../vm/link/ssh.ts';
import type { Machine } from '../../vm/machine.ts';

/** Where the root directory of a target stands in the guest. */
const root = '/target';

/** Bytes that fit into a machine's memory beside everything else. */
const roomBytes = 160 * 2 ** 20;

/** What a target needs in the guest: its root directory. */
export interface TargetFiles {
  /** @throws InfrastructureError when the guest cannot take it */
  copyInto(machine: Machine): Promise<void>;
}

export interface OwnTarget {
  readonly target: Pick<Target, 'name' | 'argv' | 'role' | 'root'>;
  readonly files: TargetFiles;
}

/**
 * A target by its command line: a program of this computer, taken along with what it needs into a root directory of its own, or
 * one that stands in somebody's root file system. Nothing of it is executed here.
 *
 * @param argv may be empty with a root file system that says what it runs
 * @throws UsageError saying what is wrong with it
 */
export const ownTarget = async (argv: readonly string[], rootfs: string | undefined): Promise<OwnTarget> =>
  rootfs === undefined ? programTarget(argv) : rootfsTarget(argv, rootfs);

const roleOf = (argv: readonly string[]): Target['role'] => (takesCommand({ argv }) ? 'wrapper' : 'bare');

const programTarget = async ([command = '', ...rest]: readonly string[]): Promise<OwnTarget> => {
  if (command === commandPlace)
    throw new UsageError('The command line begins with {cmd}: there is no program to validate.', {
      hint: 'kernspec init -- ./my-init {cmd}',
    });
  const { program, entries } = await programFiles(command);
  const files = (await Promise.all(rest.map(fileOf))).filter((entry) => entry !== undefined);
  const argv = [
    program,
    ...rest.map((word) => (files.some(({ path }) => `/${path}` === resolve(word)) ? resolve(word) : word)),
  ];
  return {
    target: { name: basename(command), argv, role: roleOf(argv), root },
    files: copied(merged([...entries, ...files]), true),
  };
};

/** A file that the command line names, such as a script for an interpreter. */
const fileOf = async (word: string): Promise<(CpioEntry & { readonly type: 'file' }) | undefined> => {
  if (word.startsWith('-') || word === commandPlace) return undefined;
  const path = resolve(word);
  const about = await stat(path).catch(() => undefined);
  if (about?.isFile() !== true) return undefined;
  return { type: 'file', path: path.slice(1), mode: about.mode & 0o777, content: await readFile(path) };
};

const rootfsTarget = async (words: readonly string[], path: string): Promise<OwnTarget> => {
  const { entries, config } = await readRootfs(path);
  const argv = words.length > 0 ? words : [...config.entrypoint, ...config.cmd];
  const [program] = argv;
  if (program === undefined)
    throw new UsageError(`${path} does not say which program it runs.`, {
      hint: `Say it: kernspec init --rootfs ${path} -- /sbin/init {cmd}`,
    });
  const size = entries.reduce((sum, entry) => sum + (entry.type === 'file' ? entry.content.length : 0), 0);
  if (size > roomBytes)
    throw new UsageError(
      `${path} holds ${Math.ceil(size / 2 ** 20)} MiB; a machine of ours has room for ${roomBytes / 2 ** 20} MiB.`,
      { hint: 'Leave out what the init does not need, or validate the init alone: kernspec init -- ./my-init {cmd}' },
    );
  const there = new Set(entries.map((entry) => entry.path));
  if (program.startsWith('/') && !there.has(program.slice(1)) && !reachable(program, entries))
    throw new UsageError(`There is no ${program} in ${path}.`, {
      hint: 'Name the program as it is inside the root file system.',
    });
  return { target: { name: basename(program), argv, role: roleOf(argv), root }, files: copied(entries, false) };
};

/** Whether a directory on the way is a symlink, so that only the kernel can tell. */
const reachable = (program: string, entries: readonly CpioEntry[]): boolean =>
  entries.some(({ type, path }) => type === 'symlink' && program.startsWith(`/${path}/`));

/** One entry for each path: the last one. */
const merged = (entries: readonly CpioEntry[]): readonly CpioEntry[] =>
  withParents([...new Map(entries.map((entry) => [entry.path, entry])).values()]);

/** Makes the root directory in a guest; with the usual small tools for one that is only a program. */
const copied = (entries: readonly CpioEntry[], withTools: boolean): TargetFiles => {
  const archive = cpioArchive(entries);
  const tools = withTools
    ? `mkdir -p bin usr/bin etc && cp -n /usr/bin/busybox bin/busybox && for name in $(busybox --list); do [ -e bin/$name ] || [ -e usr/bin/$name ] || ln -s busybox bin/$name; done; cp -n /etc/passwd /etc/group etc/; `
    : '';
  const unpack = `mkdir -p ${root} && cd ${root} && busybox cpio -id --quiet && ${tools}mkdir -p proc dev tmp run && chmod 1777 tmp`;
  return {
    copyInto: async (machine) => {
      const { code, stderr } = await machine.exec(unpack.replaceAll(root, shellWord(root)), {
        input: archive,
        ms: 120_000 * machine.slowdown,
      });
      if (code !== 0)
        throw new InfrastructureError(
          `The guest could not take the root file system: ${stderr.trim().split('\n')[0] ?? ''}`,
        );
    },
  };
};
