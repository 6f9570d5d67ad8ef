import type { Machine } from '../../vm/machine.ts';
import { Container, endText, type ContainerSighting, type End } from './container.ts';
import { expand, expandText, type Target } from './target.ts';

/** Milliseconds within which something that an init does at once has happened on the reference machine. */
const soonMs = 2_000;

/** Milliseconds within which a command of ours must run; programs such as npm take their time. */
const startMs = 20_000;

/** How often a target has run without ever running its command: there is no point in waiting as long for it again and again. */
export interface Hangs {
  count: number;
}

/** As often as that may be by chance. */
const believedHangs = 2;

/** The target never got so far as to run its command: what it was to do with it, it does not do. */
export class NeverRan extends Error {}

export interface Start {
  /** Options of `contain`: what is different about this container. */
  readonly options?: readonly string[];
  /** Arguments of the command. */
  readonly args?: readonly string[];
  /** Another command than the script. */
  readonly command?: readonly string[];
  /** Another command line of the init: a variant. */
  readonly argv?: readonly string[];
  /** More scripts, by name: what is injected. */
  readonly scripts?: Readonly<Record<string, string>>;
  /** The command is run by an actor that belongs to root and has the set-user-ID bit. */
  readonly setuid?: true;
}

/** What a check works with: containers of one target in one machine, all of which it ends. */
export class Bench implements AsyncDisposable {
  readonly target: Target;
  /** Milliseconds that a container has to stop. */
  readonly grace: number;
  readonly #machine: Machine;
  readonly #name: string;
  readonly #hangs: Hangs;
  readonly #containers: Container[] = [];
  #count = 0;

  constructor(
    machine: Machine,
    target: Target,
    { name, grace, hangs }: { readonly name: string; readonly grace: number; readonly hangs: Hangs },
  ) {
    this.#hangs = hangs;
    this.#machine = machine;
    this.target = target;
    this.grace = grace;
    this.#name = name;
  }

  /** Milliseconds for what happens at once. */
  get soon(): number {
    return soonMs * this.#machine.slowdown;
  }

  /** Milliseconds that a target may take until its command runs. */
  get #start(): number {
    return this.#hangs.count < believedHangs ? startMs * this.#machine.slowdown : this.soon;
  }

  /** How a container ends that ends by itself: its command says `ready` before it exits, or cannot be executed at all. */
  async endOf(container: Container, ms = this.grace): Promise<End | undefined> {
    const begun = (): true | undefined =>
      container.end !== undefined || container.seen({ ev: 'ready', who: 'main' }).length > 0 ? true : undefined;
    await container.untilAtRest(begun, this.#start);
    return container.ended(ms);
  }

  /** Starts the target with a script as its command. Does not wait for the command. */
  async start(script: string, start: Start = {}): Promise<Container> {
    const name = `${this.#name}-${this.#count++}`;
    const directory = `/run/kernspec/${name}`;
    const { target } = this;
    const command = start.command ?? [`${directory}/app`, ...(start.args ?? [])];
    const interpreter = start.setuid === true ? '/kernspec/setuid/actor' : '/kernspec/bin/actor';
    const asScript = (text: string, by: string): string => `#!${by} --events=${directory}/events\n${text.trim()}\n`;
    const files = {
      app: asScript(script, interpreter),
      ...Object.fromEntries(
        Object.entries(start.scripts ?? {}).map(([file, text]) => [
          file,
          asScript(expandText(text, command, directory), '/kernspec/bin/actor'),
        ]),
      ),
      ...Object.fromEntries(
        Object.entries(target.files ?? {}).map(([file, text]) => [file, expandText(text, command, directory)]),
      ),
    };
    const binds = Object.entries(target.binds ?? {}).flatMap(([file, to]) => ['--bind', `${directory}/${file}`, to]);
    const container = await Container.start(this.#machine, name, {
      argv: expand(start.argv ?? target.argv, command, directory),
      files,
      options: [...binds, ...(start.options ?? [])],
      ...(target.root !== undefined && { root: target.root }),
    });
    this.#containers.push(container);
    return container;
  }

  /**
   * Starts the target and waits until its command says `ready`, and everybody waits for something.
   *
   * @throws NeverRan when the command does not get so far
   */
  async running(script: string, start: Start = {}): Promise<Container> {
    const container = await this.start(script, start);
    await this.ready(container);
    await container.quiet();
    return container;
  }

  /** @throws NeverRan */
  async ready(container: Container, who = 'main'): Promise<void> {
    if ((await container.event({ ev: 'ready', who }, this.#start)) !== undefined) return;
    if (container.end === undefined) this.#hangs.count++;
    const last = (container.stderr || container.stdout).trim().split('\n').at(-1) ?? '';
    const why =
      container.notExecuted === undefined
        ? container.end === undefined
          ? 'it still runs'
          : `it ended: ${endText(container.end)}`
        : `it cannot be executed: ${container.notExecuted}`;
    throw new NeverRan(`its command never ran; ${why}${last === '' ? '' : `, saying "${last.slice(0, 200)}"`}`);
  }

  /** The target as PID 1 without any command of ours: once it is quiet. */
  async bare(start: Start = {}): Promise<Container> {
    const container = await this.start('ready; pause', start);
    await container.quiet(this.#start * 2);
    if (container.notExecuted !== undefined) throw new NeverRan(`it cannot be executed: ${container.notExecuted}`);
    if (container.end !== undefined) throw new NeverRan(`it ended at once: ${endText(container.end)}`);
    return container;
  }

  /** The target, ready for a signal, whatever it is: with a command that takes all signals, or alone. */
  up(script = 'serve ignoring 999', start: Start = {}): Promise<Container> {
    return this.target.role === 'bare' ? this.bare(start) : this.running(script, start);
  }

  sightings(): readonly ContainerSighting[] {
    return this.#containers.map((container) => container.sighting());
  }

  /** Ends one container now, so that it is in nobody's way. */
  async end(container: Container): Promise<void> {
    await container[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#containers.map((container) => container[Symbol.asyncDispose]()));
  }
}
