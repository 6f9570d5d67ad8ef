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
const inits = join(projectRoot, 'guest/inits');
const scripts = join(projectRoot, 'guest/fixtures');
const flags = ['-std=gnu17', '-O1', '-Wall', '-Wextra', '-Werror', '-static', '-pthread'] as const;

const namesIn = async (directory: string, ending: RegExp): Promise<readonly string[]> =>
  (await readdir(directory, { recursive: true }).catch(() => [] as string[]))
    .filter((name) => ending.test(name))
    .toSorted();

/** C programs: one a file directly below guest/src, and the inits of guest/inits. */
const cPrograms = async (): Promise<readonly FixtureProgram[]> => [
  ...(await namesIn(sources, /^[^/]+\.c$/)).map((file) => programOf(sources, file, file.replace(/\.c$/, ''))),
  ...(await namesIn(inits, /^[^/]+\.c$/)).map((file) => programOf(inits, file, file.replace(/\.c$/, '-init'))),
];

const programOf = (directory: string, file: string, name: string): FixtureProgram => ({
  name,
  file: relative(projectRoot, join(directory, file)),
});

/** All programs of guest/: C programs, and scripts that run as they are. */
export const fixturePrograms = async (): Promise<readonly FixtureProgram[]> => [
  ...(await cPrograms()),
  ...(await namesIn(scripts, /\.(mjs|cjs|sh)$/)).map((file) => programOf(scripts, file, file)),
];

/**
 * Compiles the C programs of guest/, statically and with warnings as errors; never runs them. What was compiled from
 * the same sources by the same compiler is taken from the cache.
 *
 * @returns a directory with one executable for each
 * @throws HostError with the compiler's first complaint
 */
export const compileFixtures = async (): Promise<string> => {
  const files = (
    await Promise.all(
      [sources, inits].map(async (directory) =>
        (await namesIn(directory, /\.[ch]$/)).map((name) => relative(projectRoot, join(directory, name))),
      ),
    )
  ).flat();
  const contents = await Promise.all(files.map((file) => readFile(join(projectRoot, file))));
  const compiler = (await runOrFail('cc', ['--version'])).split('\n')[0] ?? '';
  const key = sha256(compiler, flags.join(' '), ...files.flatMap((file, i) => [file, contents[i] ?? '']));
  const directory = join(cacheDir(), 'fixtures', key.slice(0, 32));
  if ((await namesIn(directory, /./)).length > 0) return directory;
  await createAtomically(directory, async (temporary) => {
    await mkdir(temporary, { recursive: true });
    for (const { name, file } of await cPrograms()) await compile(file, join(temporary, name));
  });
  return directory;
};

const compile = async (file: string, output: string): Promise<void> => {
  const { exitCode, stderr } = await run('cc', [...flags, '-o', output, join(projectRoot, file)]);
  if (exitCode === 0) return;
  const complaint = stderr.split('\n').find((line) => line.includes('error')) ?? stderr.split('\n')[0] ?? '';
  throw new HostError(`${file} does not compile: ${complaint.replace(`${projectRoot}/`, '').trim()}`, {
    hint: 'If a header or library is missing: `kernspec doctor` says which package has it.',
    details: stderr,
  });
};
