import { withDeadline } from '../base/deadline.ts';
import { deferred } from '../base/deferred.ts';
import { onLines } from '../base/lines.ts';
import { Violation } from '../claims/violation.ts';
import type { GuestProcess } from '../../vm/link/ssh.ts';
import type { Machine } from '../../vm/machine.ts';

/** A running strace(1), the fourth witness: what a tracer is told of signals and of the end of its tracee. */
export class Strace implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly #channel: GuestProcess;
  readonly #ms: number;
  readonly #watchers = new Set<(line: string) => void>();

  private constructor(channel: GuestProcess, ms: number) {
    this.#channel = channel;
    this.#ms = ms;
    channel.stdout.resume();
    onLines(channel.stderr, (line) => {
      this.lines.push(line);
      for (const watch of this.#watchers) watch(line);
    });
  }

  /** Attaches to a process of the host; resolves when strace says that it is attached. */
  static async attach(machine: Machine, hostPid: number): Promise<Strace> {
    const channel = await machine.start(`exec strace -p ${hostPid} -e trace=exit_group,kill -e signal=all`);
    const strace = new Strace(channel, 5_000 * machine.slowdown);
    await strace.until(/Process \d+ attached/);
    return strace;
  }

  /** The first line, past or future, that matches; a Violation if it never comes. */
  async until(pattern: RegExp): Promise<string> {
    const seen = this.lines.find((line) => pattern.test(line));
    if (seen !== undefined) return seen;
    const found = deferred<string>();
    const watch = (line: string): void => {
      if (pattern.test(line)) found.resolve(line);
    };
    this.#watchers.add(watch);
    try {
      return await withDeadline({ what: `strace line ${String(pattern)}`, ms: this.#ms }, found.promise);
    } catch (error) {
      throw new Violation(`Expected strace to say ${String(pattern)}, but it said:\n${this.lines.join('\n')}`, {
        cause: error,
      });
    } finally {
      this.#watchers.delete(watch);
    }
  }

  /** Closes the channel: sshd hangs up, and strace detaches. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#channel[Symbol.asyncDispose]();
  }
}
