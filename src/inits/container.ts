import { withDeadline } from '../base/deadline.ts';
import { deferred } from '../base/deferred.ts';
import { DeadlineError } from '../base/errors.ts';
import { notStarved, starvedMs } from '../base/starvation.ts';
import type { FixtureEvent } from '../evidence/fixture-event.ts';
import { parseProcStatus, type ProcStatus } from '../evidence/proc-status.ts';
import { waitStatus, type WaitStatus } from '../evidence/wait-status.ts';
import { find, findAll, Witnesses, type EventPattern } from '../harness/witnesses.ts';
import { shellWord } from '../../vm/link/ssh.ts';
import type { Machine } from '../../vm/machine.ts';

/** Milliseconds within which our own programs answer on the reference machine, whatever else goes on. */
const oursMs = 30_000;

/** Milliseconds after which a container counts as quiet or not. */
const quietMs = 8_000;

/** Milliseconds in which who rests, but for a timer now and then, is seen to rest. */
const restMs = 500;

/** How many times as long as it has somebody may take who never rests. */
const unrestMost = 3;

/** How a container is started: everything by default as a container runtime does it. (guest/src/contain.c) */
export interface ContainerOptions {
  /** Command line of the init. */
  readonly argv: readonly string[];
  /** Files of the container's own directory, by name; what begins with `#!` can be executed. */
  readonly files: Readonly<Record<string, string>>;
  /** Further options of `contain`. */
  readonly options?: readonly string[];
  /** The container's root directory, a path of the guest. */
  readonly root?: string;
}

/** How an init has ended, as its parent was told, and when (CLOCK_MONOTONIC of the guest, ns). */
export interface End {
  readonly status: WaitStatus;
  readonly t: number;
}

/** How many processes there are, how many of them are zombies, and when that was (CLOCK_MONOTONIC of the guest, ns). */
export interface Census {
  readonly members: number;
  readonly zombies: number;
  readonly t: number;
}

/** `exit 5` or `SIGKILL`. */
export const endText = (end: End | undefined): string => {
  if (end === undefined) return 'no end';
  if (end.status.by === 'exit') return `exit ${end.status.code}`;
  return end.status.by === 'signal' ? `killed by ${end.status.signal}` : end.status.by;
};

/** Everything that was said of a container, for the evidence. */
export interface ContainerSighting {
  readonly argv: readonly string[];
  readonly options: readonly string[];
  readonly script: string;
  readonly trace: readonly FixtureEvent[];
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A container with the init under test as its PID 1, and its witnesses: what is in it reports through a FIFO, its parent
 * tells of wait(2). All waits look at the past too; they return undefined when the deadline passes.
 */
export class Container implements AsyncDisposable {
  /** Of the init, in the machine's root pid namespace. */
  hostPid = 0;
  /** errno's name when the init could not be executed. */
  notExecuted: string | undefined;
  readonly directory: string;
  readonly #machine: Machine;
  readonly #witnesses: Witnesses;
  readonly #channel: Awaited<ReturnType<Machine['start']>>;
  readonly #options: ContainerOptions;
  #nextRequest = 1;

  private constructor(
    machine: Machine,
    directory: string,
    channel: Awaited<ReturnType<Machine['start']>>,
    options: ContainerOptions,
  ) {
    this.#machine = machine;
    this.directory = directory;
    this.#channel = channel;
    this.#witnesses = new Witnesses(channel);
    this.#options = options;
  }

  /** Starts the init and waits until it has been executed, or could not be. */
  static async start(machine: Machine, name: string, options: ContainerOptions): Promise<Container> {
    const directory = `/run/kernspec/${name}`;
    const files = Object.entries(options.files).flatMap(([file, content]) => ['--file', file, content]);
    const root = options.root ?? '/';
    const flags = ['--directory', directory, ...files, '--cgroup', name, ...(root === '/' ? [] : ['--root', root])];
    const contain = ['/kernspec/bin/contain', ...flags, ...(options.options ?? []), '--', ...options.argv];
    const commandLine = `exec ${contain.map(shellWord).join(' ')}`;
    const container = new Container(machine, directory, await machine.start(commandLine), options);
    const started = await container.#ours('the start of the init', () =>
      container.#witnesses.parent.find(({ ev }) => ev === 'executed' || ev === 'init-not-executed'),
    );
    container.hostPid = started.child ?? 0;
    if (started.ev === 'init-not-executed') container.notExecuted = started.error ?? 'unknown';
    return container;
  }

  get stdout(): string {
    return this.#witnesses.stdout;
  }

  get stderr(): string {
    return this.#witnesses.stderr;
  }

  /** Events so far that match. */
  seen(pattern: EventPattern): readonly FixtureEvent[] {
    return findAll(this.#witnesses.events, pattern);
  }

  /** Names of the signals that one of the container's processes has taken so far. */
  signalsOf(who = 'main'): readonly string[] {
    return this.seen({ ev: 'signal', who }).map(({ about = '' }) => about);
  }

  /** The first event that matches; undefined when it has not come in time and nobody is about to make it. */
  event(pattern: EventPattern, ms: number): Promise<FixtureEvent | undefined> {
    return this.untilAtRest(() => find(this.#witnesses.events, pattern), ms);
  }

  /** How the init has ended; who is still about to gets longer than that. */
  ended(ms: number): Promise<End | undefined> {
    return this.untilAtRest(() => this.end, ms);
  }

  /** How the init has ended, if it has. */
  get end(): End | undefined {
    const event = this.#witnesses.parent.find(({ ev, status = 0 }) => {
      const { by } = waitStatus(status);
      return ev === 'wait-status' && (by === 'exit' || by === 'signal');
    });
    return event === undefined ? undefined : { status: waitStatus(event.status ?? 0), t: event.t };
  }

  /**
   * Waits until `look` finds something in what has been said; undefined when it does not come in time or cannot any more. What
   * this computer had no processor for is not part of the time.
   */
  async until<T>(look: () => T | undefined, ms: number): Promise<T | undefined> {
    const found = deferred<T | undefined>();
    const watcher = (): void => {
      const value = look();
      if (value !== undefined || this.#witnesses.drained) found.resolve(value);
    };
    const stop = this.#witnesses.watch(watcher);
    watcher();
    try {
      const what = 'What an init may do';
      const come = Promise.race([found.promise, this.#witnesses.broken]);
      return await notStarved(
        ms,
        () => starvedMs(this.#machine.pid),
        (left) => withDeadline({ what, ms: left }, come),
      );
    } catch (error) {
      if (error instanceof DeadlineError) return look();
      throw error;
    } finally {
      stop();
    }
  }

  /**
   * Like {@link until}, but a time that passes says nothing while somebody in the container computes: on an emulated CPU that
   * many share, a program may take that long. It is over when all rest, or after {@link unrestMost} times as long.
   */
  async untilAtRest<T>(look: () => T | undefined, ms: number): Promise<T | undefined> {
    for (let round = 0; round < unrestMost; round++) {
      const found = await this.until(look, ms);
      if (found !== undefined || (await this.quiet(restMs))) return found;
    }
    return look();
  }

  /** kill(2) from outside the namespace, at the init unless another host pid is given. @returns 0 or errno's name */
  async signal(signal: string | number, hostPid?: number): Promise<string | 0> {
    const { result = -1, error = '' } = await this.#request(`kill ${hostPid ?? 'init'} ${signal}`);
    return result < 0 ? error : 0;
  }

  /** kill(2) at somebody by the name that a script gave it, as it last said `ready`. @returns 0 or errno's name */
  async signalTo(who: string, signal: string): Promise<string | 0> {
    const host = await this.hostPidOfNamed(who);
    return host === undefined ? 'ESRCH' : this.signal(signal, host);
  }

  /** The same signal again and again at the init, without a round trip between. */
  async signalOften(signal: string, times: number, microseconds: number): Promise<void> {
    await this.#request(`kill-often ${signal} ${times} ${microseconds}`);
  }

  /** Starts a script of the directory inside the namespace, as `docker exec` does; waits until it has said `ready`, if `who` is given. */
  async inject(file: string): Promise<number> {
    const { result = -1 } = await this.#request(`inject ${this.directory}/${file}`);
    return result;
  }

  /** Waits for the end of what was injected. */
  injectedEnded(pid: number): Promise<FixtureEvent | undefined> {
    return this.until(
      () => this.#witnesses.parent.find(({ ev, child }) => ev === 'injected-ended' && child === pid),
      oursMs * this.#machine.slowdown,
    );
  }

  /** The host's pid of somebody in the container; undefined when there is no such process. */
  async hostPidOf(pid: number): Promise<number | undefined> {
    const { result = -1 } = await this.#request(`host-pid ${pid}`);
    return result < 0 ? undefined : result;
  }

  /** The host's pid of somebody by the name that a script gave it, as it last said `ready`. */
  hostPidOfNamed(who: string): Promise<number | undefined> {
    return this.hostPidOf(this.seen({ ev: 'ready', who }).at(-1)?.pid ?? 0);
  }

  /** Presses keys on the container's terminal. */
  async type(text: string): Promise<void> {
    await this.#request(`type ${encodeURIComponent(text)}`);
  }

  async resize(rows: number, columns: number): Promise<void> {
    await this.#request(`resize ${rows} ${columns}`);
  }

  /** The text of a file, /proc being the host's; undefined when it cannot be read. */
  read(path: string): Promise<string | undefined> {
    return this.#content(`cat ${path}`);
  }

  readlink(path: string): Promise<string | undefined> {
    return this.#content(`readlink ${path}`);
  }

  async status(hostPid: number = this.hostPid): Promise<ProcStatus | undefined> {
    const text = await this.read(`/proc/${hostPid}/status`);
    return text === undefined || text === '' ? undefined : parseProcStatus(text);
  }

  census(): Promise<Census> {
    return this.#census('census').then(({ census }) => census);
  }

  /**
   * Waits until there are no zombies, and no more members than so many; undefined when it does not come to that, and nobody is at
   * it ({@link untilAtRest}).
   */
  async reaped(members: number, ms: number): Promise<Census | undefined> {
    for (let round = 0; round < unrestMost; round++) {
      const { result, census } = await this.#census(`reaped ${members} ${Math.round(ms)}`, ms);
      if (result === 1) return census;
      if (!(await this.quiet(restMs))) continue;
      // The last of them may have been reaped while it was found out whether anybody is at it.
      const last = await this.census();
      return last.zombies === 0 && last.members <= members ? last : undefined;
    }
    return undefined;
  }

  /**
   * A barrier: two looks in a row at which nobody ran, nobody had a signal to take, and nobody had woken up in between. What was
   * sent before has come as far as it ever will, but for what waits for a timer.
   *
   * @param ms after which it counts as restless
   */
  async quiet(ms = quietMs * this.#machine.slowdown): Promise<boolean> {
    return (await this.#census(`quiet ${Math.round(ms)}`, ms)).result === 1;
  }

  /** A process of the host in this state. */
  async inState(state: string, hostPid: number, ms: number): Promise<boolean> {
    const found = await this.#asking(async () => {
      const status = await this.status(hostPid);
      return status?.state === state ? true : undefined;
    }, ms);
    return found === true;
  }

  sighting(): ContainerSighting {
    const heard = [...this.#witnesses.parent, ...this.#witnesses.events];
    return {
      argv: this.#options.argv,
      options: this.#options.options ?? [],
      script: this.#options.files['app'] ?? '',
      trace: heard
        .filter(({ ev }) => ev !== 'content' && ev !== 'census' && ev !== 'answer')
        .toSorted((a, b) => a.t - b.t)
        .slice(0, 400),
      stdout: this.stdout.slice(0, 4000),
      stderr: this.stderr.slice(0, 4000),
    };
  }

  /** Kills the init, and with it all that is in the namespace, and waits for both. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#channel.end();
    try {
      await withDeadline(
        { what: 'The end of the container', ms: oursMs * this.#machine.slowdown },
        this.#channel.exited,
      );
    } finally {
      await this.#channel[Symbol.asyncDispose]();
    }
  }

  async #content(request: string): Promise<string | undefined> {
    const id = this.#nextRequest;
    const { result = -1 } = await this.#request(request);
    if (result < 0) return undefined;
    return this.#witnesses.parent
      .filter((event) => event.ev === 'content' && event.id === id)
      .map(({ text = '' }) => text)
      .join('');
  }

  async #census(request: string, ms = 0): Promise<{ readonly result: number; readonly census: Census }> {
    const id = this.#nextRequest;
    const { t, result = 0 } = await this.#request(request, ms);
    const told = find(this.#witnesses.parent, { ev: 'census', id });
    return { result, census: { members: Number(told?.['members']), zombies: Number(told?.['zombies']), t } };
  }

  async #asking<T>(ask: () => Promise<T | undefined>, ms: number): Promise<T | undefined> {
    const until = performance.now() + ms;
    for (;;) {
      const answer = await ask();
      if (answer !== undefined || performance.now() > until) return answer;
    }
  }

  /** @param ms that the answer may take beyond what answers take */
  async #request(text: string, ms = 0): Promise<FixtureEvent> {
    const id = this.#nextRequest++;
    this.#channel.write(`${id} ${text}\n`);
    return this.#ours(`an answer to "${text}"`, () => find(this.#witnesses.parent, { ev: 'answer', id }), ms);
  }

  /** What our own program says: that it is silent is our trouble. */
  async #ours<T>(what: string, look: () => T | undefined, more = 0): Promise<T> {
    const found = deferred<T>();
    const watcher = (): void => {
      const value = look();
      if (value !== undefined) found.resolve(value);
    };
    const stop = this.#witnesses.watch(watcher);
    watcher();
    try {
      const ms = oursMs * this.#machine.slowdown + more;
      return await withDeadline(
        { what: `In the guest: ${what}`, ms },
        Promise.race([found.promise, this.#witnesses.broken]),
      );
    } finally {
      stop();
    }
  }
}
