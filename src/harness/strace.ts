import { deferred } from '../base/deferred.ts';
import { DeadlineError } from '../base/errors.ts';
import { onLines } from '../base/lines.ts';
import { Violation } from '../claims/violation.ts';
import type { GuestProcess } from '../../vm/link/ssh.ts';
import type { Machine } from '../../vm/machine.ts';
import { patiently, programsCompute, type Patience } from './patience.ts';

/** A running strace(1), the fourth witness: what a tracer is told of signals and of the end of its tracee. */
export class Strace implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly #channel: GuestProcess;
  readonly #patience: Patience;
  readonly #watchers = new Set<(line: string) => void>();

  private constructor(channel: GuestProcess, patience: Patience) {
    this.#channel = channel;
    this.#patience = patience;
    channel.stdout.resume();
    onLines(channel.stderr, (line) => {
      this.lines.push(line);
      for (const watch of this.#watchers) watch(line);
    });
  }

  /** Attaches to a process of the host; resolves when strace says that it is attached. */
  static async attach(machine: Machine, hostPid: number): Promise<Strace> {
    const channel = await machine.start(`exec strace -p ${hostPid} -e trace=exit_group,kill -e signal=all`);
    const strace = new Strace(channel, {
      slowdown: machine.slowdown,
      busy: () => programsCompute(machine),
    });
    await strace.#line(/Process \d+ attached/);
    return strace;
  }

  /** The first line, past or future, that matches; a Violation if it never comes. */
  async until(pattern: RegExp): Promise<string> {
    try {
      return await this.#line(pattern);
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      throw new Violation(`Expected strace to say ${String(pattern)}, but it said:\n${this.lines.join('\n')}`, {
        cause: error,
      });
    }
  }

  async #line(pattern: RegExp): Promise<string> {
    const seen = this.lines.find((line) => pattern.test(line));
    if (seen !== undefined) return seen;
    const found = deferred<string>();
    const watch = (line: string): void => {
      if (pattern.test(line)) found.resolve(line);
    };
    this.#watchers.add(watch);
    try {
      return await patiently(this.#patience, `strace line ${String(pattern)}`, found.promise);
    } finally {
      this.#watchers.delete(watch);
    }
  }

  /** Closes the channel: sshd hangs up, and strace detaches. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#channel[Symbol.asyncDispose]();
  }
}
