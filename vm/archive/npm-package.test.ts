import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HostError } from '../../src/base/errors.ts';
import { runOrFail } from '../../src/base/process.ts';
import { npmPackage } from './npm-package.ts';

let directory: string;

/** A folder is a package as good as any of the registry to npm pack. */
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kernspec-npm-test-'));
  await mkdir(join(directory, 'bin'));
  await mkdir(join(directory, 'docs'));
  await writeFile(join(directory, 'package.json'), '{"name": "tool", "version": "1.0.0", "bin": {"tl": "bin/tl.js"}}');
  await writeFile(join(directory, 'bin/tl.js'), '#!/usr/bin/env node\n');
  await writeFile(join(directory, 'docs/tl.html'), 'how to use it');
});
afterAll(() => rm(directory, { recursive: true }));

test('a package of npm is what it would be once installed, without its manual', async () => {
  const packed = await runOrFail('npm', ['pack', directory, '--json', '--dry-run']);
  const [{ integrity } = { integrity: '' }] = JSON.parse(packed) as readonly { readonly integrity: string }[];
  const entries = await npmPackage(directory, integrity);
  expect(
    entries
      .filter(({ type }) => type !== 'directory')
      .map(({ path }) => path)
      .toSorted(),
  ).toEqual(['usr/bin/tl', 'usr/lib/node_modules/tool/bin/tl.js', 'usr/lib/node_modules/tool/package.json']);
  expect(entries.find(({ path }) => path === 'usr/bin/tl')).toEqual({
    type: 'symlink',
    path: 'usr/bin/tl',
    target: '/usr/lib/node_modules/tool/bin/tl.js',
  });
  expect(entries.find(({ path }) => path.endsWith('tl.js'))).toMatchObject({ type: 'file', mode: 0o755 });
});

test('another package than the one that is expected is refused', async () => {
  await expect(npmPackage(directory, 'sha512-AAAA')).rejects.toThrow(HostError);
  await expect(npmPackage(directory, 'sha512-AAAA')).rejects.toThrow(
    /of the npm registry is not the one that is expected/,
  );
});
