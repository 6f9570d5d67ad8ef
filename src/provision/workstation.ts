import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram, run } from '../base/process.ts';

/** Something the workstation must have. */
export interface Requirement {
  /** What it is, in words. */
  readonly what: string;
  /** The Debian package that has it. */
  readonly package: string;
  readonly met: boolean;
}

const programs: readonly (readonly [program: string, what: string, debianPackage: string])[] = [
  ['qemu-system-x86_64', 'QEMU for x86-64 guests', 'qemu-system-x86'],
  ['cc', 'a C compiler', 'gcc'],
  ['setpriv', 'setpriv, which ties QEMU to our life', 'util-linux'],
  ['apt-get', 'apt, which fetches kernels', 'apt'],
  ['dpkg-deb', 'dpkg-deb, which unpacks them', 'dpkg'],
  ['xz', 'xz', 'xz-utils'],
  ['zstd', 'zstd', 'zstd'],
];

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Whether a C program can be linked statically: the compiler alone is not enough. */
const hasStaticLibc = async (): Promise<boolean> => {
  const { exitCode, stdout } = await run('cc', ['-print-file-name=libc.a']);
  return exitCode === 0 && stdout.trim() !== 'libc.a' && (await exists(stdout.trim()));
};

/** What the workstation needs, and whether it is there. Looks, and changes nothing. */
export const requirements = async (path: string = process.env['PATH'] ?? ''): Promise<readonly Requirement[]> => {
  const found = await Promise.all(
    programs.map(async ([program, what, debianPackage]) => ({
      what: `${program}: ${what}`,
      package: debianPackage,
      met: (await findProgram(program, path)) !== undefined,
    })),
  );
  const compiler = found.some((requirement) => requirement.package === 'gcc' && requirement.met);
  return [
    ...found,
    { what: 'libc.a: the static C library', package: 'libc6-dev', met: compiler && (await hasStaticLibc()) },
    {
      what: "the keys of Debian's archive",
      package: 'debian-archive-keyring',
      met: await exists('/usr/share/keyrings/debian-archive-keyring.gpg'),
    },
  ];
};

/** The one command that installs packages, or undefined where there is no apt. */
export const installCommand = (packages: readonly string[], root: boolean): readonly string[] => [
  ...(root ? [] : ['sudo']),
  'apt-get',
  'install',
  '-y',
  '--no-install-recommends',
  ...packages,
];

/** Whether we may install packages without asking anybody: as root, or with sudo that wants no password. */
export const mayInstall = async (): Promise<'root' | 'sudo' | undefined> => {
  if ((await findProgram('apt-get')) === undefined) return undefined;
  if (process.getuid?.() === 0) return 'root';
  if ((await findProgram('sudo')) === undefined) return undefined;
  return (await run('sudo', ['-n', 'true'])).exitCode === 0 ? 'sudo' : undefined;
};

/** A machine whose owner is dead: a QEMU of ours that should not be there. */
export interface LeftoverMachine {
  readonly pid: number;
  readonly name: string;
}

/** Machines on this computer whose owner, the process number in their name, is gone. */
export const leftoverMachines = async (pids: readonly number[]): Promise<readonly LeftoverMachine[]> => {
  const leftovers: LeftoverMachine[] = [];
  for (const pid of pids) {
    const argv = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
    const name = argv[argv.indexOf('-name') + 1] ?? '';
    const owner = /^kernspec-(\d+)-/.exec(name)?.[1];
    if (argv.includes('-name') && owner !== undefined && !(await exists(`/proc/${owner}`)))
      leftovers.push({ pid, name });
  }
  return leftovers;
};

/** Whether a directory can be written to; made if it is missing. */
export const isWritable = async (directory: string): Promise<boolean> => {
  try {
    const probe = await mkdtemp(join(directory, 'doctor-'));
    await writeFile(join(probe, 'x'), 'x');
    await rm(probe, { recursive: true });
    return true;
  } catch {
    return directory === tmpdir() ? false : !(await exists(directory));
  }
};
