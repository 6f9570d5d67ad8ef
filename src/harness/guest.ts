import { CleanupStack } from '../base/cleanup-stack.ts';
import { Inapplicable } from '../claims/violation.ts';
import type { KernelOption } from '../kernels/config.ts';
import type { GuestResult } from '../../vm/link/ssh.ts';
import { shellWord } from '../../vm/link/ssh.ts';
import type { Machine } from '../../vm/machine.ts';
import { Breaker, type Break } from './break.ts';
import type { Fixture } from './fixture.ts';
import { panicAtBoot, type BootSighting, type FirstBoot } from './first-boot.ts';
import { kernelSays, machineEnds, MachineInit } from './machine-init.ts';
import type { FailureKind, MachineFailure } from '../../vm/failure.ts';
import { programsCompute } from './patience.ts';
import { tracingOf, type TraceOptions, type Tracing } from './kernel-tracing.ts';
import { RunningFixture, type Sighting } from './running-fixture.ts';
import { Strace } from './strace.ts';

export interface StartOptions {
  /** What the kernel writes down, beyond the standard events. `false`: nothing, for what must not be looked at. */
  readonly trace?: TraceOptions | false;
  /** A signal the fixture finds ignored when it starts. */
  readonly ignored?: string;
  /** A signal the fixture finds blocked when it starts. */
  readonly blocked?: string;
  /** What the fixture leaves behind is killed when it has ended; its orphans are then given to `launch`, not to PID 1. */
  readonly endAll?: true;
}

/** What scripts name, and the options it is nothing without. (clone(2), unshare(2)) */
const namedOptions: readonly (readonly [name: string, option: KernelOption])[] = [
  ['CLONE_NEWPID', 'CONFIG_PID_NS'],
  ['CLONE_NEWUSER', 'CONFIG_USER_NS'],
  ['/sys/fs/cgroup/', 'CONFIG_CGROUPS'],
  ['/pids.max', 'CONFIG_CGROUP_PIDS'],
  ['seccomp ', 'CONFIG_SECCOMP_FILTER'],
];

export interface GuestOptions {
  readonly breakage?: Break;
  /** Options that the kernel does not have. */
  readonly lacks?: readonly KernelOption[];
  /** How its kernel is booted by itself. */
  readonly firstBoot?: FirstBoot;
}

/**
 * The guest as one spec sees it: everything it starts is noted for the evidence and gone when the spec is over.
 * "Host" is the machine's root pid namespace.
 */
export class Guest implements AsyncDisposable {
  readonly #machine: Machine;
  readonly #breaker: Breaker;
  readonly #stack = new CleanupStack();
  readonly #fixtures: RunningFixture[] = [];
  readonly #straces: Strace[] = [];
  readonly #boots: BootSighting[] = [];
  readonly #firstBoot: FirstBoot | undefined;
  readonly #lacks: readonly KernelOption[];
  readonly #begin: number;
  readonly #foreseen = new Set<FailureKind>();
  #spent = false;
  #traced = 0;
  #init: MachineInit | undefined;

  constructor(machine: Machine, { breakage, lacks = [], firstBoot }: GuestOptions = {}) {
    this.#machine = machine;
    this.#firstBoot = firstBoot;
    this.#lacks = lacks;
    this.#begin = machine.console.now();
    this.#breaker = new Breaker(breakage);
  }

  /**
   * A new pid namespace, made by unshare(2) together with a mount namespace and a /proc of its own, whose init is the
   * fixture: default dispositions, empty mask, a session of its own, no controlling terminal.
   */
  pidNamespace(init: Fixture, options: StartOptions = {}): Promise<RunningFixture> {
    if (this.#breaker.outsideNamespace()) return this.process(init, options);
    this.#need('CONFIG_PID_NS');
    return this.#launch(['--init'], init, options);
  }

  /** The fixture as an ordinary process of the host, in the same known state. */
  process(fixture: Fixture, options: StartOptions = {}): Promise<RunningFixture> {
    return this.#launch([], fixture, options);
  }

  /**
   * The fixture in place of the machine's own PID 1: an actor, or a script. What it says comes by way of the console.
   * The machine is of no use afterwards.
   */
  async machineInit(fixture: Fixture): Promise<MachineInit> {
    for (const kind of ['panic', 'reboot', 'link-lost'] as const) this.#foreseen.add(kind);
    const asInit = !this.#breaker.outsideNamespace();
    this.#init = await MachineInit.replace(this.#machine, this.#breaker.fixture(fixture), asInit);
    return this.#init;
  }

  /** Presses keys of the machine's keyboard, all at once. (QEMU's QKeyCode: `ctrl`, `alt`, `delete` …) */
  async press(...keys: readonly string[]): Promise<void> {
    await this.#machine.qmp.execute('send-key', { keys: keys.map((data) => ({ type: 'qcode', data })) });
  }

  /** Says that the claim is about this kind of trouble: that it comes does not make the verdict inconclusive. */
  foresee(kind: FailureKind): void {
    this.#foreseen.add(kind);
  }

  /** Says that what the spec does cannot be undone: nobody else gets this machine. */
  spend(): void {
    this.#spent = true;
  }

  /**
   * Waits until the machine has ended or restarted by itself, as the claim foresees, and says how; a Violation if it goes on.
   *
   * @param starting a fixture that is to end it: the machine may be gone before we are told of its start
   */
  async machineEnds(starting?: Promise<RunningFixture>): Promise<string> {
    const failure = await starting?.then(
      () => undefined,
      (error: unknown) => error,
    );
    try {
      return await machineEnds(this.#machine);
    } catch (error) {
      // What was never started is no fault of the kernel.
      throw failure ?? error;
    }
  }

  /** Whether a claim is about what has become of the machine. */
  foresees({ kind }: MachineFailure): boolean {
    return this.#foreseen.has(kind);
  }

  /**
   * Boots the same kernel beside this machine, with nothing in its initramfs but an `/init` of this content, and returns why it
   * panics; a Violation if it does not.
   */
  async panicsAtBoot(init: string, append = ''): Promise<string> {
    if (this.#firstBoot === undefined) throw new Error('This guest has no kernel to boot.');
    const { panic, sighting } = await panicAtBoot(
      this.#firstBoot,
      this.#breaker.text(init),
      this.#breaker.text(append),
    );
    this.#boots.push(sighting);
    return panic;
  }

  /** The first line of the console since the spec began, past or future, that matches; a Violation if it never comes. */
  async kernelSays(pattern: RegExp): Promise<string> {
    return kernelSays(this.#machine, pattern, this.#begin);
  }

  /** A command line of the guest's shell, as root on the host. */
  exec(commandLine: string, options: { readonly pty?: boolean } = {}): Promise<GuestResult> {
    return this.#machine.exec(this.#breaker.text(commandLine), { ...options, ms: 20_000 * this.#machine.slowdown });
  }

  /** strace(1) on a process of the host; resolves when it is attached. It changes what it looks at: only where a claim is about that. */
  async strace(hostPid: number): Promise<Strace> {
    const strace = await Strace.attach(this.#machine, hostPid);
    this.#straces.push(strace);
    return this.#stack.use(strace);
  }

  /** All that was seen, for the evidence. */
  sightings(): {
    readonly fixtures: readonly Sighting[];
    readonly strace: readonly (readonly string[])[];
    readonly boots: readonly BootSighting[];
  } {
    return {
      fixtures: this.#fixtures.map((fixture) => fixture.sighting()),
      strace: this.#straces.map(({ lines }) => lines),
      boots: this.#boots,
    };
  }

  /** Whether, after disposal, the machine may be used again: it is as it was, and every fixture took all its processes with it. */
  get clean(): boolean {
    return !this.#spent && this.#init === undefined && this.#fixtures.every(({ gone }) => gone);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack[Symbol.asyncDispose]();
    this.#breaker.check();
  }

  /** @throws Inapplicable when the kernel does not have the option */
  #need(option: KernelOption): void {
    if (this.#lacks.includes(option)) throw new Inapplicable([option]);
  }

  /** A kernel that cannot trace may still judge what is told by others. (RunningFixture.kernelTrace) */
  #tracing({ trace = {} }: StartOptions): Tracing | undefined {
    if (trace === false) return undefined;
    if (trace.probes !== undefined) this.#need('CONFIG_KPROBE_EVENTS');
    if (trace.events !== undefined) this.#need('CONFIG_FTRACE_SYSCALLS');
    return this.#lacks.includes('CONFIG_FTRACE') ? undefined : tracingOf(this.#traced++, trace);
  }

  async #launch(how: readonly string[], wanted: Fixture, options: StartOptions): Promise<RunningFixture> {
    const fixture = this.#breaker.fixture(wanted);
    for (const [name, option] of namedOptions) if (fixture.argv.some((word) => word.includes(name))) this.#need(option);
    const tracing = this.#tracing(options);
    const { begin = [], end = [] } = tracing ?? {};
    if (end.length > 0) this.#stack.defer(() => this.#machine.exec(end.join('; ')));
    const flags = [
      ...how,
      ...(tracing === undefined ? [] : ['--trace', tracing.directory]),
      ...(options.endAll === true ? ['--end-all'] : []),
      ...(options.ignored === undefined ? [] : ['--ignore', options.ignored]),
      ...(options.blocked === undefined ? [] : ['--block', options.blocked]),
    ];
    const launch = `exec /kernspec/bin/launch ${[...flags, '--', ...fixture.argv].map(shellWord).join(' ')}`;
    const commandLine = [...begin, launch].join(' && ');
    const running = await RunningFixture.start({
      channel: await this.#machine.start(commandLine),
      argv: fixture.argv,
      traceable: !this.#lacks.includes('CONFIG_FTRACE'),
      patience: { slowdown: this.#machine.slowdown, busy: () => programsCompute(this.#machine) },
    });
    this.#fixtures.push(running);
    return this.#stack.use(running);
  }
}
