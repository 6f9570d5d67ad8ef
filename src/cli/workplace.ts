/** For tests: the command line as a user starts it, in a place of its own, and what it leaves behind there. */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { abandonedIn } from '../base/atomic.ts';
import { cacheDir, projectRoot } from '../base/paths.ts';
import { RunRecord } from '../report/record.ts';

const bin = join(projectRoot, 'bin/kernspec.js');

/** Asks until the answer is yes, at most for so many ms; says how many it took. */
export const until = async (what: string, ms: number, ask: () => boolean): Promise<number> => {
  const begin = performance.now();
  while (!ask()) {
    if (performance.now() - begin > ms) throw new Error(`${what} did not come within ${ms} ms`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return performance.now() - begin;
};

export class Workplace implements AsyncDisposable {
  readonly directory: string;
  readonly runs: string;
  readonly #cache: string | undefined;

  private constructor(directory: string, cache: string | undefined) {
    this.directory = directory;
    this.runs = join(directory, 'runs');
    this.#cache = cache;
  }

  /** @param copied templates to copy into a cache of its own, with all downloads and images; none: the cache of everybody */
  static async create(copied?: readonly string[]): Promise<Workplace> {
    const directory = await mkdtemp(join(tmpdir(), 'kernspec-workplace-'));
    if (copied === undefined) return new Workplace(directory, undefined);
    const own = join(directory, 'cache');
    const templates = join(own, 'templates');
    await mkdir(templates, { recursive: true });
    // A kernel that is being built is a hundred thousand files of nobody's interest.
    const entries = (await readdir(cacheDir())).filter((name) => name !== 'templates' && name !== 'builds');
    await execa('cp', ['--recursive', '--link', ...entries.map((name) => join(cacheDir(), name)), own]);
    if (copied.length > 0) await execa('cp', ['--recursive', '--sparse=always', ...copied, templates]);
    return new Workplace(directory, own);
  }

  get cache(): string {
    return this.#cache ?? cacheDir();
  }

  /** Starts `kernspec`, by way of other programs if these are given. The network cannot be reached. */
  kernspec(
    args: readonly string[],
    env: Readonly<Record<string, string | undefined>> = {},
    by: readonly string[] = [],
  ) {
    const [program = '', ...rest] = [...by, process.execPath, bin, ...args];
    return execa(program, rest, {
      cwd: projectRoot,
      env: {
        KERNSPEC_RUNS_DIR: this.runs,
        KERNSPEC_MIRROR: 'http://127.0.0.1:9',
        ...(this.#cache !== undefined && { KERNSPEC_CACHE_DIR: this.#cache }),
        ...env,
      },
      reject: false,
    });
  }

  /**
   * Like {@link kernspec}, in a mount namespace of its own where a directory is a file system of this size.
   *
   * @param then shell commands that look at what is left there
   * @param meanwhile shell commands that do something there while it runs
   */
  onSmallDisk(
    {
      directory,
      size,
      env = {},
    }: { directory: string; size: string; env?: Readonly<Record<string, string | undefined>> },
    args: readonly string[],
    { then = ':', meanwhile = ':' } = {},
  ) {
    const script = `mount -t tmpfs -o "size=$2" tmpfs "$1" || exit 99; cd "$1"; (${meanwhile}) & shift 2; cd /; "$@"; code=$?; wait; cd -; ${then}; exit $code`;
    const own = process.getuid?.() === 0 ? ['-m'] : ['-rm'];
    return this.kernspec(args, env, ['unshare', ...own, 'sh', '-c', script, 'sh', directory, size]);
  }

  /** Like {@link kernspec}, with the specs of `faults/specs` instead of the claims. */
  faults(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    return this.kernspec(args, { KERNSPEC_SPECS_DIR: join(projectRoot, 'src/cli/faults/specs'), ...env });
  }

  /** The records of all runs, oldest first. */
  async records(): Promise<readonly RunRecord[]> {
    const names = (await readdir(this.runs)).toSorted();
    const texts = await Promise.all(names.map((name) => readFile(join(this.runs, name, 'run.json'), 'utf8')));
    return texts.map((text) => RunRecord.parse(JSON.parse(text)));
  }

  /** The record of the only run. */
  async record(): Promise<RunRecord> {
    const [record, ...others] = await this.records();
    if (record === undefined || others.length > 0) throw new Error(`${others.length + 1} records instead of one`);
    return record;
  }

  /** How many verdicts the newest run has written down so far; -1 before it has begun. */
  judged(): number {
    try {
      const run = readdirSync(this.runs).toSorted().at(-1) ?? '';
      return readFileSync(join(this.runs, run, 'run.ndjson'), 'utf8').split('\n').length - 2;
    } catch {
      return -1;
    }
  }

  /** Process ids of the QEMUs that run here. */
  machines(): readonly number[] {
    return this.processes().filter((pid) => textOf(`/proc/${pid}/comm`).startsWith('qemu-system'));
  }

  /** Everything that runs here. What the sandbox's init has yet to reap is gone. */
  processes(): readonly number[] {
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0 && textOf(`/proc/${pid}/environ`).includes(`KERNSPEC_RUNS_DIR=${this.runs}\0`));
  }

  /**
   * Temporary files and directories that nobody will finish, below the runs and, where that is its own, the cache: others may be
   * at work there.
   */
  async temporaries(): Promise<readonly string[]> {
    const found = [this.runs, ...(this.#cache === undefined ? [] : [this.#cache])].map(abandonedIn);
    return (await Promise.all(found)).flat();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.directory, { recursive: true, force: true });
  }
}

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};
