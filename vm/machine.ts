import { randomBytes } from 'node:crypto';
import { CleanupStack } from '../src/base/cleanup-stack.ts';
import { withDeadline } from '../src/base/deadline.ts';
import { deferred } from '../src/base/deferred.ts';
import { BootError, DeadlineError, LinkError, messageOf } from '../src/base/errors.ts';
import { debugLog } from '../src/base/log.ts';
import { startOwned, type OwnedProcess } from '../src/base/process.ts';
import { failureOnConsole, MachineFailure } from './failure.ts';
import { Console } from './link/console.ts';
import { createLinkKeys, type LinkKeys } from './link/keys.ts';
import { SshLink, type ExecOptions, type GuestProcess, type GuestResult } from './link/ssh.ts';
import { qemuArgv, shellQuoted, type Accelerator } from './qemu/argv.ts';
import { Qmp } from './qemu/qmp.ts';

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

const defaultBootDeadlineMs = 40_000;

/** Milliseconds a boot takes on the reference machine (2 cores, TCG). */
const referenceBootMs = 4_000;

/** A running machine. Whoever has it disposes of it; it does not survive us. */
export interface Machine extends AsyncDisposable {
  readonly name: string;
  /** QEMU's process id on the workstation. */
  readonly pid: number;
  readonly accelerator: Accelerator;
  /** Milliseconds from start to the first answer over ssh. */
  readonly bootMs: number;
  /** Factor by which deadlines are stretched, from the boot time of this very machine. At least 1. */
  readonly slowdown: number;
  /** QEMU's command line, to be pasted into a shell. */
  readonly commandLine: string;
  readonly console: Console;
  readonly qmp: Qmp;
  /** Set as soon as the machine has failed. */
  readonly failure: MachineFailure | undefined;
  /** Rejects with a MachineFailure when the machine fails; never resolves. */
  readonly failed: Promise<never>;
  exec(commandLine: string, options?: ExecOptions): Promise<GuestResult>;
  start(commandLine: string, options?: Pick<ExecOptions, 'pty'>): Promise<GuestProcess>;
  copyIn(cwd: string, paths: readonly string[], into: string): Promise<void>;
  copyOut(from: string, paths: readonly string[], into: string): Promise<void>;
}

/** The kernel command line of a guest: where init finds its keys, and what it says when it is ready. */
const guestCommandLine = (keys: LinkKeys, token: string, append: string): string =>
  [
    'console=ttyS0',
    'loglevel=5',
    'panic=0',
    'random.trust_cpu=on',
    `kernspec.key=${keys.clientPublic}`,
    `kernspec.hostkey=${keys.hostPrivate}`,
    `kernspec.ready=${token}`,
    append,
  ]
    .filter((word) => word !== '')
    .join(' ');

/** The port of the loopback interface that QEMU forwards to the guest's sshd. */
const forwardedPort = async (qmp: Qmp): Promise<number> => {
  const table = await qmp.human('info usernet');
  const port = /TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)/.exec(table)?.[1];
  if (port === undefined) throw new LinkError('QEMU forwards no port to the guest.', { details: table });
  return Number(port);
};

/** What ends a machine: QEMU's death, its panic event, or what the console says. The first one counts. */
const watch = (qemu: OwnedProcess, stderr: () => string, console: Console) => {
  const failed = deferred<never>();
  const state: { failure: MachineFailure | undefined; disposing: boolean } = { failure: undefined, disposing: false };
  const fail = (kind: MachineFailure['kind'], message: string): void => {
    if (state.failure !== undefined || state.disposing) return;
    state.failure = new MachineFailure(kind, message, `${stderr()}${console.text(60)}`);
    failed.reject(state.failure);
  };
  void qemu.exited.then(({ exitCode, signal }) => {
    fail('qemu-exited', `QEMU ended with ${signal ?? `exit code ${exitCode ?? '?'}`}.`);
  });
  console.onLine(({ text }) => {
    const kind = failureOnConsole(text);
    if (kind !== undefined) fail(kind, `The guest's kernel reports trouble (${kind}): ${text.trim()}`);
  });
  return { state, failed: failed.promise, fail };
};

/** Turns what went wrong while booting into one sentence, with the console for who looks closer. */
const bootError = (error: unknown, console: Console, stderr: string, name: string): BootError => {
  const tail = `${stderr}${console.text(60)}`.trim();
  const details = tail === '' ? '<no output on the console>' : tail;
  if (error instanceof MachineFailure && error.kind === 'qemu-exited') {
    const reason = stderr.trim().split('\n').at(-1) ?? '';
    return new BootError(`${name} did not boot: ${reason === '' ? error.message : reason}`, { details, cause: error });
  }
  if (error instanceof MachineFailure) {
    return new BootError(`${name} did not boot: ${error.message}`, { details, cause: error });
  }
  if (error instanceof DeadlineError) {
    return new BootError(`${name} did not get ready: ${error.message}`, {
      details,
      cause: error,
      hint: 'See the console below; KERNSPEC_ACCEL=tcg rules out a half-working KVM.',
    });
  }
  return new BootError(`${name} did not boot: ${messageOf(error)}`, { details, cause: error });
};

/**
 * Boots a machine and returns it when its sshd has answered a command: an open port is not readiness.
 *
 * @throws BootError (the guest), HostError (the workstation lacks QEMU)
 */
export const launch = async (spec: MachineSpec): Promise<Machine> => {
  const {
    accelerator,
    slowdown = 1,
    bootDeadlineMs = defaultBootDeadlineMs,
    qemu: program = 'qemu-system-x86_64',
  } = spec;
  const name = `kernspec-${process.pid}-${randomBytes(3).toString('hex')}`;
  const token = randomBytes(8).toString('hex');
  const keys = createLinkKeys();
  const start = performance.now();
  const argv = qemuArgv({
    name,
    accel: accelerator.accel,
    memoryMiB: spec.memoryMiB ?? 512,
    cpus: spec.cpus ?? 1,
    kernel: spec.kernel,
    initramfs: spec.initramfs,
    append: guestCommandLine(keys, token, spec.append ?? ''),
  });
  await using stack = new CleanupStack();
  const qemu = await startOwned(program, argv, 2);
  let stderr = '';
  qemu.stderr.on('data', (chunk: Buffer) => {
    if (stderr.length < 16_384) stderr += chunk.toString('utf8');
  });
  const console = new Console(qemu.stdout);
  const { state, failed, fail } = watch(qemu, () => stderr, console);
  stack.defer(async () => {
    state.disposing = true;
    qemu.kill();
    await withDeadline({ what: `The end of QEMU (pid ${qemu.pid})`, ms: 10_000 }, qemu.exited);
  });
  const [channel, serial] = qemu.extra;
  if (channel === undefined || serial === undefined) throw new Error('startOwned gave no descriptors');
  const qmp = new Qmp(channel, ({ event }) => {
    if (event === 'GUEST_PANICKED') fail('panic', "The guest's kernel panicked.");
  });
  let link: SshLink;
  try {
    const port = await Promise.race([qmp.negotiate().then(() => forwardedPort(qmp)), failed]);
    const ms = bootDeadlineMs * slowdown;
    const said = console.until(
      "The guest's ready line",
      new RegExp(`^kernspec-(ready ${token} \\w+|init-fatal: )`),
      ms,
    );
    const { text } = await Promise.race([said, failed]);
    if (text.startsWith('kernspec-init-fatal'))
      throw new BootError(text.replace('kernspec-init-fatal: ', 'init gave up: '));
    link = stack.use(
      await Promise.race([
        SshLink.connect({ to: text.endsWith('serial') ? serial : port, keys, ms: 20_000 * slowdown }),
        failed,
      ]),
    );
    await Promise.race([link.exec('true', { ms: 20_000 * slowdown }), failed]);
  } catch (error) {
    // A channel that breaks usually means that QEMU is ending; its own words are the better reason.
    if (error instanceof LinkError)
      await withDeadline({ what: "QEMU's last words", ms: 1_000 }, failed).catch(() => undefined);
    throw bootError(state.failure ?? error, console, stderr, 'The machine');
  }
  // A link breaks first when QEMU ends or the kernel panics; they are the better reason.
  link.lost.catch(async (error: unknown) => {
    await withDeadline({ what: 'A reason', ms: 1_000 }, qemu.exited).catch(() => undefined);
    fail('link-lost', messageOf(error));
  });
  const bootMs = performance.now() - start;
  log(`${name} pid=${qemu.pid} answered after ${Math.round(bootMs)} ms`);
  const owner = stack.move();
  const alive = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await Promise.race([work, failed]);
    } catch (error) {
      if (error instanceof LinkError && !link.open) await failed;
      throw error;
    }
  };
  return {
    name,
    pid: qemu.pid,
    accelerator,
    bootMs,
    slowdown: Math.max(1, bootMs / referenceBootMs),
    commandLine: shellQuoted([program, ...argv]),
    console,
    qmp,
    get failure() {
      return state.failure;
    },
    failed,
    exec: (commandLine, options) => alive(link.exec(commandLine, options)),
    start: (commandLine, options) => alive(link.start(commandLine, options)),
    copyIn: (cwd, paths, into) => alive(link.copyIn(cwd, paths, into)),
    copyOut: (from, paths, into) => alive(link.copyOut(from, paths, into)),
    [Symbol.asyncDispose]: () => owner[Symbol.asyncDispose](),
  };
};
