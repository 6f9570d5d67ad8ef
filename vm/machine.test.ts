import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch } from './machine.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kernspec-machine-'));
});
afterAll(() => rm(directory, { recursive: true }));

const accelerator = { accel: 'tcg', reason: 'test' } as const;

/** A program that stands in QEMU's place. */
const standIn = async (name: string, script: string): Promise<string> => {
  const path = join(directory, name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
};

test('QEMU is not installed', async () => {
  await expect(
    launch({ kernel: '/none', initramfs: '/none', accelerator, qemu: 'kernspec-no-such-qemu' }),
  ).rejects.toMatchObject({ name: 'HostError', message: 'The program kernspec-no-such-qemu is not installed.' });
});

test('QEMU refuses its command line: its own words are the reason', async () => {
  const qemu = await standIn('refuses', 'echo "qemu: could not load kernel" >&2; exit 1');
  await expect(launch({ kernel: '/none', initramfs: '/none', accelerator, qemu })).rejects.toMatchObject({
    name: 'BootError',
    message: 'The machine did not boot: qemu: could not load kernel',
  });
});

test('a real QEMU is given a file that is no kernel', async () => {
  const kernel = join(directory, 'vmlinuz');
  await writeFile(kernel, 'this is no kernel');
  await expect(launch({ kernel, initramfs: kernel, accelerator })).rejects.toMatchObject({
    name: 'BootError',
    message: expect.stringContaining('qemu') as string,
  });
});
