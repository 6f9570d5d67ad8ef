import { mkdir, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import * as tar from 'tar';
import { asHostError, HostError } from '../../src/base/errors.ts';
import { startOwned } from '../../src/base/process.ts';

export interface ExtractOptions {
  /** An existing directory. Members cannot get out of it: tar refuses absolute paths and `..`. */
  readonly into: string;
  /** Which members to extract, by path without a leading `./`. */
  readonly filter: (path: string) => boolean;
}

/**
 * Extracts files of a .deb; dpkg-deb(1) knows every compression that Debian uses.
 *
 * @throws HostError when the package is damaged
 */
export const extractDeb = async (path: string, { into, filter }: ExtractOptions): Promise<void> => {
  const child = await startOwned('dpkg-deb', ['--fsys-tarfile', path]);
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const absolute = new Map<string, string>();
  const members = tar.extract({
    cwd: into,
    strict: true,
    filter: (member, entry) => {
      const path = member.replace(/^\.\//, '');
      if (!filter(path)) return false;
      // tar would make a relative link of one that begins at the root; where it stands is checked as tar does.
      const target = 'linkpath' in entry ? (entry.linkpath ?? '') : '';
      if (!target.startsWith('/') || path.split('/').includes('..') || path.startsWith('/')) return true;
      absolute.set(path, target);
      return false;
    },
  });
  try {
    await pipeline(child.stdout, members);
  } catch (error) {
    const told = asHostError(error, 'unpacking a package', into);
    if (told instanceof HostError) throw told;
    throw new HostError(`The package ${path} is damaged.`, { cause: error, details: complaint });
  }
  for (const [link, target] of absolute) {
    await mkdir(dirname(join(into, link)), { recursive: true });
    await symlink(target, join(into, link));
  }
  const { exitCode } = await child.exited;
  if (exitCode !== 0) throw new HostError(`The package ${path} is damaged: ${complaint.trim()}`);
};
