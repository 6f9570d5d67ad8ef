import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { withDeadline } from '../../src/base/deadline.ts';
import { deferred, type Deferred } from '../../src/base/deferred.ts';
import { LinkError } from '../../src/base/errors.ts';
import { onLines } from '../../src/base/lines.ts';

const Message = z.union([
  z.object({ QMP: z.unknown() }),
  z.object({ event: z.string(), data: z.record(z.string(), z.unknown()).optional() }),
  z.object({ id: z.number(), return: z.unknown() }),
  z.object({ id: z.number(), error: z.object({ class: z.string(), desc: z.string() }) }),
]);

export interface QmpEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The QEMU Machine Protocol on one stream: greeting, capabilities, replies matched by id, events. (QEMU docs/interop/qmp-spec) */
export class Qmp {
  readonly #stream: Duplex;
  readonly #replies = new Map<number, Deferred<unknown>>();
  readonly #greeted = deferred<undefined>();
  readonly #gone = deferred<never>();
  readonly #watchers = new Set<(event: QmpEvent) => void>();
  #lost: LinkError | undefined;
  #nextId = 1;

  /** @param onEvent called for every asynchronous event, in order */
  constructor(stream: Duplex, onEvent: (event: QmpEvent) => void) {
    this.#stream = stream;
    this.#watchers.add(onEvent);
    onLines(stream, (line) => this.#receive(line));
    const lost = (): void => this.#lose();
    stream.once('close', lost);
    stream.once('error', lost);
  }

  /** Waits for the greeting and leaves negotiation mode. */
  async negotiate(): Promise<void> {
    await withDeadline({ what: "QEMU's QMP greeting", ms: 10_000 }, this.#greeted.promise);
    await this.execute('qmp_capabilities');
  }

  /**
   * Runs a command and returns what it returns.
   *
   * @throws LinkError when QEMU refuses it or is gone
   */
  async execute(command: string, args: Readonly<Record<string, unknown>> = {}, ms = 10_000): Promise<unknown> {
    if (this.#lost !== undefined) throw this.#lost;
    const id = this.#nextId++;
    const reply = deferred<unknown>();
    this.#replies.set(id, reply);
    this.#stream.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    try {
      return await withDeadline({ what: `QEMU's answer to ${command}`, ms }, reply.promise);
    } finally {
      this.#replies.delete(id);
    }
  }

  /**
   * Resolves with the first event from now on for which `pick` has a value.
   *
   * @throws whatever `pick` throws, or DeadlineError after `ms`
   */
  async until<T>(what: string, pick: (event: QmpEvent) => T | undefined, ms: number): Promise<T> {
    if (this.#lost !== undefined) throw this.#lost;
    const picked = deferred<T>();
    const watch = (event: QmpEvent): void => {
      try {
        const value = pick(event);
        if (value !== undefined) picked.resolve(value);
      } catch (error) {
        picked.reject(error);
      }
    };
    this.#watchers.add(watch);
    try {
      return await withDeadline({ what, ms }, Promise.race([picked.promise, this.#gone.promise]));
    } finally {
      this.#watchers.delete(watch);
    }
  }

  /** Runs a command of the human monitor, for what QMP has no command for. */
  async human(commandLine: string): Promise<string> {
    return String(await this.execute('human-monitor-command', { 'command-line': commandLine }));
  }

  #receive(line: string): void {
    const message = Message.parse(JSON.parse(line));
    if ('QMP' in message) this.#greeted.resolve(undefined);
    else if ('event' in message)
      for (const watch of this.#watchers) watch({ event: message.event, data: message.data ?? {} });
    else if ('error' in message)
      this.#replies.get(message.id)?.reject(new LinkError(`QEMU refused a command: ${message.error.desc}`));
    else this.#replies.get(message.id)?.resolve(message.return);
  }

  #lose(): void {
    this.#lost ??= new LinkError('QEMU closed its control channel.');
    this.#greeted.reject(this.#lost);
    this.#gone.reject(this.#lost);
    for (const reply of this.#replies.values()) reply.reject(this.#lost);
  }
}
