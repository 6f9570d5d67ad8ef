import { deferred } from '../base/deferred.ts';
import { FixtureError } from '../base/errors.ts';
import { onLines } from '../base/lines.ts';
import { parseLaunchLine, type FixtureEvent } from '../evidence/fixture-event.ts';
import { waitStatus, type WaitStatus } from '../evidence/wait-status.ts';
import type { GuestProcess } from '../../vm/link/ssh.ts';

/** What is kept of a fixture's stdout and of its stderr, in bytes: a flood must fill neither memory nor evidence. */
const keptOutput = 2 ** 20;

/** Lines of witnesses; more of them are a flood. */
const keptLines = 50_000;

/** What to look for in an event: every given field must be equal. */
export type EventPattern = Partial<Omit<FixtureEvent, 'seq' | 't'>>;

/** Whether every field of the pattern is so in the event. */
export const matches = (event: FixtureEvent, pattern: EventPattern): boolean =>
  Object.entries(pattern).every(([key, value]) => event[key] === value);

/** The first event that matches. */
export const find = (events: readonly FixtureEvent[], pattern: EventPattern): FixtureEvent | undefined =>
  events.find((event) => matches(event, pattern));

/** All events that match. */
export const findAll = (events: readonly FixtureEvent[], pattern: EventPattern): readonly FixtureEvent[] =>
  events.filter((event) => matches(event, pattern));

/** The lines of `launch`, sorted by who bears witness: the fixture itself, its parent, the kernel. Nothing is ever removed; of a flood, the beginning is kept. */
export class Witnesses {
  readonly events: FixtureEvent[] = [];
  readonly parent: FixtureEvent[] = [];
  readonly kernel: string[] = [];
  readonly #output = { stdout: '', stderr: '' };
  readonly #watchers = new Set<() => void>();
  readonly #broken = deferred<never>();

  constructor(channel: GuestProcess) {
    onLines(channel.stdout, (line) => this.#receive(line));
    let complaint = '';
    onLines(channel.stderr, (line) => (complaint += `${line}\n`));
    channel.exited.then(
      ({ code }) =>
        this.#broken.reject(
          new FixtureError(`launch ended with ${code ?? 'a signal'} before it was told to.`, { details: complaint }),
        ),
      (error: unknown) => this.#broken.reject(error),
    );
  }

  /** Rejects when the channel or the fixture broke its protocol; never resolves. */
  get broken(): Promise<never> {
    return this.#broken.promise;
  }

  /** What the fixture has written to its stdout so far. */
  get stdout(): string {
    return Buffer.from(this.#output.stdout, 'latin1').toString('utf8');
  }

  get stderr(): string {
    return Buffer.from(this.#output.stderr, 'latin1').toString('utf8');
  }

  /** Whether the fixture has ended, and everybody who inherited its output: nothing more will come. */
  get drained(): boolean {
    return this.parent.some(({ ev }) => ev === 'drained');
  }

  /** Every change of its state that wait(2) has told its parent, in order. */
  get statuses(): readonly WaitStatus[] {
    return this.parent.filter(({ ev }) => ev === 'wait-status').map(({ status = 0 }) => waitStatus(status));
  }

  /** Calls `look` whenever something new has been said, until the returned function is called. */
  watch(look: () => void): () => void {
    this.#watchers.add(look);
    return () => this.#watchers.delete(look);
  }

  /** The events in the order of their time, for a message. */
  story(): string {
    const told = [...this.parent, ...this.events]
      .filter(({ ev }) => ev !== 'content' && ev !== 'answer')
      .toSorted((a, b) => a.t - b.t)
      .map((event) => `  ${JSON.stringify({ ...event, seq: undefined, t: undefined })}`);
    return ['Seen so far:', ...(told.length === 0 ? ['  nothing'] : told)].join('\n');
  }

  #receive(text: string): void {
    const line = parseLaunchLine(text);
    if (line === undefined) {
      this.#broken.reject(new FixtureError(`launch said something unheard of: ${text.slice(0, 200)}`));
      return;
    }
    if (this.events.length + this.parent.length + this.kernel.length >= keptLines) {
      this.#broken.reject(new FixtureError(`The fixture floods its witnesses with more than ${keptLines} lines.`));
      return;
    }
    switch (line.from) {
      case 'garbage':
        this.#broken.reject(new FixtureError(`The fixture wrote a line that is no event: ${line.text.slice(0, 200)}`));
        break;
      case 'fixture':
        this.events.push(line.event);
        if (line.event.ev === 'error' || line.event.ev === 'exec-failed')
          this.#broken.reject(brokenFixture(line.event));
        break;
      case 'parent':
        this.parent.push(line.event);
        if (line.event.ev === 'launch-failed') this.#broken.reject(brokenFixture(line.event));
        break;
      case 'kernel':
        this.kernel.push(line.text);
        return;
      case 'stdout':
      case 'stderr':
        if (this.#output[line.from].length >= keptOutput) return;
        this.#output[line.from] += line.text;
    }
    for (const look of this.#watchers) look();
  }
}

const brokenFixture = (event: FixtureEvent): FixtureError =>
  new FixtureError(
    event.ev === 'exec-failed'
      ? `The guest could not execute ${event.program ?? '?'}: ${event.error ?? '?'}.`
      : `The fixture is broken: ${event.what ?? ''} ${event.word ?? event.error ?? ''}`.trim(),
  );
