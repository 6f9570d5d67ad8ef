import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { createAtomically, sha256 } from '../base/atomic.ts';
import { HostError } from '../base/errors.ts';
import { cacheDir, projectRoot } from '../base/paths.ts';
import { run, runOrFail } from '../base/process.ts';

/** A program of guest/: how it is called in the guest, and its source. */
export interface FixtureProgram {
  readonly name: string;
  /** Relative to the project. */
  readonly file: string;
}

const sources = join(projectRoot, 'guest/src');
const scripts = join(projectRoot, 'guest/fixtures');
const flags = ['-std=gnu17', '-O1', '-Wall', '-Wextra', '-Werror', '-static', '-pthread'] as const;

const namesIn = async (directory: string, ending: RegExp): Promise<readonly string[]> =>
  (await readdir(directory, { recursive: true }).catch(() => [] as string[]))
    .filter((name) => ending.test(name))
    .toSorted();

/** All programs of guest/: C programs, one a file directly below guest/src, and scripts that run as they are. */
export const fixturePrograms = async (): Promise<readonly FixtureProgram[]> => [
  ...(await namesIn(sources, /\.c$/)).map((name) => ({
    name: name.replace(/\.c$/, ''),
    file: relative(projectRoot, join(sources, name)),
  })),
  ...(await namesIn(scripts, /\.(mjs|cjs|sh)$/)).map((name) => ({
    name,
    file: relative(projectRoot, join(scripts, name)),
  })),
];

/**
 * Compiles the C programs of guest/src, statically and with warnings as errors; never runs them. What was compiled from
 * the same sources by the same compiler is taken from the cache.
 *
 * @returns a directory with one executable for each
 * @throws HostError with the compiler's first complaint
 */
export const compileFixtures = async (): Promise<string> => {
  const names = await namesIn(sources, /\.[ch]$/);
  const contents = await Promise.all(names.map((name) => readFile(join(sources, name))));
  const compiler = (await runOrFail('cc', ['--version'])).split('\n')[0] ?? '';
  const key = sha256(compiler, flags.join(' '), ...names.flatMap((name, i) => [name, contents[i] ?? '']));
  const directory = join(cacheDir(), 'fixtures', key.slice(0, 32));
  if ((await namesIn(directory, /./)).length > 0) return directory;
  await createAtomically(directory, async (temporary) => {
    await mkdir(temporary, { recursive: true });
    const programs = names.filter((name) => name.endsWith('.c') && !name.includes('/'));
    for (const name of programs) await compile(name, join(temporary, name.replace(/\.c$/, '')));
  });
  return directory;
};

const compile = async (name: string, output: string): Promise<void> => {
  const { exitCode, stderr } = await run('cc', [...flags, '-o', output, join(sources, name)]);
  if (exitCode === 0) return;
  const complaint = stderr.split('\n').find((line) => line.includes('error')) ?? stderr.split('\n')[0] ?? '';
  throw new HostError(`guest/src/${name} does not compile: ${complaint.replace(`${sources}/`, '').trim()}`, {
    hint: 'If a header or library is missing: `kernspec doctor` says which package has it.',
    details: stderr,
  });
};
