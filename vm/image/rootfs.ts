import { lstat, readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import * as tar from 'tar';
import { messageOf, UsageError } from '../../src/base/errors.ts';
import { containerImage, noConfig, type ImageConfig, type ReadMember } from './container-image.ts';
import type { CpioEntry } from './cpio.ts';
import { FileTree, PathError } from './file-tree.ts';

/** A root file system, as far as a process in it can tell: owners and times are not kept, nor are device nodes, FIFOs and sockets. */
export interface Rootfs {
  /** A directory stands before what it holds; the root itself is left out. */
  readonly entries: readonly CpioEntry[];
  /** What the image says; of what is no image, nothing and `/`. */
  readonly config: ImageConfig;
}

const limit = 2 ** 30;

const hint = 'Name a directory, an OCI image layout, or what `docker save` or `docker export` wrote.';

/**
 * Reads a root file system into memory: a directory (what is mounted below it is left out), an OCI image layout, or a tar
 * of one of them, of `docker save` or of `docker export`, each perhaps compressed by gzip(1). Of an image, the layers for
 * linux/amd64 are laid over each other. Nothing is believed: no path and no link of it leads to the workstation.
 *
 * @throws UsageError when it is none of these, damaged, empty, larger than 1 GiB, or has a member that leads out of it
 */
export const readRootfs = async (path: string): Promise<Rootfs> => {
  const found = await stat(path).catch((cause: unknown) => {
    throw new UsageError(`The root file system ${path} cannot be read: ${messageOf(cause)}.`, { hint, cause });
  });
  if (!found.isDirectory() && !found.isFile())
    throw new UsageError(`The root file system ${path} is neither a directory nor a file.`, { hint });

  const isLayout = found.isDirectory() && (await hasLayout(path));
  const tree = isLayout ? undefined : found.isDirectory() ? await treeOfDirectory(path) : await treeOfTar(path);
  const read: ReadMember =
    tree === undefined
      ? (member) => readBelow(path, member)
      : (member) => Promise.resolve(memberOf(tree, member, path));

  // A directory is an image only if it says so; a file called manifest.json may stand in any.
  const image = isLayout || found.isFile() ? await containerImage(path, read) : undefined;
  const root = image === undefined ? tree : new FileTree();
  if (root === undefined) throw new UsageError(`${path} is an image layout without an image.`, { hint });

  let left = limit;
  for (const { name, read: layer } of image?.layers ?? []) {
    const where = `the layer ${name} of ${path}`;
    const bytes = await unpacked(await layer(), { where, path, limit: left });
    left -= bytes.length;
    putLayer(root, membersOf(bytes, where), where);
  }
  if (root.isEmpty) throw new UsageError(`The root file system ${path} is empty.`, { hint });
  return { entries: root.entries(), config: image?.config ?? noConfig };
};

const tooLarge = (path: string): UsageError =>
  new UsageError(`The root file system ${path} is larger than 1 GiB unpacked.`, {
    hint: 'Leave out what the program under test does not need.',
  });

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** Carries out what puts a member into a tree, and says which member it was when the tree refuses it. */
const refusing = <T>(member: string, where: string, action: () => T): T => {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof PathError)) throw error;
    throw new UsageError(`The member ${JSON.stringify(member)} of ${where} ${error.message}.`, { cause: error });
  }
};

const memberOf = (tree: FileTree, member: string, path: string): Uint8Array | undefined =>
  refusing(member, path, () => tree.read(member));

// Directories

const exists = async (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

const hasLayout = async (path: string): Promise<boolean> =>
  (await exists(join(path, 'oci-layout'))) && (await exists(join(path, 'index.json')));

const readBelow = async (path: string, member: string): Promise<Uint8Array | undefined> => {
  const full = join(path, member);
  const found = await stat(full).catch(() => undefined);
  if (found?.isFile() !== true) return undefined;
  if (found.size > limit) throw tooLarge(path);
  return readable(full, path);
};

const readable = async (full: string, path: string): Promise<Uint8Array> =>
  readFile(full).catch((cause: unknown) => {
    throw new UsageError(`${full} of the root file system ${path} cannot be read: ${messageOf(cause)}.`, {
      hint: 'Name a tar of it instead, which its owner can make.',
      cause,
    });
  });

const treeOfDirectory = async (path: string): Promise<FileTree> => {
  const tree = new FileTree();
  const { dev } = await stat(path);
  let left = limit;
  const below = async (relative: string): Promise<void> => {
    const names = await readdir(join(path, relative)).catch((cause: unknown) => {
      throw new UsageError(`${join(path, relative)} cannot be read: ${messageOf(cause)}.`, { cause });
    });
    for (const name of names.toSorted()) {
      const member = join(relative, name);
      const full = join(path, member);
      const found = await lstat(full);
      const mode = found.mode & 0o7777;
      if (found.isDirectory()) {
        tree.makeDirectory(member, mode);
        if (found.dev === dev) await below(member);
      } else if (found.isSymbolicLink()) tree.put(member, { type: 'symlink', target: await readlink(full) });
      else if (found.isFile()) {
        left -= found.size;
        if (left < 0) throw tooLarge(path);
        tree.put(member, { type: 'file', mode, content: await readable(full, path) });
      }
    }
  };
  await below('');
  return tree;
};

// Archives

/** A member of a tar; `other` are those that the root file system goes without. */
interface Member {
  readonly type: 'directory' | 'file' | 'symlink' | 'link' | 'other';
  readonly path: string;
  readonly mode: number | undefined;
  readonly target: string;
  readonly content: Uint8Array;
}

const types: Partial<Record<tar.ReadEntry['type'], Member['type']>> = {
  Directory: 'directory',
  GNUDumpDir: 'directory',
  File: 'file',
  OldFile: 'file',
  ContiguousFile: 'file',
  SymbolicLink: 'symlink',
  Link: 'link',
  CharacterDevice: 'other',
  BlockDevice: 'other',
  FIFO: 'other',
};

const compressions = [
  { name: 'zstd', magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]) },
  { name: 'xz', magic: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a]) },
  { name: 'bzip2', magic: Buffer.from('BZh') },
];

const startsWith = (bytes: Uint8Array, magic: Uint8Array): boolean =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).subarray(0, magic.length).equals(magic);

const isGzip = (bytes: Uint8Array): boolean => startsWith(bytes, Buffer.from([0x1f, 0x8b]));

/** The bytes of a tar that gzip(1) may have compressed. */
const unpacked = async (
  bytes: Uint8Array,
  { where, path, limit: most }: { readonly where: string; readonly path: string; readonly limit: number },
): Promise<Buffer> => {
  const plain = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const result = isGzip(bytes)
    ? await promisify(gunzip)(plain, { maxOutputLength: Math.max(most, 1), chunkSize: 2 ** 20 }).catch(
        (cause: unknown) => {
          if (cause instanceof RangeError) throw tooLarge(path);
          throw new UsageError(`${capital(where)} is damaged or truncated: ${messageOf(cause)}.`, { cause });
        },
      )
    : plain;
  if (result.length > most) throw tooLarge(path);
  return result;
};

const blockSize = 512;

const noTar = (bytes: Buffer, where: string): UsageError => {
  const compression = compressions.find(({ magic }) => startsWith(bytes, magic));
  if (compression === undefined) return new UsageError(`${capital(where)} is not a tar archive.`, { hint });
  return new UsageError(`${capital(where)} is compressed with ${compression.name}, which is not supported.`, {
    hint: 'Unpack it, or save it again compressed with gzip or not at all.',
  });
};

/** The members of a tar in their order; their content is not copied. */
const membersOf = (bytes: Buffer, where: string): readonly Member[] => {
  if (bytes.length === 0) throw new UsageError(`${capital(where)} is empty.`, { hint });
  const end = Buffer.alloc(2 * blockSize);
  if (startsWith(bytes, end)) return [];
  if (isGzip(bytes) || bytes.length < blockSize || !new tar.Header(bytes).cksumValid) throw noTar(bytes, where);

  const members: Member[] = [];
  const wrong: string[] = [];
  const seen = { end: false };
  const parser = new tar.Parser({ strict: true });
  parser.on('error', (error: Error) => wrong.push(error.message));
  parser.on('ignoredEntry', ({ path }: tar.ReadEntry) => wrong.push(`its member ${path} is of an unknown type`));
  parser.on('nullBlock', () => (seen.end = true));
  parser.on('entry', (entry: tar.ReadEntry) => {
    const pieces: Buffer[] = [];
    entry.on('data', (piece: Buffer) => pieces.push(piece));
    entry.on('end', () => {
      const { path, mode, linkpath } = entry;
      const type = types[entry.type];
      const sparse = /(^|\/)GNUSparseFile\.\d+\//.test(path);
      if (type === undefined || sparse) wrong.push(`its member ${path} is of an unknown type`);
      else
        members.push({
          type,
          path,
          mode,
          target: linkpath ?? '',
          content: pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces),
        });
    });
  });
  try {
    parser.end(bytes);
  } catch (error) {
    wrong.push(messageOf(error));
  }
  if (wrong[0] !== undefined) throw new UsageError(`${capital(where)} is damaged or truncated: ${wrong[0]}.`);
  if (!seen.end) throw new UsageError(`${capital(where)} is truncated: it does not end as a tar archive does.`);
  return members;
};

const putMember = (tree: FileTree, { type, path, mode, target, content }: Member): void => {
  if (/^\/+[^/]/.test(path)) throw new PathError('has an absolute path');
  switch (type) {
    case 'directory':
      tree.makeDirectory(path, mode ?? 0o755);
      break;
    case 'file':
      tree.put(path, { type, mode: mode ?? 0o644, content });
      break;
    case 'symlink':
      tree.put(path, { type, target });
      break;
    case 'link':
      tree.link(path, target);
      break;
    case 'other':
      tree.remove(path);
  }
};

const treeOfTar = async (path: string): Promise<FileTree> => {
  if ((await stat(path)).size > limit) throw tooLarge(path);
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new UsageError(`The root file system ${path} cannot be read: ${messageOf(cause)}.`, { hint, cause });
  });
  const tree = new FileTree();
  for (const member of membersOf(await unpacked(bytes, { where: path, path, limit }), path))
    refusing(member.path, path, () => putMember(tree, member));
  return tree;
};

const whiteout = '.wh.';

/** Whether a member stands for something that is not there any more, or is bookkeeping of aufs. */
const isWhiteout = ({ path }: Member): boolean => path.split('/').some((name) => name.startsWith(whiteout));

/**
 * Lays a layer over those below it. A whiteout removes what lower layers have, never what its own layer brings, wherever
 * in the layer it stands. (layer.md of the OCI image specification, "Whiteouts")
 */
const putLayer = (tree: FileTree, members: readonly Member[], where: string): void => {
  for (const { path } of members.filter(isWhiteout)) {
    const names = path.split('/').filter((name) => name !== '');
    const parent = names.slice(0, -1);
    const name = (names.at(-1) ?? '').slice(whiteout.length);
    if (parent.some((other) => other.startsWith(whiteout))) continue;
    refusing(path, where, () => {
      if (name === '' || name === '.' || name === '..') throw new PathError('is a whiteout of nothing');
      if (`${whiteout}${name}` === '.wh..wh..opq') tree.empty(parent.join('/'));
      else if (!name.startsWith(whiteout)) tree.remove([...parent, name].join('/'));
    });
  }
  for (const member of members.filter((other) => !isWhiteout(other)))
    refusing(member.path, where, () => putMember(tree, member));
};
