import { withDeadline } from '../base/deadline.ts';
import { DeadlineError, messageOf } from '../base/errors.ts';
import { Violation } from '../claims/violation.ts';
import { parseEvent, type FixtureEvent } from '../evidence/fixture-event.ts';
import { MachineFailure } from '../../vm/failure.ts';
import { shellWord } from '../../vm/link/ssh.ts';
import type { Machine } from '../../vm/machine.ts';
import type { Fixture } from './fixture.ts';
import { matches, type EventPattern } from './witnesses.ts';

/**
 * Milliseconds within which anything a claim predicts must have happened, on the reference machine. Longer than
 * elsewhere: whether programs still compute cannot be asked.
 */
const patienceMs = 15_000;

/** How much of the console goes into a message; the evidence has all of it. */
const heardLines = 20;

/** The line in which a kernel says why it panics. */
const panic = /Kernel panic - not syncing: .*/;

/** What a fixture's script says on the console before it becomes the fixture. */
const announcement = 'kernspec: next init';

/** What guest/src/reaper.c executes when SIGRTMAX (64) tells it to. */
const nextInit = '/run/next-init';

/**
 * A fixture that has taken the place of the machine's own PID 1. Its events, its output and the kernel's last words all
 * come by way of the console, which works when nothing else does any more.
 */
export class MachineInit {
  readonly #machine: Machine;
  readonly #begin: number;

  private constructor(machine: Machine) {
    this.#machine = machine;
    this.#begin = machine.console.now();
  }

  /**
   * Has PID 1 execute the fixture.
   *
   * @param asInit false: the fixture becomes an ordinary process, and PID 1 stays what it was
   */
  static async replace(machine: Machine, { argv }: Fixture, asInit = true): Promise<MachineInit> {
    const init = new MachineInit(machine);
    const script = [
      '#!/bin/sh',
      'exec </dev/null >/dev/console 2>&1 3>&1',
      `echo ${shellWord(announcement)}`,
      `exec ${argv.map(shellWord).join(' ')}`,
      '',
    ];
    const start = asInit ? 'kill -64 1' : `setsid ${nextInit} >/dev/null 2>&1 &`;
    await machine.exec(`cat > ${nextInit} && chmod 755 ${nextInit}`, { input: script.join('\n') });
    const announced = untilOnConsole(
      machine,
      'the start of the fixture',
      (line) => line.includes(announcement) || undefined,
      init.#begin,
    );
    // It may end the machine, or our sshd, before we are told how this command ended; then the console knows that it began.
    try {
      await Promise.any([machine.exec(start), announced]);
    } catch (error) {
      throw error instanceof AggregateError ? error.errors[0] : error;
    }
    return init;
  }

  /** The first line on the console, past or future, that contains the text; a Violation if PID 1 never says it. */
  async says(text: string): Promise<string> {
    return this.#until(`"${text}" from PID 1`, (line) => (line.includes(text) ? line : undefined));
  }

  /** The first event that matches; a Violation if it never comes. */
  async event(pattern: EventPattern): Promise<FixtureEvent> {
    return this.#until(`event ${JSON.stringify(pattern)} of PID 1`, (line) => {
      const event = parseEvent(line);
      return event !== undefined && matches(event, pattern) ? event : undefined;
    });
  }

  /** All it has said on the console so far, the kernel's words with it. */
  get lines(): readonly string[] {
    return this.#machine.console.since(this.#begin).map(({ text }) => text);
  }

  /** The line in which the kernel says why it panics. */
  async panics(): Promise<string> {
    return kernelSays(this.#machine, panic, this.#begin);
  }

  /**
   * That PID 1 was ended, or the machine restarted, is what a claim about PID 1 denies. A link that is lost is no matter: somebody
   * may have killed our sshd, and the console still speaks. Other failures are ours.
   */
  async #until<T>(what: string, look: (line: string) => T | undefined): Promise<T> {
    try {
      return await Promise.race([
        untilOnConsole(this.#machine, what, look, this.#begin),
        this.#machine.failed.catch((error: unknown) => {
          if (!(error instanceof MachineFailure)) throw error;
          if (error.kind === 'link-lost') return new Promise<never>(() => undefined);
          if (error.kind !== 'panic' && error.kind !== 'reboot') throw error;
          throw new Violation(`Expected ${what}, but: ${error.message}\n${error.details ?? ''}`, { cause: error });
        }),
      ]);
    } catch (error) {
      if (!(error instanceof DeadlineError)) throw error;
      const heard = this.#machine.console.text(heardLines);
      // After a lost link nobody has told us.
      if (!this.lines.some((line) => panic.test(line))) await stillRuns(this.#machine);
      throw new Violation(`Expected ${what}, but it never came.\n${heard}`, { cause: error });
    }
  }
}

const untilOnConsole = <T>(
  { console, slowdown }: Machine,
  what: string,
  look: (line: string) => T | undefined,
  begin: number,
): Promise<T> => console.first(what, look, begin, patienceMs * slowdown);

/** The guest's CPU takes interrupts: SysRq answers although nobody may be left to whom we could speak. */
const stillRuns = async (machine: Machine): Promise<void> => {
  const { tasks } = await machine.autopsy();
  if (tasks === undefined || tasks.length === 0)
    throw new MachineFailure('unresponsive', 'The guest no longer answers.', machine.console.text(60));
};

/** The first match on the console since `begin`; a Violation if the kernel never says it. */
export const kernelSays = async (machine: Machine, pattern: RegExp, begin: number): Promise<string> => {
  const what = `the kernel to say ${String(pattern)}`;
  try {
    return await untilOnConsole(machine, what, (line) => pattern.exec(line)?.[0], begin);
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error;
    const heard = machine.console.text(heardLines);
    await stillRuns(machine);
    throw new Violation(`Expected ${what}: ${messageOf(error)}\n${heard}`, { cause: error });
  }
};

/** Waits until the guest ends the machine, in the words of the failure; a Violation if it never does. */
export const machineEnds = async (machine: Machine): Promise<string> => {
  const what = 'the machine to end by itself';
  try {
    return await withDeadline({ what, ms: patienceMs * machine.slowdown }, ended(machine));
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error;
    await stillRuns(machine);
    throw new Violation(`Expected ${what}, but it still runs.\n${machine.console.text(heardLines)}`, { cause: error });
  }
};

const ended = async (machine: Machine): Promise<string> => {
  try {
    return await machine.failed;
  } catch (error) {
    if (error instanceof MachineFailure && error.kind === 'reboot') return error.message;
    throw error;
  }
};
