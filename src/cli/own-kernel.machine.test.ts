import { copyFile, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runOrFail } from '../base/process.ts';
import { prepareKernels } from './prepare.ts';
import { Progress } from './progress.ts';
import { Workplace } from './workplace.ts';

const quick = 'pidns.init.sigkill-from-host-ends-it';

/** A claim that 5.10 and later kernels answer differently. */
const differing = 'cgroup.kill.takes-1-alone';

let place: Workplace;
let bzImage: string;
let images: readonly string[];

beforeAll(async () => {
  const kernels = await prepareKernels(['5.10', 'newest'], new Progress());
  images = kernels.map(({ kernel }) => kernel.image);
  place = await Workplace.create();
  bzImage = join(place.directory, 'bzImage');
  await copyFile(images[1] ?? '', bzImage);
});
afterAll(() => place[Symbol.asyncDispose]());

describe("a kernel of one's own", () => {
  test('outside the cache, without modules, is judged: over the serial port, by the version it says it is', async () => {
    const { exitCode, stdout } = await place.kernspec(['run', quick, differing, '--kernel', bzImage]);
    expect(stdout).toMatch(/init\.sigkill-from-host-ends-it\s+✓/);
    expect(exitCode).toBe(0);
    const record = (await place.records()).at(-1);
    expect(record?.kernels[0]?.id).toMatch(/^own-7\.\d+\.\d+-[0-9a-f]{8}$/);
    expect(record?.results.map(({ reproduce }) => reproduce).toSorted()).toEqual(
      [differing, quick].map((claim) => `npx kernspec run ${claim} --kernel ${bzImage}`),
    );
  });

  test('that behaves otherwise than the version it is taken for: exit code 1', async () => {
    const args = ['run', differing, '--kernel', bzImage, '--as', '5.10.262'];
    const { exitCode, stdout } = await place.kernspec(args);
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`reproduce  npx kernspec run ${differing} --kernel ${bzImage} --as 5.10.262`);
  });

  test('whose image names another version: what runs counts', async () => {
    const lying = join(place.directory, 'lying');
    const image = await readFile(bzImage);
    // Where the setup header points to. (Documentation/arch/x86/boot.rst, kernel_version)
    image.write('5.10.1-lies\0', image.readUInt16LE(0x20e) + 0x200, 'latin1');
    await writeFile(lying, image);
    const { exitCode, stdout } = await place.kernspec(['run', differing, '--kernel', lying]);
    expect(stdout).toMatch(/7\.3 +7\.3\.\d+\S* +1 holds/);
    expect(exitCode).toBe(0);
    expect((await place.records()).at(-1)?.kernels[0]?.id).toMatch(/^own-5\.10\.1-/);
  });

  test('without a configuration is asked what it can do: what it lacks makes claims inapplicable', async () => {
    const args = [
      'run',
      'cgroup.pids.moving-in-is-not-limited',
      '--kernel',
      bzImage,
      '--append',
      'cgroup_disable=pids',
    ];
    const { exitCode } = await place.kernspec(args);
    const [result] = (await place.records()).at(-1)?.results ?? [];
    expect(result).toMatchObject({ verdict: 'inapplicable', reason: 'The kernel lacks CONFIG_CGROUP_PIDS.' });
    expect(exitCode).toBe(0);
  });

  test('that does not boot: told once, exit code 125, which git bisect run skips', async () => {
    const broken = ['--append', 'rdinit=/no/such/init root=/dev/none'];
    const { exitCode, stdout } = await place.kernspec(['run', 'pidns.init', '--kernel', bzImage, ...broken]);
    expect(exitCode).toBe(125);
    expect(stdout).toContain('It took no initramfs: CONFIG_BLK_DEV_INITRD may be off.');
    expect(stdout.match(/Attempted to kill init|Unable to mount root fs/g)?.length).toBeLessThanOrEqual(3);
    expect(stdout).toMatch(/and \d+ more claims on this kernel for the same reason/);
  });

  test.each([
    ['no kernel', 'text', 'is not a kernel image.'],
    ['no file', 'nowhere', 'cannot be read: ENOENT'],
    ['no directory of modules', 'bzImage,modules=/no/where', '/no/where is not a directory of modules.'],
  ])('%s: one sentence, exit code 2', async (_, name, sentence) => {
    await writeFile(join(place.directory, 'text'), 'This is no kernel.\n');
    const { exitCode, stderr } = await place.kernspec(['run', quick, '--kernel', join(place.directory, name)]);
    expect(stderr).toContain(sentence);
    expect(exitCode).toBe(2);
  });
});

describe('kernspec bisect', () => {
  test('between ends that do not differ: nothing to bisect, exit code 4', async () => {
    const { exitCode, stderr } = await place.kernspec(['bisect', quick, '--good', 'newest']);
    expect(stderr).toContain(`${quick} does not differ between 7.`);
    expect(exitCode).toBe(4);
  });

  test('of a claim that is not there: the nearest names, exit code 4', async () => {
    const { exitCode, stderr } = await place.kernspec(['bisect', 'cgroup.kill.takes-2-alone']);
    expect(stderr).toContain('error No claim is called "cgroup.kill.takes-2-alone".\n hint Did you mean cgroup.kill.');
    expect(exitCode).toBe(4);
  });

  test('between two flavours: exit code 2', async () => {
    const { exitCode, stderr } = await place.kernspec(['bisect', quick, '--good', '6.12-rt']);
    expect(stderr).toMatch(/error 6\.12\.\d+-rt and 7\.\d+\.\d+ are of two flavours/);
    expect(exitCode).toBe(2);
  });

  test('in a git tree: git itself finds the commit that changed the behaviour', async () => {
    const tree = await mkdtemp(join(place.directory, 'tree-'));
    const git = (...args: string[]): Promise<string> =>
      runOrFail('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { cwd: tree });
    await git('init', '-q');
    // A tree that "builds" the kernel it names, as quickly as cp(1).
    const rules = '.PHONY: olddefconfig bzImage\nolddefconfig:\nbzImage:\n\tcp "$$(cat which)" arch/x86/boot/bzImage\n';
    await writeFile(join(tree, 'Makefile'), rules);
    await mkdir(join(tree, 'arch/x86/boot'), { recursive: true });
    await writeFile(join(tree, '.gitignore'), 'arch\nkernspec-bisect.sh\n');
    for (const [number, image] of [images[0], images[0], images[1], images[1]].entries()) {
      await writeFile(join(tree, 'which'), `${image ?? ''}\n`);
      await writeFile(join(tree, 'number'), `${number}\n`);
      await git('add', '.');
      await git('commit', '-q', '-m', `revision ${number}`);
    }
    await git('bisect', 'start', 'HEAD', 'HEAD~3');
    const args = ['bisect', differing, '--good', '5.10', '--source', tree, '--drive'];
    const { exitCode, stdout, stderr } = await place.kernspec(args);
    expect(stderr).not.toContain('error');
    expect(stdout).toMatch(/is the first bad commit[^]*revision 2/);
    expect(exitCode).toBe(0);
  });
});
