import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, normalize, relative, resolve } from 'node:path';
import { HostError, messageOf, UsageError } from '../base/errors.ts';
import { run } from '../base/process.ts';
import type { CpioEntry } from '../../vm/image/cpio.ts';
import { withParents } from '../../vm/image/tree.ts';
import { DamagedElfError, elfArchitecture, isElf, readElf, type Elf } from './elf.ts';

/** A program of the workstation, with all that a root file system must have for it to be executed there. */
export interface ProgramFiles {
  /** The absolute path at which it stands in the guest: the same as here. */
  readonly program: string;
  readonly entries: readonly CpioEntry[];
}

/** PATH if there is none. (execvp(3)) */
const defaultPath = '/bin:/usr/bin';

/** What is searched last; which of them ld.so(8) has, depends on the distribution. */
const defaultDirectories = [
  '/lib/x86_64-linux-gnu',
  '/usr/lib/x86_64-linux-gnu',
  '/lib64',
  '/usr/lib64',
  '/lib',
  '/usr/lib',
];

/** How often the kernel goes on to the interpreter of an interpreter. (exec_binprm() in fs/exec.c) */
const maxInterpreters = 5;

/** The kernel looks for `#!` and its line in as many bytes, less one. (BINPRM_BUF_SIZE in binfmts.h) */
const headSize = 256;

/**
 * Finds a program as execvp(3) does, and collects what it needs to be executed in an otherwise empty root file system:
 * the interpreter and the libraries of an ELF file, the interpreters of a script. Files are read, never executed. What
 * a program opens when it runs, by dlopen(3) or otherwise, nobody can tell and is not among them.
 *
 * @throws UsageError when there is none, it is none, or something that it needs is missing
 */
export const programFiles = async (
  command: string,
  {
    cwd = process.cwd(),
    path = process.env['PATH'] ?? defaultPath,
  }: { readonly cwd?: string; readonly path?: string } = {},
): Promise<ProgramFiles> => {
  const collection = new Collection(cwd, path);
  const program = await findCommand(command, cwd, path);
  await collection.addProgram(program, 0);
  return { program, entries: withParents(collection.entries) };
};

/** Why execve(2) would refuse a path, or undefined if it would not before it reads the file. */
const obstacle = async (path: string): Promise<'missing' | 'directory' | 'special' | 'mode' | undefined> => {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return 'missing';
  if (found.isDirectory()) return 'directory';
  if (!found.isFile()) return 'special';
  return (found.mode & 0o111) === 0 ? 'mode' : undefined;
};

const refused = (path: string, why: 'missing' | 'directory' | 'special' | 'mode'): UsageError => {
  switch (why) {
    case 'missing':
      return new UsageError(`There is no program ${path}.`, { hint: 'Name an existing program by its path.' });
    case 'directory':
      return new UsageError(`${path} is a directory, not a program.`, { hint: 'Name the program in it.' });
    case 'special':
      return new UsageError(`${path} is not a regular file.`, { hint: 'Name a program.' });
    case 'mode':
      return new UsageError(`${path} is not executable.`, { hint: `Make it so: chmod +x ${path}` });
  }
};

const findCommand = async (command: string, cwd: string, path: string): Promise<string> => {
  if (command === '') throw new UsageError('The name of the program is empty.', { hint: 'Name a program.' });
  if (command.includes('/')) {
    const full = resolve(cwd, command);
    const why = await obstacle(full);
    if (why !== undefined) throw refused(full, why);
    return full;
  }
  let inTheWay: UsageError | undefined;
  for (const directory of path.split(':')) {
    const full = resolve(cwd, directory, command);
    const why = await obstacle(full);
    if (why === undefined) return full;
    if (why !== 'missing') inTheWay ??= refused(full, why);
  }
  throw (
    inTheWay ??
    new UsageError(`There is no program ${command} on PATH.`, {
      hint: `If it stands in the current directory, name it ./${command}.`,
    })
  );
};

/** A loaded ELF file. */
interface Loaded {
  readonly path: string;
  /** What `$ORIGIN` stands for: of a program the directory it really is in, of a library the one it was found in. */
  readonly origin: string;
  readonly elf: Elf;
  /** Who needs it; the program has nobody. */
  readonly loader?: Loaded;
}

class Collection {
  readonly #cwd: string;
  readonly #path: string;
  readonly #entries = new Map<string, CpioEntry>();
  readonly #programs = new Set<string>();
  readonly #ofEnv = new Set<string>();
  #cache: Promise<ReadonlyMap<string, string>> | undefined;

  constructor(cwd: string, path: string) {
    this.#cwd = cwd;
    this.#path = path;
  }

  get entries(): readonly CpioEntry[] {
    return [...this.#entries.values()];
  }

  /** Adds an executable file and what it needs; `depth` counts the interpreters that led to it. */
  async addProgram(path: string, depth: number): Promise<void> {
    if (depth > maxInterpreters)
      throw new UsageError(`The interpreters of scripts that lead to ${path} are nested too deep for the kernel.`, {
        hint: 'Name a program in the #! line that is no script.',
      });
    const content = await this.#add(path);
    if (isElf(content)) {
      if (this.#programs.has(path)) return;
      this.#programs.add(path);
      await this.#addNeeds(path, content);
    } else if (Buffer.from(content).subarray(0, 2).toString() === '#!')
      await this.#addInterpreter(path, content, depth);
    else
      throw new UsageError(
        content.length === 0
          ? `${path} is an empty file, which the kernel cannot execute.`
          : `${path} is neither an ELF file nor a script with a #! line, so the kernel cannot execute it.`,
        { hint: 'If it is a script for the shell, begin it with #!/bin/sh.' },
      );
  }

  /**
   * Adds the file that a path leads to. If symbolic links lead there, one link stands for them all: parents are always
   * directories, so that nothing else in the guest gets in their way, and `$ORIGIN` stays what it is here.
   */
  async #add(path: string): Promise<Uint8Array> {
    const guest = normalize(path);
    try {
      const real = await realpath(path);
      const { mode } = await stat(real);
      const known = this.#entries.get(real);
      const content = known?.type === 'file' ? known.content : await readFile(real);
      this.#put({ type: 'file', path: real, mode: mode & 0o7777, content });
      if (guest !== real) this.#put({ type: 'symlink', path: guest, target: relative(dirname(guest), real) });
      return content;
    } catch (cause) {
      throw new UsageError(`${path} cannot be read: ${messageOf(cause)}.`, {
        hint: 'Give yourself the permission to read it.',
        cause,
      });
    }
  }

  #put(entry: CpioEntry): void {
    this.#entries.set(entry.path, { ...entry, path: entry.path.slice(1) });
  }

  async #addInterpreter(script: string, content: Uint8Array, depth: number): Promise<void> {
    const head = Buffer.from(content).subarray(0, headSize).toString('latin1');
    const end = head.indexOf('\n');
    if (end === -1 && content.length >= headSize)
      throw new UsageError(`The #! line of ${script} is longer than the 255 bytes that the kernel reads.`, {
        hint: 'Name an interpreter with a shorter path.',
      });
    const line = Buffer.from(end === -1 ? head : head.slice(0, end), 'latin1').toString();
    const [, interpreter, argument] = /^#![ \t]*([^ \t\0]+)[ \t]*([^\0]*?)[ \t]*(?:\0|$)/.exec(line) ?? [];
    if (interpreter === undefined)
      throw new UsageError(`The #! line of ${script} names no interpreter.`, { hint: 'Name one, as in #!/bin/sh.' });
    const path = resolve(this.#cwd, interpreter);
    await this.#needInterpreter(script, path, line);
    await this.addProgram(path, depth + 1);

    const name = basename(path) === 'env' ? programOfEnv(argument ?? '') : undefined;
    if (name === undefined) return;
    const found = await findCommand(name, this.#cwd, this.#path).catch((cause: unknown) => {
      throw new UsageError(`${script} needs the interpreter ${name}, which is not on PATH.`, {
        hint: interpreterHint(line),
        cause,
      });
    });
    // env(1) calls execvp(3): the kernel counts anew. A script that leads to itself would never end.
    if (this.#ofEnv.has(found)) return;
    this.#ofEnv.add(found);
    await this.addProgram(found, 0);
  }

  async #needInterpreter(needing: string, path: string, line = ''): Promise<void> {
    const why = await obstacle(path);
    if (why === undefined) return;
    const problem = why === 'missing' ? 'does not exist' : 'is not executable';
    throw new UsageError(`${needing} needs the interpreter ${JSON.stringify(path).slice(1, -1)}, which ${problem}.`, {
      hint: interpreterHint(line),
    });
  }

  /** Adds the interpreter of an ELF file and, as ld.so(8) would load them, breadth first, the libraries. */
  async #addNeeds(path: string, content: Uint8Array): Promise<void> {
    const elf = elfOf(path, content);
    if (!elf.isLoadable)
      throw new UsageError(`${path} is an ELF file, but not a program.`, {
        hint: 'Link it: it may be an object file.',
      });
    if (elf.interpreter === undefined) return;
    const interpreter = resolve(this.#cwd, elf.interpreter);
    await this.#needInterpreter(path, interpreter);
    const linker = elfOf(interpreter, await this.#add(interpreter));

    const isMusl = basename(interpreter).startsWith('ld-musl-');
    const loaded = new Set([basename(interpreter), linker.soname]);
    const origin = dirname(await realpath(path));
    const todo: Loaded[] = [{ path, origin, elf }];
    for (let next = todo.shift(); next !== undefined; next = todo.shift()) {
      for (const name of next.elf.needed) {
        if (loaded.has(name) || (isMusl && isOfMusl(name))) continue;
        const library = await this.#library(name, next, isMusl);
        loaded.add(name).add(library.elf.soname);
        todo.push(library);
      }
    }
  }

  /** The library that ld.so(8) finds under a name. */
  async #library(name: string, loader: Loaded, isMusl: boolean): Promise<Loaded> {
    for (const candidate of await this.#candidates(name, loader, isMusl)) {
      const found = await stat(candidate.path).catch(() => undefined);
      if (found?.isFile() !== true) continue;
      // ld.so goes on when it finds a library for another architecture.
      const content = await readFile(candidate.path).catch(() => undefined);
      if (content === undefined || !isElf(content) || architectureOf(candidate.path, content) !== 'x86_64') continue;
      await this.#add(candidate.path);
      // The loader in the guest knows of this place by its cache alone.
      if (candidate.isCached === true) await this.#add('/etc/ld.so.cache');
      const origin = dirname(normalize(candidate.path));
      return { path: candidate.path, origin, elf: elfOf(candidate.path, content), loader };
    }
    throw new UsageError(`${loader.path} needs the library ${name}, which is missing.`, {
      hint: 'Install it, or link the program statically.',
    });
  }

  async #candidates(
    name: string,
    loader: Loaded,
    isMusl: boolean,
  ): Promise<readonly { readonly path: string; readonly isCached?: boolean }[]> {
    if (name.includes('/')) return [{ path: resolve(this.#cwd, withOrigin(name, loader.origin)) }];
    const below = (directories: readonly string[]): readonly { readonly path: string }[] =>
      directories.map((directory) => ({
        path: `${directory.startsWith('/') ? '' : `${this.#cwd}/`}${directory}/${name}`,
      }));
    const own = [...rpathOf(loader), ...expanded(loader.elf.runpath, loader.origin)];
    if (isMusl) return below([...own, ...(await muslDirectories())]);
    this.#cache ??= cachedLibraries();
    const cached = (await this.#cache).get(name);
    return [
      ...below(own),
      ...(cached === undefined ? [] : [{ path: cached, isCached: true }]),
      ...below(defaultDirectories),
    ];
  }
}

const interpreterHint = (line: string): string =>
  line.endsWith('\r')
    ? 'The script has the line ends of DOS: remove the carriage returns.'
    : 'Install it, or mend the path by which it is named.';

const architectureOf = (path: string, content: Uint8Array): string => undamaged(path, () => elfArchitecture(content));

/** Reads an ELF file that must be for the guest's architecture. */
const elfOf = (path: string, content: Uint8Array): Elf => {
  if (!isElf(content)) throw new UsageError(`${path} is not an ELF file.`, { hint: 'Install it anew.' });
  const architecture = architectureOf(path, content);
  if (architecture !== 'x86_64')
    throw new UsageError(`${path} is a program for another architecture: ${architecture}.`, {
      hint: 'The kernels under test are for x86_64: build it for that.',
    });
  return undamaged(path, () => readElf(content));
};

const undamaged = <T>(path: string, read: () => T): T => {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof DamagedElfError)) throw cause;
    throw new UsageError(`${path} is a damaged ELF file: ${cause.message}.`, {
      hint: 'Build or install it anew.',
      cause,
    });
  }
};

/** The name that env(1) in a #! line looks for on PATH: the first word behind options and variables. */
const programOfEnv = (argument: string): string | undefined => {
  const split = /^(?:-S|--split-string[= ])[ \t]*(.*)$/.exec(argument)?.[1];
  const words = split === undefined ? [argument] : split.split(/[ \t]+/);
  return words.find((word) => word !== '' && !word.startsWith('-') && !word.includes('='));
};

const withOrigin = (path: string, origin: string): string =>
  path.replaceAll(/\$(?:ORIGIN\b|\{ORIGIN\})/g, () => origin);

const expanded = (paths: readonly string[], origin: string): readonly string[] =>
  paths.map((path) => withOrigin(path, origin));

/** The DT_RPATH of a file and of those that led to it; one with a DT_RUNPATH has none, and does without those of others. */
const rpathOf = (file: Loaded): readonly string[] => {
  if (file.elf.runpath.length > 0) return [];
  const paths: string[] = [];
  for (let next: Loaded | undefined = file; next !== undefined; next = next.loader)
    if (next.elf.runpath.length === 0) paths.push(...expanded(next.elf.rpath, next.origin));
  return paths;
};

/** The libraries for x86-64 that /etc/ld.so.cache has, by name; without those for some processors only. */
const cachedLibraries = async (): Promise<ReadonlyMap<string, string>> => {
  const libraries = new Map<string, string>();
  for (const ldconfig of ['/sbin/ldconfig', '/usr/sbin/ldconfig', 'ldconfig']) {
    const result = await run(ldconfig, ['-p'], { env: { LC_ALL: 'C' } }).catch((error: unknown) => {
      if (error instanceof HostError) return undefined;
      throw error;
    });
    if (result?.exitCode !== 0) continue;
    for (const [, name = '', flags = '', path = ''] of result.stdout.matchAll(/^\t(\S+) \(([^)]*)\) => (\S+)$/gm))
      if (flags.includes('x86-64') && !flags.includes('hwcap') && !libraries.has(name)) libraries.set(name, path);
    break;
  }
  return libraries;
};

/** The libraries that the loader of musl is itself. (ldso/dynlink.c, load_library()) */
const isOfMusl = (name: string): boolean => /^lib(?:c|pthread|rt|m|dl|util|xnet)\./.test(name);

const muslDirectories = async (): Promise<readonly string[]> =>
  readFile('/etc/ld-musl-x86_64.path', 'utf8').then(
    (text) => text.split(/[\n:]/).filter((line) => line !== ''),
    () => ['/lib', '/usr/local/lib', '/usr/lib'],
  );
