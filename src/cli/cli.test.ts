import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectRoot } from '../base/paths.ts';

const bin = join(projectRoot, 'bin/kernspec.js');
let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kernspec-cli-'));
});
afterAll(() => rm(directory, { recursive: true }));

/** Runs the command line as a user does, with a cache and runs of its own. */
const kernspec = async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [bin, ...args], {
    cwd: projectRoot,
    env: {
      KERNSPEC_CACHE_DIR: join(directory, 'cache'),
      KERNSPEC_RUNS_DIR: join(directory, 'runs'),
      // Nobody listens there: what needs the network fails at once, and what should not need it is seen not to.
      KERNSPEC_MIRROR: 'http://127.0.0.1:9',
      ...env,
    },
    reject: false,
  });
  return { exitCode, stdout, stderr };
};

/** A cache that knows which kernels there are, and has none of them. */
const cacheWithOffers = async (): Promise<string> => {
  const cache = join(directory, 'cache-with-offers');
  await mkdir(cache, { recursive: true });
  const packages = [{ name: 'linux-image', version: '1', suite: 's', archive: 'debian', filename: 'f', size: 1 }];
  const offers = ['5.10.262', '6.12.117', '7.3.4'].map((version) => ({
    series: version.split('.').slice(0, 2).join('.'),
    version,
    flavour: 'cloud',
    name: version,
    release: `${version}-cloud-amd64`,
    suite: 'trixie',
    packages: packages.map((record) => ({ ...record, sha256: `none-${version}` })),
  }));
  await writeFile(join(cache, 'kernel-offers.json'), JSON.stringify({ fetched: new Date().toISOString(), offers }));
  return cache;
};

describe('what a user may get wrong: one sentence, what to do, and the exit code', () => {
  test('an unknown claim: the nearest names, exit code 4', async () => {
    const { exitCode, stderr } = await kernspec(['run', 'pidns.init.sigterm-to-slep-is-ignored']);
    expect(exitCode).toBe(4);
    expect(stderr).toMatch(
      /^error No claim or spec file is called "pidns\.init\.sigterm-to-slep-is-ignored"\.\n hint Did you mean pidns\.init\.sigterm-to-sleep-is-ignored or /,
    );
  });

  test('an unknown kernel: the nearest names, exit code 2', async () => {
    const cache = await cacheWithOffers();
    const { exitCode, stderr } = await kernspec(['run', '--kernel', '6.13'], { KERNSPEC_CACHE_DIR: cache });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('error No kernel on offer is meant by "6.13".\n hint Did you mean 6.12');
    expect(stderr).toContain('Series on offer: 5.10 6.12 7.3, each with -generic or -rt as well.');
  });

  test.each([
    [['run', '--workers', 'many'], 2, 'It is not a whole number from 1 on.'],
    [['run', '--shard', '3'], 2, 'It is not of the form i/n.'],
    [['run', '--no-such-option'], 2, "unknown option '--no-such-option'"],
    [['rum'], 2, "unknown command 'rum'"],
    [['list', 'birds'], 2, 'There is no list of birds.'],
    [['kernels', 'list', '--flavour', 'salt'], 2, 'There is no flavour "salt".'],
    [['run', '--tag', 'signatur'], 4, 'Did you mean signature'],
  ])('%j', async (args, code, sentence) => {
    const { exitCode, stderr } = await kernspec(args);
    expect(stderr).toContain(sentence);
    expect(exitCode).toBe(code);
  });

  test('an accelerator that there is not', async () => {
    const { exitCode, stderr } = await kernspec(['doctor'], { KERNSPEC_ACCEL: 'xen' });
    expect([exitCode, stderr]).toEqual([2, 'error KERNSPEC_ACCEL is "xen".\n hint Set it to auto, kvm or tcg.']);
  });
});

describe('what this computer may lack: our side, exit code 3', () => {
  test('no network and nothing in the cache', async () => {
    const { exitCode, stderr } = await kernspec(['run']);
    expect(exitCode).toBe(3);
    expect(stderr).toContain('error No list of kernels can be fetched, and none is cached: ');
    expect(stderr).toContain(' hint A first run needs the network');
  });

  test('no network, a list in the cache, but not the kernel', async () => {
    const cache = await cacheWithOffers();
    const { exitCode, stderr } = await kernspec(['kernels', 'pull', '6.12'], { KERNSPEC_CACHE_DIR: cache });
    expect(exitCode).toBe(3);
    expect(stderr).toContain('error linux-image 1 could not be downloaded: ');
    expect((await readdir(join(cache, 'kernels')).catch(() => [])).length).toBe(0);
  });

  test('no network, an old list in the cache: it serves, and is said to', async () => {
    const cache = await cacheWithOffers();
    const { exitCode, stdout, stderr } = await kernspec(['kernels', 'list', '--refresh'], {
      KERNSPEC_CACHE_DIR: cache,
    });
    expect(exitCode).toBe(0);
    expect(stderr).toContain('using the list of kernels of ');
    expect(stdout).toContain('6.12    6.12.117                  trixie             6.12.117-cloud-amd64');
  });

  test('the cache is in the way of a file', async () => {
    const file = join(directory, 'a-file');
    await writeFile(file, '');
    const { exitCode, stderr } = await kernspec(['kernels', 'list'], { KERNSPEC_CACHE_DIR: join(file, 'cache') });
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/cannot be used while .*: something on the way to it is no directory/);
  });

  /** The command line inside a mount namespace of its own, where the cache is a file system with these options. */
  const onTmpfs = (options: string, args: readonly string[]) => {
    const script = 'mount -t tmpfs -o "$1" tmpfs "$KERNSPEC_CACHE_DIR" || exit 99; shift; exec "$@"';
    const command = ['sh', '-c', script, 'sh', options, process.execPath, bin, ...args];
    const own = process.getuid?.() === 0 ? ['-m'] : ['-rm'];
    return execa('unshare', [...own, ...command], {
      cwd: projectRoot,
      env: { KERNSPEC_CACHE_DIR: join(directory, 'mounted'), KERNSPEC_MIRROR: 'http://127.0.0.1:9' },
      reject: false,
    });
  };

  test.each([
    ['full', 'size=4k,nr_inodes=3', 'No space left on the disk of '],
    ['read-only', 'ro', 'No permission to use '],
  ])('the disk of the cache is %s', async (_, options, sentence) => {
    await mkdir(join(directory, 'mounted'), { recursive: true });
    const { exitCode, stderr } = await onTmpfs(options, ['kernels', 'list']);
    expect(stderr).toContain(`error ${sentence}`);
    expect(stderr).toContain(' hint ');
    expect(exitCode).toBe(3);
  });

  test('no QEMU, no compiler: doctor names each with the one command that mends it', async () => {
    const empty = join(directory, 'empty-path');
    await mkdir(empty, { recursive: true });
    const { exitCode, stdout, stderr } = await kernspec(['doctor'], { PATH: empty });
    expect(exitCode).toBe(3);
    expect(stdout).toMatch(
      /fail qemu-system-x86_64: QEMU for x86-64 guests is missing\n .*apt-get install -y .*qemu-system-x86\n/,
    );
    expect(stdout).toMatch(/fail cc: a C compiler is missing\n .*apt-get install -y .*gcc\n/);
    expect(stderr).toMatch(/^error \d+ of \d+ checks failed\./);
  });

  test('set-up without the right to install says the one command to type', async () => {
    const empty = join(directory, 'empty-path');
    await mkdir(empty, { recursive: true });
    const { exitCode, stderr } = await execa(process.execPath, [join(projectRoot, 'bin/setup.js')], {
      env: { PATH: empty },
      reject: false,
    });
    expect(exitCode).toBe(3);
    expect(stderr).toContain('error This computer lacks qemu-system-x86_64: QEMU for x86-64 guests; cc: a C compiler;');
    expect(stderr).toMatch(/ hint Type: .*apt-get install -y --no-install-recommends qemu-system-x86 gcc/);
  });
});

describe('what needs no machine', () => {
  test('lists claims as data', async () => {
    const { stdout, exitCode } = await kernspec(['list', 'claims', '--json']);
    expect(exitCode).toBe(0);
    const claims = JSON.parse(stdout) as { id: string; file: string }[];
    expect(claims.find(({ id }) => id === 'pidns.init-exit.kills-members-with-sigkill')).toMatchObject({
      file: 'specs/pidns/init-exit.spec.ts',
      statement: expect.stringContaining('SIGKILL') as string,
      tags: ['signature', 'container'],
    });
  });

  test('lists the programs of guest/', async () => {
    const { stdout } = await kernspec(['list', 'fixtures']);
    expect(stdout).toMatch(/^actor\s+guest\/src\/actor\.c$/m);
  });

  test('clean removes what is in the cache and the runs, and nothing beside them', async () => {
    const own = join(directory, 'to-clean');
    await cp(join(projectRoot, 'LICENSE'), join(own, 'cache/images/x.cpio'));
    await cp(join(projectRoot, 'LICENSE'), join(own, 'cache/builds/b/source/Makefile'));
    await cp(join(projectRoot, 'LICENSE'), join(own, 'cache/kernels/k/vmlinuz'));
    await cp(join(projectRoot, 'LICENSE'), join(own, 'cache/kernels/k.tmp-1073741823-ab12'));
    await cp(join(projectRoot, 'LICENSE'), join(own, 'beside'));
    const env = { KERNSPEC_CACHE_DIR: join(own, 'cache'), KERNSPEC_RUNS_DIR: join(own, 'runs') };
    expect((await kernspec(['clean'], env)).exitCode).toBe(0);
    expect((await readdir(own, { recursive: true })).toSorted()).toEqual([
      ...['beside', 'cache', 'cache/kernels', 'cache/kernels/k', 'cache/kernels/k/vmlinuz'],
    ]);
    await kernspec(['clean', '--all'], env);
    expect(await readdir(own)).toEqual(['beside']);
  });
});
