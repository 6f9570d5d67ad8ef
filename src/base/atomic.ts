import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, rmSync } from 'node:fs';
import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { asHostError } from './errors.ts';

/**
 * Makes a directory and those above it.
 *
 * @throws HostError when the disk is full or may not be written, or a file is in the way
 */
export const makeDirectory = (path: string): void => {
  try {
    if (existsSync(path)) return;
    const parent = dirname(path);
    if (!existsSync(parent)) makeDirectory(parent);
    // One by one: of a failed `recursive: true` Node reports ENOENT, whatever the reason.
    mkdirSync(path);
  } catch (error) {
    // Somebody else has made it meanwhile.
    if (!existsSync(path)) throw asHostError(error, 'making a directory', path);
  }
};

/** A sibling path that nobody else uses, to be renamed over `path`; {@link abandonedIn} knows it. */
export const temporaryFor = (path: string): string => `${path}.tmp-${process.pid}-${randomBytes(4).toString('hex')}`;

/** What is being made at this moment: it goes with us when we are told to exit in the middle. */
const unfinished = new Set<string>();

process.on('exit', () => {
  for (const path of unfinished) rmSync(path, { recursive: true, force: true });
});

/** Temporary files and directories below `directory`, of which whoever made them is dead. */
export const abandonedIn = async (directory: string): Promise<readonly string[]> => {
  const names = await readdir(directory, { recursive: true }).catch(() => [] as string[]);
  return names
    .filter((name) => {
      const pid = /\.tmp-(\d+)-[0-9a-f]+$/.exec(name)?.[1];
      return pid !== undefined && !existsSync(`/proc/${pid}`);
    })
    .map((name) => join(directory, name));
};

/**
 * Makes `path` (a file or a directory) with `fill`, which is given a temporary path beside it; it appears whole or not at all.
 *
 * @throws HostError when the disk is full or may not be written
 */
export const createAtomically = async (path: string, fill: (temporary: string) => Promise<unknown>): Promise<void> => {
  const temporary = temporaryFor(path);
  unfinished.add(temporary);
  try {
    makeDirectory(dirname(path));
    await fill(temporary);
    // Of several who made the same directory at the same time, the first one's stays.
    await rename(temporary, path).catch((error: unknown) => {
      if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      return rm(temporary, { recursive: true, force: true });
    });
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw asHostError(error, 'writing', path);
  } finally {
    unfinished.delete(temporary);
  }
};

/** Writes a whole file atomically. */
export const writeFileAtomically = (path: string, content: string | Uint8Array, mode = 0o644): Promise<void> =>
  createAtomically(path, (temporary) => writeFile(temporary, content, { mode }));

/** sha256 of a file, in hexadecimal. */
export const sha256OfFile = async (path: string): Promise<string> => {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
};

/** sha256 of strings and bytes in order, in hexadecimal. */
export const sha256 = (...parts: (string | Uint8Array)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};
