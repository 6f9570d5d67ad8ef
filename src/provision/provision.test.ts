import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { modulesInOrder } from './modules.ts';
import { offersOf } from './offers.ts';
import { evictTemplates } from './templates.ts';
import { installCommand, requirements } from './workstation.ts';
import type { PackageRecord } from '../../vm/archive/apt-root.ts';

const record = (name: string, version: string, suite: string): PackageRecord => ({
  name,
  version,
  suite,
  archive: 'debian',
  filename: `pool/${name}.deb`,
  sha256: 'aa',
  size: 1,
});

describe('offersOf', () => {
  test('knows both layouts of packages, and a kernel whose modules have left the archive', () => {
    const offers = offersOf([
      record('linux-image-5.10.0-46-cloud-amd64', '5.10.262-1', 'bullseye-security'),
      record('linux-image-7.3.4+deb13-cloud-amd64', '7.3.4-1~bpo13+1', 'trixie-backports'),
      record('linux-binary-7.3.4+deb13-cloud-amd64', '7.3.4-1~bpo13+1', 'trixie-backports'),
      record('linux-modules-7.3.4+deb13-cloud-amd64', '7.3.4-1~bpo13+1', 'trixie-backports'),
      record('linux-image-7.0.13+deb13-cloud-amd64', '7.0.13-1~bpo13+1', 'trixie-backports'),
      record('linux-binary-7.0.13+deb13-cloud-amd64', '7.0.13-1~bpo13+1', 'trixie-backports'),
    ]);
    expect(
      offers.map(({ series, version, release, packages }) => [series, version, release, packages.map((p) => p.name)]),
    ).toEqual([
      ['5.10', '5.10.262', '5.10.0-46-cloud-amd64', ['linux-image-5.10.0-46-cloud-amd64']],
      ['7.0', '7.0.13', '7.0.13+deb13-cloud-amd64', ['linux-binary-7.0.13+deb13-cloud-amd64']],
      [
        '7.3',
        '7.3.4',
        '7.3.4+deb13-cloud-amd64',
        ['linux-binary-7.3.4+deb13-cloud-amd64', 'linux-modules-7.3.4+deb13-cloud-amd64'],
      ],
    ]);
  });

  test('flavours of one version are kernels of their own', () => {
    const offers = offersOf([
      record('linux-image-6.1.0-50-cloud-amd64', '6.1.176-1', 'bookworm'),
      record('linux-image-6.1.0-50-amd64', '6.1.176-1', 'bookworm'),
      record('linux-image-6.1.0-50-amd64-unsigned', '6.1.176-1', 'bookworm'),
      record('linux-image-6.1.0-50-rt-amd64', '6.1.176-1', 'bookworm'),
      record('linux-image-6.12-rt-amd64', '6.12.117-1', 'bookworm-security'),
    ]);
    expect(offers.map(({ name, flavour, release }) => [name, flavour, release])).toEqual([
      ['6.1.176', 'cloud', '6.1.0-50-cloud-amd64'],
      ['6.1.176-generic', 'generic', '6.1.0-50-amd64'],
      ['6.1.176-rt', 'rt', '6.1.0-50-rt-amd64'],
    ]);
  });

  test('of the same version in two suites, the first suite of the catalogue counts', () => {
    const offers = offersOf([
      record('linux-image-6.1.0-50-cloud-amd64', '6.1.176-1', 'bookworm-security'),
      record('linux-image-6.1.0-50-cloud-amd64', '6.1.176-1', 'bookworm'),
    ]);
    expect(offers.map(({ suite }) => suite)).toEqual(['bookworm']);
  });
});

test('modules come after those they need, also where names mix - and _', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'kernspec-modules-'));
  const module = (name: string, depends: string): Promise<void> =>
    writeFile(join(directory, `${name}.ko`), `ELF\0license=GPL\0depends=${depends}\0name=x\0`);
  await module('virtio_net', 'net_failover,virtio');
  await module('net-failover', 'failover');
  await module('failover', '');
  await module('unwanted', '');
  const ordered = await modulesInOrder(directory, ['virtio_net', 'pvpanic']);
  expect(ordered.map(({ name }) => name)).toEqual(['failover', 'net-failover', 'virtio_net']);
  await rm(directory, { recursive: true });
});

describe('the workstation', () => {
  test('an empty PATH lacks every program, each with the package that has it', async () => {
    const missing = (await requirements('/nonexistent')).filter(({ met }) => !met);
    expect(missing.map(({ what, package: name }) => `${what} (${name})`)).toEqual([
      'qemu-system-x86_64: QEMU for x86-64 guests (qemu-system-x86)',
      'cc: a C compiler (gcc)',
      'setpriv: setpriv, which ties QEMU to our life (util-linux)',
      'apt-get: apt, which fetches kernels (apt)',
      'dpkg-deb: dpkg-deb, which unpacks them (dpkg)',
      'xz: xz (xz-utils)',
      'zstd: zstd (zstd)',
      'libc.a: the static C library (libc6-dev)',
    ]);
  });

  test('this one lacks nothing: the README command has seen to it', async () => {
    expect((await requirements()).filter(({ met }) => !met)).toEqual([]);
  });

  test('the one command to type', () => {
    expect(installCommand(['gcc', 'zstd'], false).join(' ')).toBe(
      'sudo apt-get install -y --no-install-recommends gcc zstd',
    );
  });
});

describe('templates that are in the way', () => {
  const hour = 3_600_000;

  /** Templates with the hours since they were last used; each takes 1 MiB. */
  const evicted = async (
    ages: Readonly<Record<string, number>>,
    wanted: string,
    limits: { bytes: number; ms: number },
  ) => {
    const directory = await mkdtemp(join(tmpdir(), 'kernspec-templates-'));
    try {
      for (const [name, hours] of Object.entries(ages)) {
        await mkdir(join(directory, name));
        await writeFile(join(directory, name, 'memory'), Buffer.alloc(2 ** 20, 1));
        const used = new Date(Date.now() - hours * hour);
        await utimes(join(directory, name), used, used);
      }
      await evictTemplates(directory, join(directory, wanted), limits);
      return (await readdir(directory)).toSorted();
    } finally {
      await rm(directory, { recursive: true });
    }
  };

  test('what nobody used for too long goes', async () => {
    expect(await evicted({ old: 30, young: 2 }, '', { bytes: 2 ** 30, ms: 24 * hour })).toEqual(['young']);
  });

  test('of too much, what was used least recently goes', async () => {
    const ages = { a: 2, b: 5, c: 3, d: 4 };
    expect(await evicted(ages, '', { bytes: 2.5 * 2 ** 20, ms: 24 * hour })).toEqual(['a', 'c']);
  });

  test('but not what is wanted now, or may be in use', async () => {
    expect(await evicted({ used: 0.5, wanted: 30, other: 2 }, 'wanted', { bytes: 0, ms: hour })).toEqual([
      'used',
      'wanted',
    ]);
  });
});
