import { withDeadline } from '../base/deadline.ts';
import { deferred } from '../base/deferred.ts';
import { DeadlineError, FixtureError } from '../base/errors.ts';
import { Inapplicable, Violation } from '../claims/violation.ts';
import type { FixtureEvent } from '../evidence/fixture-event.ts';
import { parseKernelTrace, type KernelEvent } from '../evidence/kernel-trace.ts';
import { parseProcStatus, type ProcStatus } from '../evidence/proc-status.ts';
import { transcriptOf } from '../evidence/transcript.ts';
import type { WaitStatus } from '../evidence/wait-status.ts';
import type { GuestProcess } from '../../vm/link/ssh.ts';
import { patiently, type Patience } from './patience.ts';
import { find, findAll, Witnesses, type EventPattern } from './witnesses.ts';

/** Milliseconds within which `launch` must be gone once it was told to end, on the reference machine. */
const endMs = 10_000;

/** What kill(2) returned. */
export interface CallResult {
  readonly result: number;
  readonly error?: string;
}

/** All that was seen of a fixture, to be kept as evidence. */
export interface Sighting {
  readonly argv: readonly string[];
  readonly hostPid: number;
  readonly events: readonly FixtureEvent[];
  readonly parent: readonly FixtureEvent[];
  readonly kernel: readonly string[];
  readonly stdout: string;
  readonly stderr: string;
}

interface Options {
  readonly channel: GuestProcess;
  readonly argv: readonly string[];
  /** How long to wait for what is predicted. */
  readonly patience: Patience;
  /** Whether the kernel can trace. */
  readonly traceable: boolean;
}

/**
 * A program that `launch` has started in the guest, with its three witnesses: its own events, its parent's, and the
 * kernel's trace. Waits look at the past as well as at the future, so that nothing is missed between two statements.
 */
export class RunningFixture implements AsyncDisposable {
  readonly argv: readonly string[];
  /** Its process id in the machine's root pid namespace. */
  hostPid = 0;
  readonly #channel: GuestProcess;
  readonly #patience: Patience;
  readonly #traceable: boolean;
  readonly #witnesses: Witnesses;
  #nextRequest = 1;

  private constructor({ channel, argv, patience, traceable }: Options) {
    this.argv = argv;
    this.#channel = channel;
    this.#patience = patience;
    this.#traceable = traceable;
    this.#witnesses = new Witnesses(channel);
  }

  /** Waits until `launch` has said which process it started. */
  static async start(options: Options): Promise<RunningFixture> {
    const fixture = new RunningFixture(options);
    const { child } = await fixture.#until('the start of the fixture', () =>
      find(fixture.#witnesses.parent, { ev: 'started' }),
    );
    fixture.hostPid = child ?? 0;
    return fixture;
  }

  /** Events of the fixture so far, those of all its processes, in the order they were written. */
  get events(): readonly FixtureEvent[] {
    return this.#witnesses.events;
  }

  /** What it has written to its stdout so far. */
  get stdout(): string {
    return this.#witnesses.stdout;
  }

  get stderr(): string {
    return this.#witnesses.stderr;
  }

  /** Events seen so far that match. */
  seen(pattern: EventPattern): readonly FixtureEvent[] {
    return findAll(this.#witnesses.events, pattern);
  }

  /** What one process of the script has done so far and what came of it, a line each: `kill init TERM: 0`. */
  transcript(who = 'main'): readonly string[] {
    return transcriptOf(this.#witnesses.events, who);
  }

  /** Waits until the fixture has ended and all that inherited its output, and says how it ended. */
  async finished(): Promise<WaitStatus> {
    await this.drained();
    return this.ended();
  }

  /** The first event that matches; a Violation if it never comes. */
  async event(pattern: EventPattern): Promise<FixtureEvent> {
    return this.#until(`event ${JSON.stringify(pattern)}`, () => find(this.#witnesses.events, pattern));
  }

  /** Waits until each of these processes of the script has said `ready`. */
  async ready(...names: readonly string[]): Promise<void> {
    for (const who of names.length === 0 ? ['main'] : names) await this.event({ ev: 'ready', who });
  }

  /** Waits until its stdout contains the text. */
  async prints(text: string): Promise<void> {
    await this.#until(`"${text}" on stdout`, () => (this.stdout.includes(text) ? true : undefined));
  }

  /** Waits until its stderr is exactly the text; longer or other text is a Violation too. */
  async errs(text: string): Promise<void> {
    await this.#until(`"${text.trim()}" and nothing else on stderr`, () => (this.stderr === text ? true : undefined));
  }

  /** Whether nothing is left of it: it has ended, and so has everybody who inherited its output. */
  get gone(): boolean {
    return this.#witnesses.drained;
  }

  /** How the fixture itself ended, as its parent's wait(2) tells. */
  async ended(): Promise<WaitStatus> {
    return this.#until('the end of the fixture', () =>
      this.#witnesses.statuses.find(({ by }) => by === 'exit' || by === 'signal'),
    );
  }

  /** Waits until its parent has been told that it was stopped or continued. */
  async changedTo(by: 'stop' | 'continue'): Promise<WaitStatus> {
    return this.#until(`a wait status "${by}"`, () => this.#witnesses.statuses.find((status) => status.by === by));
  }

  /** Whether the parent has not yet been told of its end. */
  get alive(): boolean {
    return !this.#witnesses.statuses.some(({ by }) => by === 'exit' || by === 'signal');
  }

  /** kill(2) from the machine's root pid namespace; the fixture itself unless another host pid is given. */
  async signal(signal: string, hostPid: number = this.hostPid): Promise<CallResult> {
    const { result = -1, error } = await this.#request(`kill ${hostPid} ${signal}`);
    return error === undefined ? { result } : { result, error };
  }

  /** The text of a file of the guest, or undefined when it cannot be read (the process is gone). */
  async read(path: string): Promise<string | undefined> {
    const id = this.#nextRequest;
    const { result = -1 } = await this.#request(`cat ${path}`);
    if (result < 0) return undefined;
    return this.#witnesses.parent
      .filter((event) => event.ev === 'content' && event.id === id)
      .map(({ text = '' }) => text)
      .join('');
  }

  /** /proc/PID/status as the machine's root sees it; undefined when there is no such process. */
  async status(hostPid: number = this.hostPid): Promise<ProcStatus | undefined> {
    const text = await this.read(`/proc/${hostPid}/status`);
    return text === undefined || text === '' ? undefined : parseProcStatus(text);
  }

  /** Everybody in the fixture's pid namespace, zombies with it. */
  async members(): Promise<readonly ProcStatus[]> {
    const id = this.#nextRequest;
    await this.#request('members');
    const pids = this.#witnesses.parent
      .filter((event) => event.ev === 'member' && event.id === id)
      .map(({ child = 0 }) => child);
    const statuses = await Promise.all(pids.map((pid) => this.status(pid)));
    return statuses.filter((status) => status !== undefined);
  }

  /** The kernel's trace up to now. A barrier too: what happened before the call is in it. */
  async kernelTrace(): Promise<readonly KernelEvent[]> {
    if (!this.#traceable) throw new Inapplicable(['CONFIG_FTRACE']);
    if (!this.#witnesses.drained) await this.#request('trace');
    return parseKernelTrace(this.#witnesses.kernel);
  }

  /** Waits until the kernel has written down an event that matches. */
  async traced(what: string, matches: (event: KernelEvent) => boolean): Promise<KernelEvent> {
    return this.#asking(what, async () => (await this.kernelTrace()).find(matches));
  }

  /** Waits until a process of the host is in this state, such as `Z` or `T`. */
  async inState(state: string, hostPid: number = this.hostPid): Promise<ProcStatus> {
    return this.#asking(`process ${hostPid} in state ${state}`, async () => {
      const status = await this.status(hostPid);
      return status?.state === state ? status : undefined;
    });
  }

  /**
   * Waits until the fixture's init sleeps and does not block the signal. A shell that starts a command blocks everything
   * for a moment, and a blocked signal is kept where one that reaches it later is dropped.
   */
  async idle(signal: string): Promise<ProcStatus> {
    return this.#asking(`${this.argv[0] ?? ''} asleep, ready for ${signal}`, async () => {
      const status = await this.status();
      return status?.state === 'S' && !status.sigBlk.has(signal) ? status : undefined;
    });
  }

  /** The host's number for a process of the fixture, by the name its script gave it or by its pid in the namespace. */
  async hostPidOf(who: string | number): Promise<number> {
    const pid = typeof who === 'number' ? who : this.#witnesses.events.find((event) => event.who === who)?.pid;
    const member = (await this.members()).find(({ nspid }) => nspid.at(-1) === pid);
    if (member === undefined) throw new FixtureError(`The namespace has no member ${who}.`);
    return member.pid;
  }

  /** Waits until the fixture and all that inherited its output is gone, and every witness has been heard to the end. */
  async drained(): Promise<void> {
    await this.#until('the end of all output', () => (this.#witnesses.drained ? true : undefined));
  }

  /** All that was seen, for the evidence. */
  sighting(): Sighting {
    return {
      argv: this.argv,
      hostPid: this.hostPid,
      events: this.#witnesses.events,
      parent: this.#witnesses.parent.filter(({ ev }) => ev !== 'content'),
      kernel: this.#witnesses.kernel,
      stdout: this.stdout,
      stderr: this.stderr,
    };
  }

  /** Has `launch` kill the fixture, and waits for both. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#channel.end();
    try {
      await withDeadline({ what: 'The end of launch', ms: endMs * this.#patience.slowdown }, this.#channel.exited);
    } finally {
      await this.#channel[Symbol.asyncDispose]();
    }
  }

  async #request(text: string): Promise<FixtureEvent> {
    const id = this.#nextRequest++;
    this.#channel.write(`${id} ${text}\n`);
    return this.#until(
      `launch's answer to "${text}"`,
      () => find(this.#witnesses.parent, { ev: 'answer', id }),
      'ours',
    );
  }

  /**
   * Waits until `look` finds something.
   *
   * @param whose what silence means: it speaks against the kernel, but only once the machine has proved that it still
   *   answers; or it is a fault of ours
   */
  async #until<T>(what: string, look: () => T | undefined, whose: 'kernel' | 'ours' = 'kernel'): Promise<T> {
    const now = look();
    if (now !== undefined) return now;
    if (whose === 'kernel' && this.#witnesses.drained) throw this.#tooLate(what);
    const found = deferred<T>();
    const watcher = (): void => {
      const value = look();
      if (value !== undefined) found.resolve(value);
      else if (whose === 'kernel' && this.#witnesses.drained) found.reject(this.#tooLate(what));
    };
    const stop = this.#witnesses.watch(watcher);
    try {
      return await patiently(this.#patience, what, Promise.race([found.promise, this.#witnesses.broken]));
    } catch (error) {
      if (!(error instanceof DeadlineError) || whose === 'ours') throw error;
      throw this.#neverCame(what, error);
    } finally {
      stop();
    }
  }

  /**
   * Asks again and again, each time a round trip to the guest, until there is an answer, nobody is left who could give it,
   * or the deadline has passed.
   */
  async #asking<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
    let wanted = true;
    const asked = async (): Promise<T> => {
      for (;;) {
        const last = this.#witnesses.drained;
        const answer = await ask();
        if (answer !== undefined) return answer;
        if (last) throw this.#tooLate(what);
        if (!wanted) throw new Error('Nobody waits for the answer any more.');
      }
    };
    try {
      return await patiently(this.#patience, what, asked());
    } catch (error) {
      throw error instanceof DeadlineError ? this.#neverCame(what, error) : error;
    } finally {
      wanted = false;
    }
  }

  #neverCame(what: string, cause: DeadlineError): Violation {
    return new Violation(`Expected ${what}, but it never came.\n${this.#witnesses.story()}`, { cause });
  }

  /** Nobody is left who could do what is waited for. A program that crashed is our bug; one that was ended is a finding. */
  #tooLate(what: string): Error {
    const crash = this.#witnesses.statuses.find((status) => status.by === 'signal' && crashes.has(status.signal));
    const story = this.#witnesses.story();
    return crash?.by === 'signal'
      ? new FixtureError(`${this.argv[0] ?? ''} crashed with ${crash.signal}.`, { details: story })
      : new Violation(`Expected ${what}, but the fixture has ended.\n${story}`);
  }
}

/** Signals by which the processor or the C library ends a program that has a bug. No claim makes a fixture end by one of them. */
const crashes: ReadonlySet<string> = new Set(['SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGABRT', 'SIGFPE']);
