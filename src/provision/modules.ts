import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

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

/**
 * The wanted modules and those they need, in the order in which insmod takes them. A wanted module that is not there is
 * built into the kernel, or the kernel does not have it.
 *
 * @param directory files NAME.ko
 */
export const modulesInOrder = async (directory: string, wanted: readonly string[]): Promise<readonly Module[]> => {
  const files = (await readdir(directory)).filter((file) => file.endsWith('.ko'));
  const available = new Map<string, Module>();
  for (const file of files) {
    const name = file.replace(/\.ko$/, '');
    available.set(canonical(name), { name, content: await readFile(join(directory, file)) });
  }
  const ordered = new Map<string, Module>();
  const visit = (name: string): void => {
    const module = available.get(canonical(name));
    if (module === undefined || ordered.has(canonical(name))) return;
    dependenciesOf(module.content).forEach(visit);
    ordered.set(canonical(name), module);
  };
  wanted.forEach(visit);
  return [...ordered.values()];
};
