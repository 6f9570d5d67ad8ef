import type { CpioEntry } from './cpio.ts';

/** What a path of a {@link FileTree} may be put to. */
export type Leaf =
  | { readonly type: 'file'; readonly mode: number; readonly content: Uint8Array }
  | { readonly type: 'symlink'; readonly target: string };

interface Directory {
  readonly type: 'directory';
  mode: number;
  readonly children: Map<string, Node>;
}

type Node = Leaf | Directory;

/** A path that a {@link FileTree} does not take. The message goes on where "The member PATH" stops. */
export class PathError extends Error {}

/** How many symbolic links the kernel follows on one path. (path_resolution(7)) */
const maxFollowed = 40;

/** PATH_MAX of <limits.h>, with the terminating NUL. */
const pathMax = 4096;

const directory = (mode: number): Directory => ({ type: 'directory', mode, children: new Map() });

const namesIn = (path: string): readonly string[] => {
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  if (path.length >= pathMax) throw new PathError('has a path of more than 4095 bytes');
  if (path.includes('\0')) throw new PathError('has a NUL in its path');
  if (names.includes('..')) throw new PathError('has ".." in its path');
  return names;
};

/**
 * A root file system in memory. Paths are those of somebody we do not trust: symbolic links are followed as they are for
 * a process that is chrooted there, so that no path leads out of the tree, and nothing of the workstation is looked at.
 */
export class FileTree {
  readonly #root = directory(0o755);

  get isEmpty(): boolean {
    return this.#root.children.size === 0;
  }

  /**
   * Makes a directory, or gives the one that is there a mode. Whatever else is there is replaced; parents are made.
   *
   * @throws PathError
   */
  makeDirectory(path: string, mode: number): void {
    const names = namesIn(path);
    const name = names.at(-1);
    const parent = name === undefined ? undefined : this.#parent(names);
    const there = name === undefined ? this.#root : parent?.children.get(name);
    if (there?.type === 'directory') there.mode = mode;
    else if (name !== undefined) parent?.children.set(name, directory(mode));
  }

  /**
   * Puts a file or a symbolic link at a path, in place of what is there; parents are made.
   *
   * @throws PathError
   */
  put(path: string, leaf: Leaf): void {
    if (leaf.type === 'symlink' && (leaf.target.length >= pathMax || leaf.target.includes('\0')))
      throw new PathError('is a symbolic link to a path that cannot be');
    const names = namesIn(path);
    const name = names.at(-1);
    if (name === undefined) throw new PathError('stands for the root, which must be a directory');
    this.#parent(names).children.set(name, leaf);
  }

  /**
   * Puts at a path what is at another, as link(2) does: a symbolic link is not followed.
   *
   * @throws PathError
   */
  link(path: string, target: string): void {
    const names = namesIn(target);
    const parent = this.#lookUp(names.slice(0, -1), false);
    const there = parent?.type === 'directory' ? parent.children.get(names.at(-1) ?? '') : undefined;
    if (there === undefined) throw new PathError(`is a hard link to ${target}, which is not there`);
    if (there.type === 'directory') throw new PathError(`is a hard link to ${target}, which is a directory`);
    this.put(path, there);
  }

  /**
   * Removes what is at a path, if there is something.
   *
   * @throws PathError
   */
  remove(path: string): void {
    const names = namesIn(path);
    const parent = this.#lookUp(names.slice(0, -1), false);
    if (parent?.type === 'directory') parent.children.delete(names.at(-1) ?? '');
  }

  /**
   * Empties a directory, if there is one.
   *
   * @throws PathError
   */
  empty(path: string): void {
    const there = this.#lookUp(namesIn(path), false);
    if (there?.type === 'directory') there.children.clear();
  }

  /**
   * The content of the file that a path leads to, or undefined if it leads to none.
   *
   * @throws PathError
   */
  read(path: string): Uint8Array | undefined {
    const there = this.#lookUp(namesIn(path), false);
    return there?.type === 'file' ? there.content : undefined;
  }

  /** All that stands below the root, a directory before what it holds. The root itself is left out. */
  entries(): readonly CpioEntry[] {
    const entries: CpioEntry[] = [];
    const todo: { readonly path: string; readonly node: Node }[] = [{ path: '', node: this.#root }];
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      const { path, node } = next;
      if (node.type !== 'directory') {
        entries.push({ ...node, path });
        continue;
      }
      if (path !== '') entries.push({ type: 'directory', path, mode: node.mode });
      const below = [...node.children].map(([name, child]) => ({
        path: path === '' ? name : `${path}/${name}`,
        node: child,
      }));
      for (const child of below.toReversed()) todo.push(child);
    }
    return entries;
  }

  #parent(names: readonly string[]): Directory {
    const parent = this.#lookUp(names.slice(0, -1), true);
    if (parent?.type !== 'directory') throw new PathError('stands below something that is no directory');
    return parent;
  }

  /** What is at a path, symbolic links followed, the last one too; what is missing is made if so wished. */
  #lookUp(names: readonly string[], make: boolean): Node | undefined {
    const above: { readonly node: Directory; readonly length: number }[] = [{ node: this.#root, length: 0 }];
    const todo = names.toReversed();
    let followed = 0;
    let here: Node = this.#root;
    for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
      if (name === '' || name === '.') continue;
      if (here.type !== 'directory') return undefined;
      if (name === '..') {
        if (above.length > 1) above.pop();
        here = above.at(-1)?.node ?? this.#root;
        continue;
      }
      const length: number = (above.at(-1)?.length ?? 0) + name.length + 1;
      if (length >= pathMax) throw new PathError('leads to a path of more than 4095 bytes');
      let next: Node | undefined = here.children.get(name);
      if (next === undefined) {
        if (!make) return undefined;
        next = directory(0o755);
        here.children.set(name, next);
      }
      if (next.type === 'symlink') {
        if (++followed > maxFollowed) throw new PathError('stands behind a loop of symbolic links');
        if (next.target.startsWith('/')) above.length = 1;
        here = above.at(-1)?.node ?? this.#root;
        todo.push(...next.target.split('/').toReversed());
        continue;
      }
      if (next.type === 'directory') above.push({ node: next, length });
      here = next;
    }
    return here;
  }
}
