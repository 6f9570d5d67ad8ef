/** A clone is as good as a machine that was booted, and like no other clone. */
import { once } from 'node:events';
import { stat, utimes } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import { CleanupStack } from '../base/cleanup-stack.ts';
import { expectationFor } from '../claims/expectation.ts';
import { Guest } from '../harness/guest.ts';
import { judge } from '../harness/judge.ts';
import type { BootableKernel } from '../harness/plan.ts';
import { bindSpecs, takeRegistered, type Spec } from '../harness/spec.ts';
import { launch, machineName, type Machine } from '../../vm/machine.ts';
import { Template } from '../../vm/template.ts';
import { prepareKernels, templateOf } from './prepare.ts';
import { Progress } from './progress.ts';

let bootable: BootableKernel;
let template: Template;

beforeAll(async () => {
  const [newest] = await prepareKernels(['newest'], new Progress());
  if (newest === undefined) throw new Error('no kernel');
  bootable = newest;
  template = await templateOf(newest, new Progress());
});

test('a template that is used is not taken for an old one', async () => {
  const yesterday = new Date(Date.now() - 24 * 3_600_000);
  await utimes(template.directory, yesterday, yesterday);
  await Template.open(template.directory);
  // What was used within the hour is not evicted. (evictTemplates)
  expect(Date.now() - (await stat(template.directory)).mtimeMs).toBeLessThan(60_000);
});

const clone = (): Promise<Machine> => template.clone({ accelerator: bootable.accelerator });

/** The cookie of a guest's first packet, SSH_MSG_KEXINIT: 16 bytes of its sshd's randomness, sent in the clear. (RFC 4253, 7.1) */
const sshCookie = async (): Promise<string> => {
  await using guest = await template.wake({ accelerator: bootable.accelerator }, machineName());
  await using sockets = new CleanupStack();
  const socket = createConnection({ host: '127.0.0.1', port: await guest.qemu.forwardedPort() });
  sockets.defer(() => void socket.destroy());
  let seen = Buffer.alloc(0);
  const begin = (): number => seen.indexOf('\n') + 1;
  while (begin() === 0 || seen.length < begin() + 22) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    seen = Buffer.concat([seen, chunk]);
    if (seen.includes('\n')) socket.write('SSH-2.0-test\r\n');
  }
  const packet = seen.subarray(begin());
  expect(packet[5]).toBe(20);
  return packet.subarray(6, 22).toString('hex');
};

describe('two clones', () => {
  test('share no random bytes and no uuid', async () => {
    await using first = await clone();
    await using second = await clone();
    const command = 'head -c 32 /dev/urandom | base64; cat /proc/sys/kernel/random/uuid; mktemp -u';
    const answers = await Promise.all([first, second].map(async (machine) => (await machine.exec(command)).stdout));
    const words = answers.flatMap((answer) => answer.trim().split('\n'));
    expect(words).toHaveLength(6);
    expect(new Set(words).size).toBe(6);
  });

  test('greet with ssh packets of their own', async () => {
    const cookies = [await sshCookie(), await sshCookie()];
    expect(cookies).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), expect.stringMatching(/^[0-9a-f]{32}$/)]);
    expect(cookies[0]).not.toBe(cookies[1]);
  });

  test('know the time of day', async () => {
    await using machine = await clone();
    const before = Date.now() / 1000;
    const told = Number((await machine.exec('date +%s')).stdout);
    expect(told).toBeGreaterThan(before - 2);
    expect(told).toBeLessThan(Date.now() / 1000 + 1);
  });

  test('nobody is connected but the one who asks', async () => {
    await using machine = await clone();
    const { stdout } = await machine.exec("ps -A -o comm= | grep -c '^dropbear'");
    expect(stdout).toBe('2\n');
  });
});

/** The kinds of values something consists of, whatever they are. */
const shapeOf = (value: unknown): unknown => {
  if (Array.isArray(value)) return [...new Set(value.map((item) => JSON.stringify(shapeOf(item))))].toSorted();
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, item]): [string, unknown] => [key, shapeOf(item)])
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
};

test('a clone and a machine that was booted give the same verdicts and the same kind of evidence', async () => {
  bindSpecs(undefined);
  takeRegistered();
  await import('../../specs/pidns/init-signals.spec.ts');
  const specs = takeRegistered();
  const judgedOn = async (machine: Machine, { claim, body }: Spec) => {
    const guest = new Guest(machine);
    const { kernel } = bootable;
    const expected = (claim.expected === undefined ? undefined : expectationFor(claim.expected, kernel)) as never;
    const judgement = await judge(
      async () => {
        await body({ guest, kernel, expect, expected, observe: () => undefined });
        await guest[Symbol.asyncDispose]();
      },
      {
        failed: machine.failed,
        slowdown: machine.slowdown,
        trouble: () => machine.trouble,
        diagnose: () => machine.diagnose(),
      },
    );
    return { claim: claim.id, ...judgement, evidence: shapeOf(guest.sightings()) };
  };
  await using booted = await launch({
    kernel: bootable.kernel.image,
    initramfs: bootable.initramfs,
    accelerator: bootable.accelerator,
  });
  await using cloned = await clone();
  expect([booted.origin, cloned.origin]).toEqual(['boot', 'clone']);
  expect(specs.length).toBeGreaterThan(5);
  for (const spec of specs) {
    const onBooted = await judgedOn(booted, spec);
    expect(onBooted.verdict).toBe('holds');
    expect(await judgedOn(cloned, spec)).toEqual(onBooted);
  }
});
