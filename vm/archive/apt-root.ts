import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { createAtomically, makeDirectory, sha256OfFile, writeFileAtomically } from '../../src/base/atomic.ts';
import { asHostError, HostError } from '../../src/base/errors.ts';
import { withLock } from '../../src/base/lock.ts';
import { run, type RunResult } from '../../src/base/process.ts';
import { mirrorOf, type ArchiveName } from './mirror.ts';

/** One version of a package in one suite, as the signed index describes it. */
export interface PackageRecord {
  readonly name: string;
  readonly version: string;
  readonly suite: string;
  readonly archive: ArchiveName;
  /** Path below the archive's base address. */
  readonly filename: string;
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

/** Bytes of a transfer that are done. */
export interface TransferProgress {
  readonly what: string;
  readonly done: number;
  readonly total: number;
}
export type OnProgress = (progress: TransferProgress) => void;

export interface AptSuite {
  readonly name: string;
  readonly archive: ArchiveName;
}

export interface AptRootOptions {
  /** Where the root keeps its lists and the packages it has downloaded. */
  readonly directory: string;
  readonly suites: readonly AptSuite[];
  readonly component: string;
  readonly architecture: string;
  readonly keyring?: string;
}

const configuration = ({ directory, architecture }: AptRootOptions): string =>
  [
    `Dir::Etc::sourcelist "${directory}/sources.list";`,
    'Dir::Etc::sourceparts "/dev/null";',
    'Dir::Etc::preferencesparts "/dev/null";',
    `Dir::State "${directory}";`,
    `Dir::State::Lists "${directory}/lists";`,
    `Dir::State::status "${directory}/status";`,
    `Dir::Cache "${directory}/cache";`,
    `APT::Architecture "${architecture}";`,
    `APT::Architectures "${architecture}";`,
    // We have no rights to drop, and no right to become somebody else.
    `APT::Sandbox::User "${process.getuid?.() === 0 ? 'root' : ''}";`,
    'APT::Install-Recommends "false";',
    'Acquire::Languages "none";',
    'Acquire::Retries "0";',
    'APT::Update::Error-Mode "any";',
    '',
  ].join('\n');

/** A private apt: its own sources, lists and status, no root rights, signatures checked against Debian's keyring. */
export class AptRoot {
  readonly #options: AptRootOptions;
  readonly #mirror: (archive: ArchiveName) => string;

  private constructor(options: AptRootOptions, mirror: (archive: ArchiveName) => string) {
    this.#options = options;
    this.#mirror = mirror;
  }

  /** Lays out the directory; touches no network. */
  static async open(options: AptRootOptions): Promise<AptRoot> {
    const { directory, suites, component, keyring = '/usr/share/keyrings/debian-archive-keyring.gpg' } = options;
    const mirror = await mirrorOf();
    try {
      for (const name of ['lists/partial', 'cache/archives/partial', 'packages']) makeDirectory(join(directory, name));
      // An old release file is still signed; suites that nobody refreshes any more keep their kernels on offer.
      const sources = suites.map(
        ({ name, archive }) =>
          `deb [check-valid-until=no signed-by=${keyring}] ${mirror(archive)} ${name} ${component}\n`,
      );
      await writeFileAtomically(join(directory, 'sources.list'), sources.join(''));
      await writeFileAtomically(join(directory, 'apt.conf'), configuration(options));
      await writeFileAtomically(join(directory, 'status'), '');
    } catch (error) {
      throw asHostError(error, 'preparing the private apt root', directory);
    }
    return new AptRoot(options, mirror);
  }

  /**
   * Fetches the lists anew.
   *
   * @throws HostError when one of them cannot be fetched or its signature is wrong
   */
  async update(): Promise<void> {
    const { exitCode, stdout, stderr } = await this.#apt('apt-get', ['update', '-q']);
    if (exitCode === 0) return;
    const reason = stderr.split('\n').find((line) => /^[EW]: /.test(line)) ?? stderr;
    throw new HostError(`Debian's package lists could not be fetched: ${reason.replace(/^[EW]: /, '').trim()}`, {
      hint: 'Check the network and the mirror (KERNSPEC_MIRROR, or the apt configuration of this computer).',
      details: `${stdout}${stderr}`.trim(),
    });
  }

  /** Every version in every suite of the packages whose name matches. */
  async packages(name: RegExp): Promise<readonly PackageRecord[]> {
    const { stdout } = await this.#apt('apt-get', [
      'indextargets',
      '--format',
      '$(RELEASE)|$(FILENAME)',
      'Created-By: Packages',
    ]);
    const records: PackageRecord[] = [];
    for (const line of stdout.split('\n').filter((text) => text !== '')) {
      const [release = '', file = ''] = line.split('|');
      const suite = this.#options.suites.find((candidate) => candidate.name === release);
      if (suite !== undefined) records.push(...(await recordsOf(file, suite, name)));
    }
    return records;
  }

  /** The packages and all they depend on, without recommendations, as apt would install them on an empty system. */
  async resolve(names: readonly string[]): Promise<readonly PackageRecord[]> {
    const { exitCode, stdout, stderr } = await this.#apt('apt-get', ['install', '--print-uris', '-qq', '-y', ...names]);
    if (exitCode !== 0) {
      throw new HostError(`apt cannot resolve ${names.join(', ')}: ${stderr.trim().split('\n').at(-1) ?? ''}`, {
        details: stderr,
      });
    }
    const wanted = new Set(
      stdout
        .split('\n')
        .flatMap((line) => /^'([^']+)'/.exec(line)?.[1] ?? [])
        .map((uri) => decodeURIComponent(basename(uri))),
    );
    const all = await this.packages(/./);
    return all.filter(({ filename }) => wanted.has(decodeURIComponent(basename(filename))));
  }

  /**
   * The path of a package's file, downloaded if it is not there yet. Two processes that want the same share one download.
   *
   * @throws HostError when it cannot be fetched, or is not what the signed index says
   */
  async download(record: PackageRecord, onProgress: OnProgress = () => undefined): Promise<string> {
    const path = join(this.#options.directory, 'packages', `${record.sha256}.deb`);
    const what = `${record.name} ${record.version}`;
    const there = (): Promise<boolean> =>
      stat(path).then(
        ({ size }) => size === record.size,
        () => false,
      );
    if (await there()) return path;
    await withLock(path, async () => {
      if (await there()) return;
      onProgress({ what, done: 0, total: record.size });
      await createAtomically(path, (temporary) => this.#fetch(record, temporary, what, onProgress));
    });
    return path;
  }

  async #fetch(record: PackageRecord, temporary: string, what: string, onProgress: OnProgress): Promise<void> {
    const uri = new URL(record.filename, this.#mirror(record.archive)).href;
    const { exitCode, stderr } = await this.#apt(
      '/usr/lib/apt/apt-helper',
      ['-o', 'APT::Status-Fd=2', 'download-file', uri, temporary],
      (line) => {
        const percent = /^dlstatus:\d+:([\d.]+):/.exec(line)?.[1];
        if (percent !== undefined)
          onProgress({ what, done: (record.size * Number(percent)) / 100, total: record.size });
      },
    );
    if (exitCode !== 0) {
      const reason = stderr.split('\n').find((line) => line.startsWith('E: ')) ?? stderr;
      if (/\b404\b/.test(reason))
        throw new HostError(`${what} is no longer in the archive.`, {
          hint: 'The lists here are older than the archive; `kernspec kernels list --refresh` fetches them anew.',
          details: stderr,
        });
      throw new HostError(`${what} could not be downloaded: ${reason.replace('E: ', '').trim()}`, {
        hint: 'Check the network and the mirror (KERNSPEC_MIRROR, or the apt configuration of this computer).',
        details: stderr,
      });
    }
    const actual = await sha256OfFile(temporary);
    if (actual !== record.sha256) {
      throw new HostError(
        `The download of ${what} is corrupt: sha256 is ${actual}, the signed index says ${record.sha256}.`,
        {
          hint: 'It was thrown away. Try again; if it happens again, the mirror or a proxy on the way is broken.',
        },
      );
    }
  }

  #apt(command: string, args: readonly string[], onStderrLine?: (line: string) => void): Promise<RunResult> {
    // On the command line, for this computer's own settings are read after our file: the lists must be plain text.
    // Nor does a transfer outlive us.
    return run('setpriv', ['--pdeathsig', 'KILL', '--', command, '-o', 'Acquire::GzipIndexes=false', ...args], {
      env: { APT_CONFIG: join(this.#options.directory, 'apt.conf'), LC_ALL: 'C.UTF-8' },
      ...(onStderrLine !== undefined && { onStderrLine }),
    });
  }
}

/** Reads one Packages file: stanzas of `Key: value` lines, separated by empty ones. (deb822(5)) */
const recordsOf = async (file: string, { name: suite, archive }: AptSuite, name: RegExp): Promise<PackageRecord[]> => {
  const records: PackageRecord[] = [];
  const wanted = new Set(['Package', 'Version', 'Filename', 'SHA256', 'Size']);
  let fields = new Map<string, string>();
  const finish = (): void => {
    const packageName = fields.get('Package') ?? '';
    if (name.test(packageName)) {
      records.push({
        name: packageName,
        version: fields.get('Version') ?? '',
        suite,
        archive,
        filename: fields.get('Filename') ?? '',
        sha256: fields.get('SHA256') ?? '',
        size: Number(fields.get('Size')),
      });
    }
    fields = new Map();
  };
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    const colon = line.indexOf(': ');
    if (line === '') finish();
    else if (wanted.has(line.slice(0, colon))) fields.set(line.slice(0, colon), line.slice(colon + 2));
  }
  if (fields.size > 0) finish();
  return records;
};
