import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CpioEntry } from './cpio.ts';

/** The files, directories and symlinks below a directory of the workstation, as members of an archive; other things are left out. */
export const entriesBelow = async (directory: string): Promise<readonly CpioEntry[]> => {
  const names = await readdir(directory, { recursive: true, withFileTypes: true });
  return Promise.all(
    names
      .filter((name) => name.isFile() || name.isDirectory() || name.isSymbolicLink())
      .map(async (name): Promise<CpioEntry> => {
        const full = join(name.parentPath, name.name);
        const path = full.slice(directory.length + 1);
        if (name.isSymbolicLink()) return { type: 'symlink', path, target: await readlink(full) };
        if (name.isDirectory()) return { type: 'directory', path, mode: 0o755 };
        const { mode } = await stat(full);
        return { type: 'file', path, mode: (mode & 0o111) === 0 ? 0o644 : 0o755, content: await readFile(full) };
      }),
  );
};

/** Adds the directories that the paths of the entries stand in, where they are missing: the kernel does not make them. */
export const withParents = (entries: readonly CpioEntry[]): readonly CpioEntry[] => {
  const have = new Set(entries.map(({ path }) => path));
  const added: CpioEntry[] = [];
  for (const { path } of entries) {
    const parts = path.split('/');
    for (let depth = 1; depth < parts.length; depth++) {
      const parent = parts.slice(0, depth).join('/');
      if (have.has(parent)) continue;
      have.add(parent);
      added.push({ type: 'directory', path: parent, mode: 0o755 });
    }
  }
  return [...entries, ...added];
};
