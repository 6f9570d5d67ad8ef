import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compileFixtures } from '../provision/fixtures.ts';
import { command, shell } from '../harness/fixture.ts';
import { Guest } from '../harness/guest.ts';
import { judge } from '../harness/judge.ts';
import type { BootableKernel } from '../harness/plan.ts';
import { cpioArchive } from '../../vm/image/cpio.ts';
import { launch, type Machine } from '../../vm/machine.ts';
import { prepareKernels } from './prepare.ts';
import { Progress } from './progress.ts';

let directory = '';
let planned: BootableKernel;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kernspec-machine-'));
  const [newest] = await prepareKernels(['newest'], new Progress());
  if (newest === undefined) throw new Error('no kernel');
  planned = newest;
});
afterAll(() => rm(directory, { recursive: true }));

const boot = (changes: { readonly initramfs?: string; readonly bootDeadlineMs?: number } = {}): Promise<Machine> =>
  launch({
    kernel: planned.kernel.image,
    initramfs: planned.initramfs,
    accelerator: planned.accelerator,
    ...changes,
  });

const judgedBy = (machine: Machine) => ({
  failed: machine.failed,
  slowdown: machine.slowdown,
  trouble: () => machine.trouble,
  diagnose: () => machine.diagnose(),
});

describe('a kernel that does not boot', () => {
  test('it panics: said at once, with the console', async () => {
    const initramfs = join(directory, 'empty.cpio');
    await writeFile(initramfs, cpioArchive([]));
    await expect(boot({ initramfs })).rejects.toMatchObject({
      name: 'BootError',
      message: expect.stringMatching(/^The machine did not boot: The guest's kernel .*panic/) as string,
      details: expect.stringContaining('Unable to mount root fs') as string,
    });
  });

  test('it never gets ready: named after the deadline, with the console', async () => {
    const initramfs = join(directory, 'silent.cpio');
    const content = await readFile(join(await compileFixtures(), 'reaper'));
    await writeFile(initramfs, cpioArchive([{ type: 'file', path: 'init', mode: 0o755, content }]));
    await expect(boot({ initramfs, bootDeadlineMs: 6_000 })).rejects.toMatchObject({
      name: 'BootError',
      message: "The machine did not get ready (boot-hang): The guest's ready line did not come within 6000 ms.",
    });
  });
});

describe('a machine', () => {
  let machine: Machine;
  beforeAll(async () => {
    machine = await boot();
  });
  afterAll(() => machine[Symbol.asyncDispose]());

  test('runs commands, tells how they ended, and gives a terminal to those that want one', async () => {
    expect(await machine.exec('uname -r; echo err >&2; exit 3')).toEqual({
      stdout: `${planned.kernel.release}\n`,
      stderr: 'err\n',
      code: 3,
      signal: undefined,
    });
    expect(await machine.exec('kill -KILL $$')).toMatchObject({ code: undefined, signal: 'SIGKILL' });
    expect((await machine.exec('tty', { pty: true })).stdout).toBe('/dev/pts/0\r\n');
    expect((await machine.exec('tty')).stdout).toBe('not a tty\n');
  });

  test('copies files in and out', async () => {
    await writeFile(join(directory, 'a file'), 'content');
    await machine.copyIn(directory, ['a file'], '/tmp/there');
    expect((await machine.exec("cat '/tmp/there/a file'")).stdout).toBe('content');
    await machine.exec('echo more > /tmp/there/b');
    await machine.copyOut('/tmp/there', ['b'], directory);
    expect(await readFile(join(directory, 'b'), 'utf8')).toBe('more\n');
  });

  test('reaches nothing outside', async () => {
    expect(await machine.exec('busybox nc -w 2 10.0.2.2 22 </dev/null')).not.toMatchObject({ code: 0 });
  });

  test('a fixture that prints garbage is our fault, not the kernel’s', async () => {
    await using guest = new Guest(machine);
    const judgement = await judge(async () => {
      const fixture = await guest.pidNamespace(shell('bash', 'echo garbage >&3; sleep 100000'));
      await fixture.ready();
    }, judgedBy(machine));
    expect(judgement).toMatchObject({
      verdict: 'inconclusive',
      error: 'The fixture wrote a line that is no event: garbage (FixtureError)',
    });
  });

  test('so is one that crashes, and one that is not there', async () => {
    await using guest = new Guest(machine);
    const crashing = await guest.process(shell('bash', 'kill -SEGV $$'));
    await expect(crashing.ready()).rejects.toMatchObject({
      name: 'FixtureError',
      message: 'bash crashed with SIGSEGV.',
    });
    const missing = await guest.process(command('/no/such/program'));
    await expect(missing.ready()).rejects.toThrow('The guest could not execute /no/such/program: ENOENT.');
  });

  test('an init that ends takes everything with it; a process may leave others behind, and that is known', async () => {
    const clean = new Guest(machine);
    await clean.pidNamespace(shell('bash', 'sleep 100000 & exit 0'));
    await clean[Symbol.asyncDispose]();
    expect(clean.clean).toBe(true);
    const dirty = new Guest(machine);
    const fixture = await dirty.process(shell('bash', 'sleep 99999 & exit 0'));
    await fixture.ended();
    await dirty[Symbol.asyncDispose]();
    expect(dirty.clean).toBe(false);
  });
});

describe('a machine that fails under a spec', () => {
  test('a panic is recognised by its kind, and outweighs the spec', async () => {
    await using machine = await boot();
    const judgement = await judge(async () => {
      await machine.exec('echo c > /proc/sysrq-trigger', { ms: 20_000 });
    }, judgedBy(machine));
    expect(machine.failure?.kind).toMatch(/^(panic|oops)$/);
    expect(judgement.verdict).toBe('inconclusive');
    expect(judgement.error).toContain('sysrq');
  });

  test('so is the death of QEMU', async () => {
    await using machine = await boot();
    process.kill(machine.pid, 'SIGKILL');
    await expect(machine.failed).rejects.toMatchObject({ kind: 'qemu-exited', message: 'QEMU ended with SIGKILL.' });
    await expect(machine.exec('true')).rejects.toMatchObject({ kind: 'qemu-exited' });
  });

  test('and one that reboots', async () => {
    await using machine = await boot();
    await machine.start('busybox reboot -f');
    await expect(machine.failed).rejects.toMatchObject({ kind: 'reboot' });
  });
});
