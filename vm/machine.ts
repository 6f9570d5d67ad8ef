import { randomBytes } from 'node:crypto';
import { CleanupStack } from '../src/base/cleanup-stack.ts';
import { withDeadline } from '../src/base/deadline.ts';
import { BootError, DeadlineError, LinkError, messageOf } from '../src/base/errors.ts';
import { debugLog } from '../src/base/log.ts';
import { MachineFailure } from './failure.ts';
import type { Console } from './link/console.ts';
import { createLinkKeys, type LinkKeys } from './link/keys.ts';
import { SshLink, type ExecOptions, type GuestProcess, type GuestResult } from './link/ssh.ts';
import type { Accelerator, Hardware } from './qemu/argv.ts';
import { Qemu } from './qemu/qemu.ts';
import type { Qmp } from './qemu/qmp.ts';

const log = debugLog('vm');

/** How to start a machine. Inert; {@link launch} makes it run. */
export interface MachineSpec {
  /** vmlinuz, a path of the workstation. */
  readonly kernel: string;
  readonly initramfs: string;
  /** What the user adds to the kernel's command line. */
  readonly append?: string;
  readonly accelerator: Accelerator;
  readonly memoryMiB?: number;
  readonly cpus?: number;
  /** How much slower than the reference machine this one is; every deadline is multiplied by it. */
  readonly slowdown?: number;
  /** Milliseconds within which the guest must be up; a usual boot takes a tenth of the default. */
  readonly bootDeadlineMs?: number;
  /** The QEMU program; `qemu-system-x86_64` from PATH unless told. */
  readonly qemu?: string;
}

/** Whether a guest is reached over its network card or, without a driver for it, over its second serial port. */
export type LinkKind = 'network' | 'serial';

export const defaultQemu = 'qemu-system-x86_64';

const defaultBootDeadlineMs = 40_000;

/** Milliseconds within which a guest that is up must answer over ssh. */
const handshakeMs = 20_000;

/** Milliseconds a boot takes on the reference machine (2 cores, TCG). */
const referenceBootMs = 4_000;

/** What could still be learnt of a machine that failed. */
export interface Autopsy {
  /** QEMU's `info registers`. */
  readonly registers?: string;
  /** What the kernel's SysRq `l` and `t` say: the stack of the CPU, the state and stack of every task. */
  readonly tasks?: readonly string[];
}

/** A running machine. Whoever has it disposes of it; it does not survive us. */
export interface Machine extends AsyncDisposable {
  readonly name: string;
  /** QEMU's process id on the workstation. */
  readonly pid: number;
  readonly accelerator: Accelerator;
  /** How it came to life. */
  readonly origin: 'boot' | 'clone';
  /** Milliseconds from start to the first answer over ssh. */
  readonly bootMs: number;
  /** Factor by which deadlines are stretched, from how long this very machine took to start. At least 1. */
  readonly slowdown: number;
  /** QEMU's command line, to be pasted into a shell. */
  readonly commandLine: string;
  readonly console: Console;
  readonly qmp: Qmp;
  /** Set as soon as the machine has failed. */
  readonly failure: MachineFailure | undefined;
  /** The failure, or what the kernel has warned of although the machine goes on. */
  readonly trouble: MachineFailure | undefined;
  /** Rejects with a MachineFailure when the machine fails; never resolves. */
  readonly failed: Promise<never>;
  exec(commandLine: string, options?: ExecOptions): Promise<GuestResult>;
  start(commandLine: string, options?: Pick<ExecOptions, 'pty'>): Promise<GuestProcess>;
  copyIn(cwd: string, paths: readonly string[], into: string): Promise<void>;
  copyOut(from: string, paths: readonly string[], into: string): Promise<void>;
  /** Why nothing happened: the guest no longer answers, its clock stands still, or what ran in it is just stuck. */
  diagnose(): Promise<MachineFailure>;
  /** Registers and tasks, as far as they can be had within seconds. Never throws. */
  autopsy(): Promise<Autopsy>;
}

/** The kernel command line of a guest: where init finds its keys, and what it says when it is ready. */
const guestCommandLine = (keys: LinkKeys, token: string, append: string): string =>
  [
    'console=ttyS0',
    'loglevel=5',
    'panic=0',
    // The check panics when this computer has no processor for QEMU at that moment. (arch/x86/kernel/apic/io_apic.c)
    'no_timer_check',
    'random.trust_cpu=on',
    `kernspec.key=${keys.clientPublic}`,
    `kernspec.hostkey=${keys.hostPrivate}`,
    `kernspec.ready=${token}`,
    append,
  ]
    .filter((word) => word !== '')
    .join(' ');

/** A name for a machine: `kernspec doctor` knows by it whose it is. */
export const machineName = (): string => `kernspec-${process.pid}-${randomBytes(3).toString('hex')}`;

export const hardwareOf = (spec: Pick<MachineSpec, 'accelerator' | 'memoryMiB' | 'cpus'>): Hardware => ({
  accel: spec.accelerator.accel,
  memoryMiB: spec.memoryMiB ?? 512,
  cpus: spec.cpus ?? 1,
});

/** A guest that has said that it is ready, before anybody has connected to it. */
export interface BootedGuest extends AsyncDisposable {
  readonly qemu: Qemu;
  readonly keys: LinkKeys;
  readonly link: LinkKind;
}

/**
 * Boots a kernel until the guest's init says that all stands.
 *
 * @param memory a file that becomes the machine's memory
 * @throws BootError (the guest), HostError (the workstation lacks QEMU)
 */
export const boot = async (spec: MachineSpec, name: string, memory?: string): Promise<BootedGuest> => {
  const token = randomBytes(8).toString('hex');
  const keys = createLinkKeys();
  const append = guestCommandLine(keys, token, spec.append ?? '');
  const { kernel, initramfs } = spec;
  const qemu = await Qemu.start(spec.qemu ?? defaultQemu, {
    name,
    ...hardwareOf(spec),
    origin: { kind: 'boot', kernel, initramfs, append, ...(memory !== undefined && { memory }) },
  });
  try {
    const ms = (spec.bootDeadlineMs ?? defaultBootDeadlineMs) * (spec.slowdown ?? 1);
    const pattern = new RegExp(`^kernspec-(ready ${token} \\w+|init-fatal: )`);
    const text = await Promise.race([
      qemu.patiently(ms, (left) => qemu.console.until("The guest's ready line", pattern, left)),
      qemu.failed,
    ]);
    if (text.startsWith('kernspec-init-fatal'))
      throw new BootError(text.replace('kernspec-init-fatal: ', 'init gave up: '));
    const link = text.endsWith('serial') ? 'serial' : 'network';
    await Promise.race([qemu.gate.opened(ms), qemu.failed]);
    return { qemu, keys, link, [Symbol.asyncDispose]: () => qemu[Symbol.asyncDispose]() };
  } catch (error) {
    const reason = await qemu.reason(error);
    await qemu[Symbol.asyncDispose]();
    throw reason;
  }
};

/**
 * Boots a machine and returns it when its sshd has answered a command: an open port is not readiness.
 *
 * @throws BootError (the guest), HostError (the workstation lacks QEMU)
 */
export const launch = async (spec: MachineSpec): Promise<Machine> => {
  const start = performance.now();
  const name = machineName();
  const guest = await boot(spec, name);
  return connect(guest, { name, origin: 'boot', accelerator: spec.accelerator, slowdown: spec.slowdown ?? 1, start });
};

interface Identity extends Pick<Machine, 'name' | 'origin' | 'accelerator'> {
  readonly slowdown: number;
  /** When the machine was started, by performance.now(). */
  readonly start: number;
}

/** Milliseconds from start to the first answer on the reference machine. */
const referenceMs = { boot: referenceBootMs, clone: 400 };

/**
 * An ssh connection to a guest that is up: no command has been asked for yet.
 *
 * @throws LinkError, or MachineFailure when the guest ends meanwhile
 */
export const openLink = async ({ qemu, keys, link }: BootedGuest, slowdown: number): Promise<SshLink> => {
  const ms = handshakeMs * slowdown;
  const to = link === 'serial' ? await Promise.race([qemu.gate.connect(ms), qemu.failed]) : await qemu.forwardedPort();
  return Promise.race([SshLink.connect({ to, keys, ms }), qemu.failed]);
};

/**
 * Connects to a guest that is up and makes a machine of it, which owns it from here on.
 *
 * @throws BootError when it does not answer
 */
export const connect = async (guest: BootedGuest, identity: Identity): Promise<Machine> => {
  const { name, origin, accelerator, slowdown, start } = identity;
  const { qemu } = guest;
  await using stack = new CleanupStack();
  stack.use(guest);
  let link: SshLink;
  try {
    link = stack.use(await openLink(guest, slowdown));
    await Promise.race([link.exec('true', { ms: handshakeMs * slowdown }), qemu.failed]);
  } catch (error) {
    throw await qemu.reason(error);
  }
  // A link breaks first when QEMU ends or the kernel panics; they are the better reason.
  link.lost.catch(async (error: unknown) => {
    await withDeadline({ what: 'A reason', ms: 1_000 }, qemu.failed).catch(() => undefined);
    qemu.fail('link-lost', messageOf(error));
  });
  const bootMs = performance.now() - start;
  log(`${name} pid=${qemu.pid} answered after ${Math.round(bootMs)} ms`);
  const owner = stack.move();
  const alive = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await Promise.race([work, qemu.failed]);
    } catch (error) {
      if (error instanceof LinkError && !link.open) await qemu.failed;
      throw error;
    }
  };
  const machine: Machine = {
    name,
    pid: qemu.pid,
    accelerator,
    origin,
    bootMs,
    slowdown: Math.max(1, slowdown, bootMs / referenceMs[origin]),
    commandLine: qemu.commandLine,
    console: qemu.console,
    qmp: qemu.qmp,
    get failure() {
      return qemu.failure;
    },
    get trouble() {
      return qemu.trouble;
    },
    failed: qemu.failed,
    exec: (commandLine, options) => alive(link.exec(commandLine, options)),
    start: (commandLine, options) => alive(link.start(commandLine, options)),
    copyIn: (cwd, paths, into) => alive(link.copyIn(cwd, paths, into)),
    copyOut: (from, paths, into) => alive(link.copyOut(from, paths, into)),
    diagnose: () => diagnose(qemu, machine),
    autopsy: () => autopsy(qemu, machine.slowdown),
    [Symbol.asyncDispose]: () => owner[Symbol.asyncDispose](),
  };
  return machine;
};

/** Milliseconds a guest may take to answer a question about its health. */
const healthMs = 5_000;

const diagnose = async (qemu: Qemu, machine: Machine): Promise<MachineFailure> => {
  const uptime = async (): Promise<string> =>
    (await machine.exec('cat /proc/uptime', { ms: healthMs * machine.slowdown })).stdout;
  try {
    // Each answer takes a round trip of many milliseconds; /proc/uptime counts hundredths.
    const before = await uptime();
    for (let round = 0; round < 3; round++) if ((await uptime()) !== before) return stuck(qemu);
    qemu.fail('clock-stall', `The guest's clock stands still at ${before.trim()}.`);
  } catch (error) {
    if (error instanceof DeadlineError) qemu.fail('unresponsive', `The guest no longer answers: ${error.message}`);
  }
  return qemu.failure ?? stuck(qemu);
};

const stuck = (qemu: Qemu): MachineFailure =>
  new MachineFailure('spec-timeout', 'The guest still answers, but what ran in it did not end.', qemu.words());

/** Milliseconds that we wait for what a failed machine can still say, on the reference machine. */
const autopsyMs = 3_000;

const autopsy = async (qemu: Qemu, slowdown: number): Promise<Autopsy> => {
  const ms = autopsyMs * slowdown;
  const registers = await qemu.qmp
    .execute('human-monitor-command', { 'command-line': 'info registers' }, ms)
    .then(String, () => undefined);
  if (registers === undefined) return {};
  if (qemu.failure?.kind === 'panic') return { registers };
  const begin = qemu.console.now();
  try {
    for (const key of ['l', 't', 'h']) await sysrq(qemu.qmp, key);
    await qemu.console.until("SysRq's help, asked for last", /sysrq: HELP/, ms);
  } catch {
    // A CPU that takes no interrupts says nothing; what came is kept.
  }
  return { registers, tasks: qemu.console.since(begin).map(({ text }) => text) };
};

/** Presses Alt-SysRq-KEY on the guest's keyboard: it works as long as the CPU takes interrupts. (drivers/tty/sysrq.c) */
const sysrq = (qmp: Qmp, key: string): Promise<unknown> =>
  qmp.execute('send-key', { keys: ['alt', 'sysrq', key].map((data) => ({ type: 'qcode', data })) });
