import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tar from 'tar';
import { HostError } from '../../src/base/errors.ts';
import { runOrFail } from '../../src/base/process.ts';
import type { CpioEntry } from '../image/cpio.ts';
import { entriesBelow } from '../image/tree.ts';

/**
 * A package of the npm registry that has its dependencies within itself, as it is once installed globally; the workstation's npm
 * gets it, from where it is told to get packages.
 *
 * @param spec `npm@10.8.2`
 * @param integrity `sha512-…` of its archive
 * @throws HostError when it cannot be had, or is another one
 */
export const npmPackage = async (spec: string, integrity: string): Promise<readonly CpioEntry[]> => {
  const directory = await mkdtemp(join(tmpdir(), 'kernspec-npm-'));
  try {
    const packed = await runOrFail('npm', ['pack', spec, '--silent', '--pack-destination', directory]);
    const archive = join(directory, packed.trim());
    const hash = createHash('sha512').update(await readFile(archive));
    if (`sha512-${hash.digest('base64')}` !== integrity)
      throw new HostError(`The package ${spec} of the npm registry is not the one that is expected.`, {
        hint: 'Its integrity stands in guest/inits/known.json.',
      });
    const unpacked = join(directory, 'unpacked');
    await mkdir(unpacked);
    await tar.extract({ file: archive, cwd: unpacked, strip: 1 });
    const { name, bin } = JSON.parse(await readFile(join(unpacked, 'package.json'), 'utf8')) as {
      readonly name: string;
      readonly bin: Readonly<Record<string, string>>;
    };
    // A package need not say that its commands can be executed: npm sees to that when it installs them.
    for (const path of Object.values(bin)) await chmod(join(unpacked, path), 0o755);
    const home = `usr/lib/node_modules/${name}`;
    return [
      ...(await entriesBelow(unpacked))
        .filter(({ path }) => !/^(docs|man)\/|\.md$/.test(path))
        .map((entry): CpioEntry => ({ ...entry, path: `${home}/${entry.path}` })),
      ...Object.entries(bin).map(([command, path]): CpioEntry => ({
        type: 'symlink',
        path: `usr/bin/${command}`,
        target: `/${home}/${path}`,
      })),
    ];
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};
