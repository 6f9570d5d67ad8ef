import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { abandonedIn, createAtomically, makeDirectory, sha256, sha256OfFile } from '../base/atomic.ts';
import { HostError, noSpaceError, UsageError } from '../base/errors.ts';
import { onLines } from '../base/lines.ts';
import { withLock } from '../base/lock.ts';
import { cacheDir, projectRoot } from '../base/paths.ts';
import { findProgram, run, runOrFail, startOwned } from '../base/process.ts';
import { didYouMean } from '../base/nearest.ts';
import {
  configText,
  dependenciesIn,
  offIn,
  parseFragment,
  unmet,
  wantedFor,
  type WantedOption,
} from '../kernels/fragment.ts';
import type { Kernel } from '../kernels/kernel.ts';
import { parseMinimalKernel } from '../kernels/minimal-kernel.ts';
import { byVersion, seriesOf } from '../kernels/version.ts';
import type { PackageRecord } from '../../vm/archive/apt-root.ts';
import { extractDeb } from '../../vm/archive/deb.ts';
import { kernelIn, kernelsDirectory, readManifest, type Manifest } from './cached-kernel.ts';
import { installCommand } from './workstation.ts';
import { kernelOffers, kernelRoot } from './offers.ts';

/** Bump when this file changes what a build makes of the same source and the same fragments. */
const recipe = 1;

/** What goes into a build, and where it comes out. */
interface Build {
  readonly selector: string;
  readonly source: PackageRecord;
  readonly version: string;
  readonly wanted: readonly WantedOption[];
  readonly key: string;
}

/** Told while a kernel is built. */
export interface BuildHooks {
  readonly onPhase?: (what: string) => void;
  readonly onBytes?: (what: string, done: number, total: number) => void;
  /** Files compiled so far. */
  readonly onCompiled?: (files: number) => void;
}

const fragmentsDirectory = join(projectRoot, 'kernel-configs/fragments');

/** The options of all fragments; those of `debug` only where they are asked for. Later files count: `tiny` is the last of them. */
const wantedOptions = async (debug: boolean): Promise<readonly WantedOption[]> => {
  const names = (await readdir(fragmentsDirectory)).filter((name) => name.endsWith('.config')).toSorted();
  const taken = names.filter((name) => debug || name !== 'debug.config');
  const texts = await Promise.all(
    taken.map(async (name) => parseFragment(await readFile(join(fragmentsDirectory, name), 'utf8'), name)),
  );
  return texts.flat();
};

const versionOf = ({ version }: PackageRecord): string => /^\d+\.\d+\.\d+/.exec(version)?.[0] ?? version;

/** The sources that the archive has, the newest of each series, oldest series first. */
const sources = async (): Promise<readonly PackageRecord[]> => {
  // The lists are those that the kernels on offer were read from.
  await kernelOffers();
  const records = await (await kernelRoot()).packages(/^linux-source-\d+\.\d+$/);
  const versioned = records.map((record) => ({ record, version: versionOf(record) })).toSorted(byVersion);
  return [...new Map(versioned.map(({ record, version }) => [seriesOf(version), record])).values()];
};

const planBuild = async (selector: string): Promise<Build> => {
  const { series, debug } = parseMinimalKernel(selector);
  const offered = await sources();
  const source =
    series === 'newest' ? offered.at(-1) : offered.find((record) => seriesOf(versionOf(record)) === series);
  if (source === undefined) {
    const names = offered.map((record) => seriesOf(versionOf(record)));
    throw new UsageError(`The archive has no source of Linux ${series}.`, {
      hint: didYouMean(series, names, `It has those of ${names.join(' ')}.`),
    });
  }
  const version = versionOf(source);
  const wanted = wantedFor(version, await wantedOptions(debug));
  const compiler =
    (await findProgram('gcc')) === undefined ? '' : (await runOrFail('gcc', ['--version'])).split('\n')[0];
  const key = sha256(`${recipe}\n`, source.sha256, configText(wanted), compiler ?? '').slice(0, 32);
  return { selector: series === 'newest' ? `min:${seriesOf(version)}` : selector, source, version, wanted, key };
};

const directoryOf = ({ key }: Build): string => join(kernelsDirectory(), `min-${key}`);

const kernelOf = (build: Build): Promise<Kernel> =>
  kernelIn(directoryOf(build), {
    prefix: build.selector.endsWith('+debug') ? 'min-debug' : 'min',
    selector: build.selector,
  });

/**
 * A minimal kernel that was built before.
 *
 * @throws UsageError when it was not, or the archive has a newer source
 */
export const builtKernel = async (selector: string): Promise<Kernel> => {
  const build = await planBuild(selector);
  if ((await readManifest(directoryOf(build))) === undefined) {
    throw new UsageError(`${selector} (Linux ${build.version}) has not been built.`, {
      hint: `Type: kernspec kernels build ${selector}`,
    });
  }
  return kernelOf(build);
};

/**
 * Builds a minimal kernel, or takes it from the cache. A build that was cut off goes on where it was; two processes that
 * want the same share one.
 *
 * @throws UsageError when there is no such source, HostError when it cannot be built here
 */
export const buildKernel = async (selector: string, hooks: BuildHooks = {}): Promise<Kernel> => {
  await checkTools();
  const build = await planBuild(selector);
  const directory = directoryOf(build);
  if ((await readManifest(directory)) === undefined) {
    await withLock(directory, async () => {
      if ((await readManifest(directory)) === undefined) await make(build, directory, hooks);
    });
  }
  return kernelOf(build);
};

/** Programs, or files of the C compiler, that a kernel is built with, by the Debian package that has them. */
const tools: readonly (readonly [what: string, debianPackage: string])[] = [
  ['make', 'make'],
  ['gcc', 'gcc'],
  ['flex', 'flex'],
  ['bison', 'bison'],
  ['bc', 'bc'],
  ['xz', 'xz-utils'],
  ['/usr/include/libelf.h', 'libelf-dev'],
];

const checkTools = async (): Promise<void> => {
  const missing: string[] = [];
  for (const [what, debianPackage] of tools) {
    const there = what.startsWith('/')
      ? await stat(what).then(
          () => true,
          () => false,
        )
      : (await findProgram(what)) !== undefined;
    if (!there) missing.push(debianPackage);
  }
  if (missing.length === 0) return;
  throw new HostError(`To build a kernel, this computer lacks ${missing.join(', ')}.`, {
    hint: `Type: ${installCommand(missing, process.getuid?.() === 0).join(' ')}`,
  });
};

const make = async (build: Build, directory: string, hooks: BuildHooks): Promise<void> => {
  const workshop = join(cacheDir(), 'builds', build.key);
  const [source, objects] = [join(workshop, 'source'), join(workshop, 'objects')];
  await unpackSource(build, source, hooks);
  makeDirectory(objects);
  const makeIn = [
    '-C',
    source,
    `O=${objects}`,
    'ARCH=x86_64',
    'LOCALVERSION=-min',
    'KBUILD_BUILD_TIMESTAMP=1970-01-01',
  ];
  hooks.onPhase?.(`configuring Linux ${build.version}`);
  const trees = { source, objects, makeIn };
  await configure(build, trees);
  hooks.onPhase?.(`compiling Linux ${build.version}`);
  await compile(trees, hooks);
  await createAtomically(directory, async (temporary) => {
    await mkdir(join(temporary, 'modules'), { recursive: true });
    await runOrFail('objcopy', ['--strip-all', join(objects, 'vmlinux'), join(temporary, 'vmlinuz')]);
    await copyFile(join(objects, '.config'), join(temporary, 'config'));
    const release = (await readFile(join(objects, 'include/config/kernel.release'), 'utf8')).trim();
    const files: Record<string, string> = {};
    for (const name of ['vmlinuz', 'config']) files[name] = await sha256OfFile(join(temporary, name));
    const manifest: Manifest = {
      series: seriesOf(build.version),
      version: build.version,
      release,
      suite: build.source.suite,
      package: build.source.name,
      packageVersion: build.source.version,
      packageSha256: build.source.sha256,
      files,
    };
    await writeFile(join(temporary, 'manifest.json'), `${JSON.stringify(manifest, null, 1)}\n`);
  });
  // A gigabyte and a half that nobody needs any more.
  await rm(workshop, { recursive: true, force: true });
};

const unpackSource = async ({ source: record, version }: Build, source: string, hooks: BuildHooks): Promise<void> => {
  if ((await stat(source).catch(() => undefined)) !== undefined) return;
  // A source that a killed builder began to unpack is a gigabyte and a half.
  for (const path of await abandonedIn(dirname(source))) await rm(path, { recursive: true, force: true });
  const root = await kernelRoot();
  const archive = await root.download(record, ({ what, done, total }) => hooks.onBytes?.(what, done, total));
  hooks.onPhase?.(`unpacking the source of Linux ${version}`);
  await createAtomically(source, async (temporary) => {
    await mkdir(temporary, { recursive: true });
    const raw = join(temporary, 'raw');
    await mkdir(raw);
    await extractDeb(archive, { into: raw, filter: (member) => /linux-source-[\d.]+\.tar\.xz$/.test(member) });
    const [tarball] = (await readdir(raw, { recursive: true })).filter((name) => name.endsWith('.tar.xz'));
    if (tarball === undefined) throw new HostError(`The package ${record.name} has no source in it.`);
    await unpack(join(raw, tarball), temporary);
    await rm(raw, { recursive: true });
  });
  await rm(archive, { force: true });
};

/** By tar(1), for Node 20 knows no xz. It does not outlive us. */
const unpack = async (tarball: string, into: string): Promise<void> => {
  const args = ['--pdeathsig', 'KILL', '--', 'tar', '-xf', tarball, '-C', into, '--strip-components=1'];
  const { exitCode, stderr } = await run('setpriv', args, { env: { LC_ALL: 'C' } });
  if (exitCode === 0) return;
  if (stderr.includes(noSpace)) throw noSpaceError('unpacking the source of a kernel', into, stderr);
  throw new HostError(`The source of the kernel cannot be unpacked: ${stderr.trim().split('\n')[0] ?? ''}`, {
    details: stderr,
  });
};

/** How programs say that the disk is full. (strerror(3), ENOSPC) */
const noSpace = 'No space left on device';

interface Trees {
  readonly source: string;
  readonly objects: string;
  readonly makeIn: readonly string[];
}

/** tinyconfig and our fragments; then it is checked what olddefconfig made of them. */
const configure = async ({ wanted, version }: Build, { source, objects, makeIn }: Trees): Promise<void> => {
  await runOrFail('make', [...makeIn, '-s', 'tinyconfig']);
  const path = join(objects, '.config');
  await writeFile(path, (await readFile(path, 'utf8')) + configText(wanted));
  await runOrFail('make', [...makeIn, '-s', 'olddefconfig']);
  const config = await readFile(path, 'utf8');
  const missing = unmet(wanted, config);
  if (missing.length === 0) return;
  const kconfigs = await run('find', [source, '-name', 'Kconfig*', '-type', 'f']);
  const texts = await Promise.all(kconfigs.stdout.split('\n').map((name) => readFile(name, 'utf8')));
  const reasonFor = (option: string): string => {
    const expressions = texts.map((text) => dependenciesIn(text, option)).find((found) => found !== undefined);
    if (expressions === undefined) return `Linux ${version} has no such option`;
    const off = [...new Set(expressions.flatMap((expression) => offIn(expression, config)))];
    if (off.length > 0) return `it depends on ${off.join(', ')}, which ${off.length === 1 ? 'is' : 'are'} off`;
    return expressions.length === 0
      ? 'another option selects or hides it'
      : `it depends on ${expressions.join(' && ')}`;
  };
  throw new HostError(
    `Linux ${version} cannot be configured as kernel-configs/fragments want it: ${missing.length} options differ.`,
    {
      details: missing
        .map(
          ({ option, value, actual, where }) =>
            `${where}: ${option}=${value} is wanted and ${actual} came out; ${reasonFor(option)}.`,
        )
        .join('\n'),
      hint: 'Add the dependency to the fragment, or say which versions have the option: CONFIG_X=y # >=6.1',
    },
  );
};

/** Lines of make that are kept, for who looks closer at what went wrong. */
const keptLines = 60;

const compile = async ({ objects, makeIn }: Trees, { onCompiled }: BuildHooks): Promise<void> => {
  const wrapped = (await findProgram('ccache')) === undefined ? [] : ['CC=ccache gcc', 'HOSTCC=ccache gcc'];
  // Killed with us, it takes the makes below it along: they have nowhere to write to any more.
  const command = ['LC_ALL=C', 'make', ...makeIn, ...wrapped, `-j${cpus().length}`, 'vmlinux'];
  const child = await startOwned('env', command);
  let files = 0;
  const said: string[] = [];
  const note = (line: string): void => {
    said.push(line);
    if (said.length > keptLines) said.shift();
  };
  onLines(child.stdout, (line) => {
    note(line);
    if (/^\s+(CC|AS)\s/.test(line)) onCompiled?.(++files);
  });
  onLines(child.stderr, note);
  const { exitCode } = await child.exited;
  if (exitCode === 0) return;
  const full = said.find((line) => line.includes(noSpace));
  if (full !== undefined) throw noSpaceError('compiling a kernel', objects, said.join('\n'));
  const why = said.find((line) => /\berror:|Killed/.test(line)) ?? said.at(-1) ?? '';
  throw new HostError(`The kernel cannot be built: ${why.trim()}`, {
    details: said.join('\n'),
    hint: 'Mend what it names; the same command goes on where it stopped.',
  });
};
