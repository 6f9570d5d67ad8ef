import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { sha256 } from '../../src/base/atomic.ts';
import { runOrFail } from '../../src/base/process.ts';
import { AptRoot, type PackageRecord } from './apt-root.ts';
import { extractDeb } from './deb.ts';
import { mirrorOf } from './mirror.ts';

const content = Buffer.from('the bytes of a package\n'.repeat(1000));
const record: PackageRecord = {
  name: 'linux-image-9.9.9',
  version: '9.9.9-1',
  suite: 'test',
  archive: 'debian',
  filename: 'pool/linux.deb',
  sha256: sha256(content),
  size: content.length,
};

describe('AptRoot.download, from an archive of this process', () => {
  let server: Server;
  let served = content;
  let requests: string[] = [];
  let directory = '';

  beforeAll(async () => {
    server = createServer((request, response) => {
      requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
      response.end(request.url === '/debian/pool/linux.deb' ? served : undefined);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    vi.stubEnv('KERNSPEC_MIRROR', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    server.close();
  });
  afterEach(() => rm(directory, { recursive: true }));

  const open = async (): Promise<AptRoot> => {
    requests = [];
    served = content;
    directory = await mkdtemp(join(tmpdir(), 'kernspec-apt-'));
    const suites = [{ name: 'test', archive: 'debian' as const }];
    return AptRoot.open({ directory, suites, component: 'main', architecture: 'amd64' });
  };

  test('two that want the same share one download; a third finds it there', async () => {
    const root = await open();
    const [first, second] = await Promise.all([root.download(record), root.download(record)]);
    expect(await root.download(record)).toBe(first);
    expect(second).toBe(first);
    expect(await readFile(first)).toEqual(content);
    expect(requests).toEqual(['GET /debian/pool/linux.deb']);
  });

  test('a corrupt download is thrown away and said to be one', async () => {
    const root = await open();
    served = Buffer.from(content.toString().replace('package', 'pancake'));
    await expect(root.download(record)).rejects.toMatchObject({
      name: 'HostError',
      message: expect.stringMatching(/^The download of linux-image-9\.9\.9 9\.9\.9-1 is corrupt: sha256 is /) as string,
    });
    expect(await readdir(join(directory, 'packages'))).toEqual([]);
  });

  test('lists that cannot be fetched', async () => {
    const root = await open();
    await expect(root.update()).rejects.toMatchObject({
      name: 'HostError',
      message: expect.stringContaining("Debian's package lists could not be fetched") as string,
    });
  });
});

test('a package that is none is damaged', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'kernspec-deb-'));
  const path = join(directory, 'x.deb');
  await writeFile(path, 'no package');
  await expect(extractDeb(path, { into: directory, filter: () => true })).rejects.toMatchObject({
    name: 'HostError',
    message: expect.stringContaining('is damaged') as string,
  });
  await rm(directory, { recursive: true });
});

test('a link of a package that begins at the root stays as it is', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'kernspec-deb-'));
  const [tree, into] = [join(directory, 'tree'), join(directory, 'into')];
  await mkdir(join(tree, 'DEBIAN'), { recursive: true });
  await mkdir(join(tree, 'usr/lib/x'), { recursive: true });
  await mkdir(into);
  const control = ['Package: x', 'Version: 1', 'Architecture: all', 'Maintainer: x <x@test>', 'Description: x', ''];
  await writeFile(join(tree, 'DEBIAN/control'), control.join('\n'));
  await symlink('/etc/x/site.py', join(tree, 'usr/lib/x/site.py'));
  await symlink('site.py', join(tree, 'usr/lib/x/other.py'));
  await runOrFail('dpkg-deb', ['--build', tree, join(directory, 'x.deb')]);
  await extractDeb(join(directory, 'x.deb'), { into, filter: () => true });
  expect(await readlink(join(into, 'usr/lib/x/site.py'))).toBe('/etc/x/site.py');
  expect(await readlink(join(into, 'usr/lib/x/other.py'))).toBe('site.py');
  await rm(directory, { recursive: true });
});

test('a mirror that is given counts', async () => {
  const mirror = await mirrorOf({ KERNSPEC_MIRROR: 'http://mirror.test/' });
  expect(mirror('debian-security')).toBe('http://mirror.test/debian-security/');
});
