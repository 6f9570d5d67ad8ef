import { copyFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { HostError } from '../base/errors.ts';
import { runOrFail } from '../base/process.ts';

/** A kernel module, ready for insmod. */
export interface Module {
  readonly name: string;
  readonly content: Uint8Array;
}

const canonical = (name: string): string => name.replaceAll('-', '_');

/** What a module's `.modinfo` section says it needs: `depends=a,b`. Debian's packages have no modules.dep; depmod makes it on installation. */
const dependenciesOf = (content: Uint8Array): readonly string[] => {
  const found = /\0depends=([^\0]*)\0/.exec(Buffer.from(content).toString('latin1'))?.[1] ?? '';
  return found.split(',').filter((name) => name !== '');
};

const decompressors: Readonly<Record<string, readonly [string, ...string[]]>> = {
  '.gz': ['gzip', '-d'],
  '.xz': ['xz', '-d'],
  '.zst': ['zstd', '-d', '-q', '--rm'],
};

const contentOf = async (path: string): Promise<Uint8Array> => {
  const extension = extname(path);
  if (extension === '.ko') return readFile(path);
  const [program, ...args] = decompressors[extension] ?? [];
  if (program === undefined) throw new HostError(`It is not known here how the module ${path} is compressed.`);
  const directory = await mkdtemp(join(tmpdir(), 'kernspec-module-'));
  try {
    const copy = join(directory, `module${extension}`);
    await copyFile(path, copy);
    await runOrFail(program, [...args, copy]);
    return await readFile(join(directory, 'module'));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

/**
 * The wanted modules and those they need, in the order in which insmod takes them. A wanted module that is not there is
 * built into the kernel, or the kernel does not have it.
 *
 * @param directory files NAME.ko at any depth, with or without compression
 */
export const modulesInOrder = async (directory: string, wanted: readonly string[]): Promise<readonly Module[]> => {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const available = new Map(
    entries.flatMap((entry) => {
      const name = /^(.+)\.ko(\.\w+)?$/.exec(entry.name)?.[1];
      return name === undefined || !entry.isFile()
        ? []
        : [[canonical(name), { name, path: join(entry.parentPath, entry.name) }]];
    }),
  );
  const ordered = new Map<string, Module>();
  const visiting = new Set<string>();
  const visit = async (wantedName: string): Promise<void> => {
    const found = available.get(canonical(wantedName));
    if (found === undefined || visiting.has(found.path)) return;
    visiting.add(found.path);
    const content = await contentOf(found.path);
    for (const needed of dependenciesOf(content)) await visit(needed);
    ordered.set(found.path, { name: found.name, content });
  };
  for (const name of wanted) await visit(name);
  return [...ordered.values()];
};
