import type { Readable } from 'node:stream';
import { withDeadline } from '../../src/base/deadline.ts';
import { deferred } from '../../src/base/deferred.ts';
import { onLines } from '../../src/base/lines.ts';

export interface ConsoleLine {
  /** Milliseconds since the machine was started. */
  readonly t: number;
  readonly text: string;
}

/** The newest lines that are kept: enough for a panic with all its stacks, little enough for a flood. */
const kept = 4_000;

/** Characters of a line; a longer one goes on as the next. With {@link kept} this bounds the memory that a flood takes. */
const lineLength = 2_000;

/** What a program was saying, and what the kernel said in the middle of it. (kernel/printk/printk.c, info_print_prefix()) */
const interrupted = /^(?!\[ *\d+\.\d{6}\][ [])(.+?)\r?(\[ *\d+\.\d{6}\][ [].*)$/;

/** Lines of the kernel after which the rest of an interrupted one is no longer waited for. */
const longestInterruption = 20;

/**
 * The serial console of a machine, line by line with the time of each. It is always drained: QEMU blocks on a full one. What a
 * program writes waits for the interrupt of the port, while the kernel writes at once: its messages may come in the middle of
 * somebody's line, and are lines of their own here. (drivers/tty/serial/8250, serial8250_console_write())
 */
export class Console {
  readonly #lines: ConsoleLine[] = [];
  #begun = '';
  #interruptions = 0;
  readonly #watchers = new Set<(line: ConsoleLine) => void>();
  readonly #start = performance.now();

  constructor(stream: Readable) {
    onLines(stream, (text) => this.#hear(text), lineLength);
    stream.once('end', () => this.#giveUp());
  }

  #hear(text: string): void {
    const [, said, kernel] = interrupted.exec(this.#begun + text) ?? [];
    if (said === undefined || kernel === undefined) {
      const whole = this.#begun + text;
      this.#begun = '';
      this.#interruptions = 0;
      this.#add(whole);
      return;
    }
    this.#begun = said;
    this.#add(kernel);
    if (++this.#interruptions > longestInterruption) this.#giveUp();
  }

  #giveUp(): void {
    if (this.#begun !== '') this.#add(this.#begun);
    this.#begun = '';
    this.#interruptions = 0;
  }

  #add(text: string): void {
    const line = { t: this.now(), text };
    this.#lines.push(line);
    if (this.#lines.length > kept * 2) this.#lines.splice(0, kept);
    for (const watch of this.#watchers) watch(line);
  }

  /** Milliseconds since the machine was started. */
  now(): number {
    return Math.round(performance.now() - this.#start);
  }

  /** Calls `watch` for every line from now on, until the returned function is called. */
  onLine(watch: (line: ConsoleLine) => void): () => void {
    this.#watchers.add(watch);
    return () => this.#watchers.delete(watch);
  }

  /** The newest lines, oldest first. */
  tail(count = 40): readonly ConsoleLine[] {
    return this.#lines.slice(-count);
  }

  /** The lines that came at or after `t` (ms since start). */
  since(t: number): readonly ConsoleLine[] {
    return this.#lines.filter((line) => line.t >= t);
  }

  /** The newest lines as text, for an error message. */
  text(count = 40): string {
    return this.tail(count)
      .map(({ t, text }) => `[${(t / 1000).toFixed(3).padStart(8)}] ${text}`)
      .join('\n');
  }

  /**
   * Resolves with the first value that `look` finds in a line, past or future, from `begin` on (ms since start).
   *
   * @throws DeadlineError after `ms`, with the tail of the console
   */
  async first<T>(what: string, look: (text: string) => T | undefined, begin: number, ms: number): Promise<T> {
    for (const { text } of this.since(begin)) {
      const value = look(text);
      if (value !== undefined) return value;
    }
    const found = deferred<T>();
    const stop = this.onLine(({ text }) => {
      const value = look(text);
      if (value !== undefined) found.resolve(value);
    });
    try {
      return await withDeadline({ what, ms, log: () => this.text() }, found.promise);
    } finally {
      stop();
    }
  }

  /** Resolves with the first line, past or future, that matches; otherwise like {@link first}. */
  until(what: string, pattern: RegExp, ms: number): Promise<string> {
    return this.first(what, (text) => (pattern.test(text) ? text : undefined), 0, ms);
  }
}
