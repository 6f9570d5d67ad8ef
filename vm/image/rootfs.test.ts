import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as tar from 'tar';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sha256 } from '../../src/base/atomic.ts';
import { UsageError } from '../../src/base/errors.ts';
import { readRootfs, type Rootfs } from './rootfs.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kernspec-rootfs-'));
});
afterAll(() => rm(directory, { recursive: true }));

interface Piece {
  readonly path: string;
  readonly type?: 'File' | 'Directory' | 'SymbolicLink' | 'Link' | 'CharacterDevice' | 'FIFO';
  readonly mode?: number;
  readonly content?: string | Uint8Array;
  readonly target?: string;
}

/** A tar of members that no tar program would write: `../evil`, `/absolute`. */
const archive = (...pieces: readonly Piece[]): Buffer =>
  Buffer.concat([
    ...pieces.flatMap(({ path, type = 'File', mode = 0o644, content = '', target }) => {
      const body = Buffer.from(content);
      const header = new tar.Header({
        path,
        type,
        mode,
        size: body.length,
        ...(target !== undefined && { linkpath: target }),
      });
      header.encode();
      return [header.block ?? Buffer.alloc(0), body, Buffer.alloc((512 - (body.length % 512)) % 512)];
    }),
    Buffer.alloc(1024),
  ]);

let files = 0;
const written = async (content: Uint8Array): Promise<string> => {
  const path = join(directory, `${++files}.tar`);
  await writeFile(path, content);
  return path;
};

/** One line an entry, as `ls -l` would show it. */
const shown = ({ entries }: Rootfs): readonly string[] =>
  entries.map((entry) => {
    if (entry.type === 'symlink') return `${entry.path} -> ${entry.target}`;
    if (entry.type === 'file')
      return `${entry.path} ${entry.mode.toString(8)} "${Buffer.from(entry.content).toString()}"`;
    return `${entry.path}/ ${entry.mode.toString(8)}`;
  });

const read = async (content: Uint8Array): Promise<readonly string[]> => shown(await readRootfs(await written(content)));

/** What is said about a tar, with its path as PATH. */
const refusal = async (content: Uint8Array): Promise<string> => {
  const path = await written(content);
  return refusalOf(path);
};
const refusalOf = async (path: string): Promise<string> => {
  const error: unknown = await readRootfs(path).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UsageError);
  return (error as UsageError).message.replaceAll(path, 'PATH').replaceAll(directory, 'TMP');
};

describe('readRootfs of a directory', () => {
  test('reads files, directories and links with their modes, and leaves FIFOs out', async () => {
    const root = await mkdtemp(join(directory, 'root-'));
    await mkdir(join(root, 'bin'));
    await writeFile(join(root, 'bin/su'), 'su', { mode: 0o755 });
    await symlink('/etc/shadow', join(root, 'shadow'));
    execFileSync('chmod', ['4755', join(root, 'bin/su')]);
    execFileSync('chmod', ['1777', join(root, 'bin')]);
    execFileSync('mkfifo', [join(root, 'fifo')]);
    const rootfs = await readRootfs(root);
    expect(shown(rootfs)).toEqual(['bin/ 1777', 'bin/su 4755 "su"', 'shadow -> /etc/shadow']);
    expect(rootfs.config).toEqual({ entrypoint: [], cmd: [], env: [], workingDir: '/' });
  });

  test('refuses one that is empty, larger than 1 GiB, or not there', async () => {
    const root = await mkdtemp(join(directory, 'root-'));
    expect(await refusalOf(root)).toBe('The root file system PATH is empty.');
    await writeFile(join(root, 'large'), '');
    await truncate(join(root, 'large'), 2 ** 30 + 1);
    expect(await refusalOf(root)).toBe('The root file system PATH is larger than 1 GiB unpacked.');
    expect(await refusalOf(join(root, 'large'))).toBe('The root file system PATH is larger than 1 GiB unpacked.');
    expect(await refusalOf(join(root, 'none'))).toMatch(/^The root file system PATH cannot be read: ENOENT/);
    expect(await refusalOf('/dev/null')).toBe('The root file system PATH is neither a directory nor a file.');
  });
});

describe('readRootfs of a tar', () => {
  test('reads what tar wrote, compressed or not', async () => {
    const root = await mkdtemp(join(directory, 'root-'));
    await mkdir(join(root, 'usr/bin'), { recursive: true, mode: 0o755 });
    await writeFile(join(root, 'usr/bin/init'), 'init', { mode: 0o755 });
    await writeFile(join(root, `usr/bin/${'long'.repeat(40)}é`), 'long', { mode: 0o600 });
    await symlink('usr/bin', join(root, 'bin'));
    for (const gzip of [false, true]) {
      const path = join(directory, `tar-${String(gzip)}.tar`);
      await tar.create({ cwd: root, file: path, gzip }, ['.']);
      const lines = shown(await readRootfs(path)).toSorted();
      expect(lines).toEqual([
        'bin -> usr/bin',
        'usr/ 755',
        'usr/bin/ 755',
        'usr/bin/init 755 "init"',
        `usr/bin/${'long'.repeat(40)}é 600 "long"`,
      ]);
    }
  });

  test('keeps set-user-ID bits, makes missing parents, gives a hard link the same content, leaves devices out', async () => {
    expect(
      await read(
        archive(
          { path: './', type: 'Directory', mode: 0o700 },
          { path: './bin/su', mode: 0o4755, content: 'su' },
          { path: 'sbin/sulogin', type: 'Link', target: 'bin/su' },
          { path: 'dev/null', type: 'CharacterDevice', mode: 0o666 },
          { path: 'run/fifo', type: 'FIFO' },
          { path: 'tmp/', type: 'Directory', mode: 0o1777 },
        ),
      ),
    ).toEqual(['bin/ 755', 'bin/su 4755 "su"', 'sbin/ 755', 'sbin/sulogin 4755 "su"', 'tmp/ 1777']);
  });

  test('a later member replaces an earlier one, also one of another type', async () => {
    expect(
      await read(
        archive(
          { path: 'a', content: '1' },
          { path: 'a', content: '2' },
          { path: 'b', type: 'SymbolicLink', target: 'a' },
          { path: 'b', content: '3' },
          { path: 'c', content: '4' },
          { path: 'c', type: 'Directory', mode: 0o755 },
        ),
      ),
    ).toEqual(['a 644 "2"', 'b 644 "3"', 'c/ 755']);
  });

  test('resolves links on the way to a member inside the root', async () => {
    const etc: Piece = { path: 'link', type: 'SymbolicLink', target: '/etc' };
    expect(await read(archive(etc, { path: 'link/passwd', content: 'x' }))).toEqual([
      'link -> /etc',
      'etc/ 755',
      'etc/passwd 644 "x"',
    ]);
    const up: Piece = { path: 'a/up', type: 'SymbolicLink', target: '../../../../tmp' };
    expect(await read(archive(up, { path: 'a/up/x', content: 'x' }))).toEqual([
      'a/ 755',
      'a/up -> ../../../../tmp',
      'tmp/ 755',
      'tmp/x 644 "x"',
    ]);
  });

  test.each<[string, readonly Piece[], string]>([
    ['..', [{ path: '../evil' }], 'The member "../evil" of PATH has ".." in its path.'],
    ['.. within', [{ path: 'a/../b' }], 'The member "a/../b" of PATH has ".." in its path.'],
    ['an absolute path', [{ path: '/etc/passwd' }], 'The member "/etc/passwd" of PATH has an absolute path.'],
    [
      'a loop',
      [
        { path: 'a', type: 'SymbolicLink', target: 'b' },
        { path: 'b', type: 'SymbolicLink', target: 'a' },
        { path: 'a/x' },
      ],
      'The member "a/x" of PATH stands behind a loop of symbolic links.',
    ],
    [
      'a hard link out of it',
      [{ path: 'a', type: 'Link', target: '../../etc/passwd' }],
      'The member "a" of PATH has ".." in its path.',
    ],
    [
      'a hard link to nothing',
      [{ path: 'a', type: 'Link', target: '/etc/passwd' }],
      'The member "a" of PATH is a hard link to /etc/passwd, which is not there.',
    ],
    [
      'a member below a file',
      [{ path: 'a', content: 'x' }, { path: 'a/b' }],
      'The member "a/b" of PATH stands below something that is no directory.',
    ],
    [
      'a root that is a file',
      [{ path: '.' }],
      'The member "." of PATH stands for the root, which must be a directory.',
    ],
  ])('refuses %s', async (_, pieces, message) => {
    expect(await refusal(archive(...pieces))).toBe(message);
  });

  test('does not believe the name __proto__', async () => {
    expect(await read(archive({ path: '__proto__/x', content: 'y' }))).toEqual([
      '__proto__/ 755',
      '__proto__/x 644 "y"',
    ]);
  });

  test('says what is wrong with a file that is none, or cut off', async () => {
    const good = archive({ path: 'a', content: 'x'.repeat(2000) });
    expect(await refusal(Buffer.alloc(0))).toBe('PATH is empty.');
    expect(await refusal(Buffer.alloc(10240))).toBe('The root file system PATH is empty.');
    expect(await refusal(Buffer.from('hello'))).toBe('PATH is not a tar archive.');
    expect(await refusal(Buffer.from('hello '.repeat(1000)))).toBe('PATH is not a tar archive.');
    expect(await refusal(Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), good]))).toBe(
      'PATH is compressed with zstd, which is not supported.',
    );
    expect(await refusal(good.subarray(0, 1024))).toMatch(/^PATH is damaged or truncated: .*Truncated input/);
    expect(await refusal(good.subarray(0, 512 + 2048))).toBe(
      'PATH is truncated: it does not end as a tar archive does.',
    );
    expect(await refusal(gzipSync(good).subarray(0, 40))).toMatch(/^PATH is damaged or truncated: unexpected end/);
    expect(await refusal(gzipSync(gzipSync(good)))).toBe('PATH is not a tar archive.');
  });
});

const config = (architecture = 'amd64'): Buffer =>
  Buffer.from(
    JSON.stringify({
      architecture,
      os: 'linux',
      config: { Entrypoint: ['/sbin/tini', '--'], Cmd: ['sh'], Env: ['PATH=/bin', 'A=b'], WorkingDir: '/srv' },
    }),
  );
const expectedConfig = {
  entrypoint: ['/sbin/tini', '--'],
  cmd: ['sh'],
  env: ['PATH=/bin', 'A=b'],
  workingDir: '/srv',
};

const layers = [
  archive(
    { path: 'bin', type: 'SymbolicLink', target: 'usr/bin' },
    { path: 'usr/bin/sh', mode: 0o755, content: 'old' },
    { path: 'usr/bin/gone', content: 'x' },
    { path: 'var/a', content: 'x' },
    { path: 'var/b/c', content: 'x' },
    { path: 'opt', content: 'x' },
  ),
  archive(
    { path: 'bin/sh', mode: 0o755, content: 'new' },
    { path: 'bin/.wh.gone' },
    { path: 'var/kept', content: 'of this layer' },
    { path: 'var/.wh..wh..opq' },
    { path: '.wh.opt' },
    { path: 'opt/', type: 'Directory', mode: 0o755 },
    { path: '.wh..wh.plnk/1' },
    { path: '.wh.never-there' },
  ),
];
const merged = [
  'bin -> usr/bin',
  'usr/ 755',
  'usr/bin/ 755',
  'usr/bin/sh 755 "new"',
  'var/ 755',
  'var/kept 644 "of this layer"',
  'opt/ 755',
];

describe('readRootfs of what docker save wrote', () => {
  const manifest = (Layers: readonly string[], Config = 'abc.json'): Piece => ({
    path: 'manifest.json',
    content: JSON.stringify([{ Config, RepoTags: ['x:latest'], Layers }]),
  });

  test('lays the layers over each other, of old and of now', async () => {
    const old = archive(
      { path: 'abc.json', content: config() },
      { path: '1/layer.tar', content: layers[0] ?? '' },
      { path: '2/layer.tar', type: 'SymbolicLink', target: '../3/layer.tar' },
      { path: '3/layer.tar', content: layers[1] ?? '' },
      manifest(['1/layer.tar', '2/layer.tar']),
    );
    const rootfs = await readRootfs(await written(old));
    expect(shown(rootfs)).toEqual(merged);
    expect(rootfs.config).toEqual(expectedConfig);

    const now = archive(
      { path: 'blobs/sha256/c', content: config() },
      { path: 'blobs/sha256/1', content: layers[0] ?? '' },
      { path: 'blobs/sha256/2', content: gzipSync(layers[1] ?? '') },
      manifest(['blobs/sha256/1', 'blobs/sha256/2'], 'blobs/sha256/c'),
    );
    expect(await read(gzipSync(now))).toEqual(merged);
  });

  test('an image that configures nothing has nothing, and works in /', async () => {
    const bare = archive(
      { path: 'abc.json', content: JSON.stringify({ architecture: 'amd64', os: 'linux', config: { Cmd: null } }) },
      { path: 'layer.tar', content: archive({ path: 'a' }) },
      { path: 'empty.tar', content: Buffer.alloc(1024) },
      manifest(['layer.tar', 'empty.tar']),
    );
    const rootfs = await readRootfs(await written(bare));
    expect(shown(rootfs)).toEqual(['a 644 ""']);
    expect(rootfs.config).toEqual({ entrypoint: [], cmd: [], env: [], workingDir: '/' });
  });

  test('a root file system may have a manifest.json of its own', async () => {
    expect(await read(archive({ path: 'manifest.json', content: '{}' }))).toEqual(['manifest.json 644 "{}"']);
  });

  test('refuses a missing layer, one that is none or leads out, another platform, several images', async () => {
    const described: Piece = { path: 'abc.json', content: config() };
    expect(await refusal(archive(described, manifest(['1/layer.tar'])))).toBe(
      'The member 1/layer.tar of PATH is missing.',
    );
    expect(await refusal(archive(described, manifest(['../x'])))).toBe(
      'The member "../x" of PATH has ".." in its path.',
    );
    expect(await refusal(archive(described, { path: 'l', content: 'no tar' }, manifest(['l'])))).toBe(
      'The layer l of PATH is not a tar archive.',
    );
    const evil = archive({ path: 'x/.wh...' });
    expect(await refusal(archive(described, { path: 'l', content: evil }, manifest(['l'])))).toBe(
      'The member "x/.wh..." of the layer l of PATH is a whiteout of nothing.',
    );
    expect(await refusal(archive({ path: 'abc.json', content: config('arm64') }, manifest(['l'])))).toBe(
      'PATH holds no image for linux/amd64.',
    );
    const two = JSON.stringify([1, 2].map(() => ({ Config: 'abc.json', Layers: [] })));
    expect(await refusal(archive(described, { path: 'manifest.json', content: two }))).toBe(
      'PATH holds 2 images for linux/amd64.',
    );
  });
});

describe('readRootfs of an OCI image layout', () => {
  interface Blobs {
    readonly pieces: Piece[];
    readonly add: (
      content: Uint8Array | object,
      type: string,
    ) => { readonly digest: string; readonly mediaType: string };
  }
  const blobs = (): Blobs => {
    const pieces: Piece[] = [{ path: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' }];
    return {
      pieces,
      add: (content, type) => {
        const bytes = content instanceof Uint8Array ? content : Buffer.from(JSON.stringify(content));
        pieces.push({ path: `blobs/sha256/${sha256(bytes)}`, content: bytes });
        return { digest: `sha256:${sha256(bytes)}`, mediaType: `application/vnd.oci.image.${type}` };
      },
    };
  };

  /** An index of an index of two platforms and an attestation, as buildx writes them. */
  const layout = (damage: (pieces: readonly Piece[]) => readonly Piece[] = (pieces) => pieces): readonly Piece[] => {
    const { pieces, add } = blobs();
    const manifest = add(
      {
        config: add(config(), 'config.v1+json'),
        layers: [
          add(layers[0] ?? Buffer.alloc(0), 'layer.v1.tar'),
          add(gzipSync(layers[1] ?? ''), 'layer.v1.tar+gzip'),
        ],
      },
      'manifest.v1+json',
    );
    const absent = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: `sha256:${'0'.repeat(64)}` };
    const index = add(
      {
        manifests: [
          { ...absent, platform: { architecture: 'arm64', os: 'linux' } },
          { ...manifest, platform: { architecture: 'amd64', os: 'linux' } },
          { ...absent, platform: { architecture: 'unknown', os: 'unknown' } },
        ],
      },
      'index.v1+json',
    );
    pieces.push({ path: 'index.json', content: JSON.stringify({ schemaVersion: 2, manifests: [index] }) });
    return damage(pieces);
  };

  const asDirectory = async (pieces: readonly Piece[]): Promise<string> => {
    const root = await mkdtemp(join(directory, 'layout-'));
    for (const { path, content = '' } of pieces) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), content);
    }
    return root;
  };

  test('takes the image for linux/amd64, from a directory and from a tar', async () => {
    for (const path of [await asDirectory(layout()), await written(archive(...layout()))]) {
      const rootfs = await readRootfs(path);
      expect(shown(rootfs)).toEqual(merged);
      expect(rootfs.config).toEqual(expectedConfig);
    }
  });

  test('refuses a blob that is not what its digest says, or not there', async () => {
    const digest = sha256(layers[0] ?? '');
    const isLayer = ({ path }: Piece): boolean => path === `blobs/sha256/${digest}`;
    const changed = layout((pieces) =>
      pieces.map((piece) => (isLayer(piece) ? { ...piece, content: archive({ path: 'evil' }) } : piece)),
    );
    const gone = layout((pieces) => pieces.filter((piece) => !isLayer(piece)));
    for (const path of [await asDirectory(changed), await written(archive(...changed))])
      expect(await refusalOf(path)).toBe(`The blob sha256:${digest} of PATH is damaged: its digest is another.`);
    for (const path of [await asDirectory(gone), await written(archive(...gone))])
      expect(await refusalOf(path)).toBe(`The blob sha256:${digest} of PATH is missing.`);
  });

  test('refuses a digest that is a path, and an index that is none', async () => {
    const index = (content: string): Promise<string> =>
      asDirectory([
        { path: 'oci-layout', content: '{}' },
        { path: 'index.json', content },
      ]);
    expect(await refusalOf(await index('{"manifests":[{"digest":"sha256:../../../etc/passwd"}]}'))).toBe(
      'PATH names a blob sha256:../../../etc/passwd, which is no sha256 digest.',
    );
    expect(await refusalOf(await index('{'))).toBe('index.json of PATH does not describe an image as it should.');
    expect(await refusalOf(await index('{"manifests":[]}'))).toBe('PATH holds no image for linux/amd64.');
  });
});
