import type { Duplex } from 'node:stream';
import { CleanupStack } from '../../src/base/cleanup-stack.ts';
import { withDeadline } from '../../src/base/deadline.ts';
import { deferred } from '../../src/base/deferred.ts';
import { BootError, DeadlineError, LinkError, messageOf } from '../../src/base/errors.ts';
import { startOwned } from '../../src/base/process.ts';
import { notStarved, starvedMs } from '../../src/base/starvation.ts';
import { failureOnConsole, MachineFailure, type FailureKind } from '../failure.ts';
import { Console } from '../link/console.ts';
import { Gate } from '../link/gate.ts';
import { qemuArgv, shellQuoted, type QemuOptions } from './argv.ts';
import { Qmp } from './qmp.ts';

/** What is kept of QEMU's own words. */
const keptStderr = 16_384;

/** Trouble after which a machine goes on, so that what runs in it may come to its end. */
const survivable: ReadonlySet<FailureKind> = new Set(['warning', 'out-of-memory']);

const silence = '<no output on the console>';

/** What a kernel of one's own may lack when its console ends like this, as a sentence to add. */
const lackOf = (console: string): string => {
  if (/Unable to mount root fs|Cannot open root device/.test(console))
    return ' It took no initramfs: CONFIG_BLK_DEV_INITRD may be off.';
  return console === silence
    ? ' It said nothing on its serial console: CONFIG_SERIAL_8250_CONSOLE may be off, or no kernel was started.'
    : '';
};

/**
 * A running QEMU with everything that is attached to it: console, QMP, the gate, and the watch over its health. Whoever
 * has it disposes of it; it does not survive us.
 */
export class Qemu implements AsyncDisposable {
  readonly pid: number;
  /** QEMU's command line, to be pasted into a shell. */
  readonly commandLine: string;
  readonly console: Console;
  readonly qmp: Qmp;
  /** The stream of the second serial port, which may become the link of a guest without a network card. */
  readonly gate: Gate;
  /** Rejects with a MachineFailure when the machine fails; never resolves. */
  readonly failed: Promise<never>;
  readonly #stack: CleanupStack;
  readonly #failed = deferred<never>();
  #failure: MachineFailure | undefined;
  #trouble: MachineFailure | undefined;
  #stderr = '';
  #disposing = false;

  private constructor(
    qemu: Awaited<ReturnType<typeof startOwned>>,
    [control, gate]: readonly [Duplex, Duplex],
    commandLine: string,
  ) {
    this.pid = qemu.pid;
    this.commandLine = commandLine;
    this.failed = this.#failed.promise;
    this.#stack = new CleanupStack();
    this.#stack.defer(async () => {
      this.#disposing = true;
      qemu.kill();
      await withDeadline({ what: `The end of QEMU (pid ${qemu.pid})`, ms: 10_000 }, qemu.exited);
    });
    qemu.stderr.on('data', (chunk: Buffer) => {
      if (this.#stderr.length < keptStderr) this.#stderr += chunk.toString('utf8');
    });
    this.console = new Console(qemu.stdout);
    this.console.onLine(({ text }) => {
      const kind = failureOnConsole(text);
      if (kind !== undefined) this.fail(kind, `The guest's kernel reports trouble (${kind}): ${text.trim()}`);
    });
    this.qmp = new Qmp(control, ({ event, data }) => {
      if (event === 'GUEST_PANICKED') this.fail('panic', "The guest's kernel panicked.");
      if (event === 'SHUTDOWN' && data['guest'] === true)
        this.fail('reboot', `The guest ended by itself (${String(data['reason'])}).`);
    });
    this.gate = new Gate(gate, (ms, wait) => this.patiently(ms, wait));
    void qemu.exited.then(({ exitCode, signal }) => {
      this.fail('qemu-exited', `QEMU ended with ${signal ?? `exit code ${exitCode ?? '?'}`}.`);
    });
  }

  /**
   * Starts QEMU and speaks with it.
   *
   * @param files open files for it, from the descriptor behind its own on
   * @throws HostError (there is no QEMU), BootError (it refuses)
   */
  static async start(program: string, options: QemuOptions, files: readonly number[] = []): Promise<Qemu> {
    const argv = qemuArgv(options);
    const child = await startOwned(program, argv, { pipes: 2, files, bytewise: true });
    const [control, gate] = child.extra;
    if (control === undefined || gate === undefined) throw new Error('startOwned gave no descriptors');
    const qemu = new Qemu(child, [control, gate], shellQuoted([program, ...argv]));
    try {
      await Promise.race([qemu.qmp.negotiate(), qemu.failed]);
      return qemu;
    } catch (error) {
      const reason = await qemu.reason(error);
      await qemu[Symbol.asyncDispose]();
      throw reason;
    }
  }

  /** Set as soon as the machine has failed. */
  get failure(): MachineFailure | undefined {
    return this.#failure;
  }

  /** What the kernel has complained about although the machine goes on. */
  get trouble(): MachineFailure | undefined {
    return this.#failure ?? this.#trouble;
  }

  /** The machine has failed; the first report counts. Nothing, once it is being disposed of. */
  fail(kind: FailureKind, message: string): void {
    if (this.#failure !== undefined || this.#disposing) return;
    const failure = new MachineFailure(kind, message, this.words());
    if (survivable.has(kind)) {
      this.#trouble ??= failure;
      return;
    }
    // Who was killed for want of memory may have been our sshd.
    this.#failure = kind === 'link-lost' && this.#trouble !== undefined ? this.#trouble : failure;
    this.#failed.reject(this.#failure);
  }

  /** Waits for the guest; what this computer had no processor for does not count. */
  patiently<T>(ms: number, wait: (ms: number) => Promise<T>): Promise<T> {
    return notStarved(ms, () => starvedMs(this.pid), wait);
  }

  /** QEMU's own words and the end of the console. */
  words(): string {
    const words = `${this.#stderr}${this.console.text(60)}`.trim();
    return words === '' ? silence : words;
  }

  /** The port of the loopback interface that is forwarded to the guest's sshd. */
  async forwardedPort(): Promise<number> {
    const table = await this.qmp.human('info usernet');
    const port = /TCP\[HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)/.exec(table)?.[1];
    if (port === undefined) throw new LinkError('QEMU forwards no port to the guest.', { details: table });
    return Number(port);
  }

  /** Turns what went wrong before the machine was up into one sentence, with the console for who looks closer. */
  async reason(error: unknown): Promise<BootError> {
    // A channel that breaks usually means that QEMU is ending; its own words are the better reason.
    if (error instanceof LinkError)
      await withDeadline({ what: "QEMU's last words", ms: 1_000 }, this.failed).catch(() => undefined);
    // The first line of an oops says that there is one, the others say where. (arch/x86/kernel/dumpstack.c, oops_end())
    if (this.#failure?.kind === 'oops')
      await this.console.until("The end of the kernel's report", /---\[ end trace/, 1_000).catch(() => undefined);
    const cause = this.#failure ?? error;
    const details = this.words();
    if (cause instanceof DeadlineError)
      return new BootError(`The machine did not get ready (boot-hang): ${cause.message}${lackOf(details)}`, {
        details,
        cause,
        hint: 'See the console below; KERNSPEC_ACCEL=tcg rules out a half-working KVM.',
      });
    const last = this.#stderr.trim().split('\n').at(-1) ?? '';
    const said = cause instanceof MachineFailure && cause.kind === 'qemu-exited' && last !== '';
    return new BootError(`The machine did not boot: ${said ? last : messageOf(cause)}${lackOf(details)}`, {
      details,
      cause,
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack[Symbol.asyncDispose]();
  }
}
