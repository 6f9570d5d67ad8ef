/** One event that the kernel has written down. Fields are those of the tracepoint, numbers where they are numbers. */
export interface KernelEvent {
  /** CLOCK_MONOTONIC, ns (trace_clock mono; the text has microseconds). */
  readonly t: number;
  /** The task that was running: for signal_generate the sender. Its number in the root pid namespace. */
  readonly task: string;
  readonly pid: number;
  /** Name of the tracepoint, or of the kprobe. */
  readonly name: string;
  readonly fields: Readonly<Record<string, string | number>>;
  /** Function names, innermost first, where a stack was asked for. */
  readonly stack: readonly string[];
}

/** What became of a generated signal: `res` of signal_generate. (include/trace/events/signal.h) */
export const signalResult = { delivered: 0, ignored: 1, alreadyPending: 2, overflowFail: 3, loseInfo: 4 } as const;

/** `comm-pid [cpu] flags time: name: rest`; comm may contain anything, flags have 4 or 5 characters. */
const eventLine = /^\s*(.+)-(\d+)\s+\[\d+\]\s+\S+\s+(\d+)\.(\d{6}): ([\w.]+)(?::|(?=\()) ?(.*)$/;
const stackLine = /^\s*=> ([^+\s]+)/;
const lostLine = /LOST (\d+) EVENTS/;

const value = (text: string): string | number => (/^-?\d+$/.test(text) ? Number(text) : text);

/** `key=value` pairs; a value goes on until the next ` key=`, since comm may contain blanks. */
const keyValues = (text: string): Record<string, string | number> =>
  Object.fromEntries(
    [...text.matchAll(/(\w+)=(.*?)(?=\s+\w+=|$)/g)].map(([, key = '', content = '']) => [key, value(content)]),
  );

/** `sys_kill(pid: 1, sig: f)`: hexadecimal, with or without 0x (from 6.18 on). */
const systemCall = (text: string): Record<string, string | number> =>
  Object.fromEntries(
    [...text.matchAll(/(\w+): (?:0x)?([0-9a-f]+)/g)].map(([, key = '', hex = '']) => [key, Number.parseInt(hex, 16)]),
  );

/** A trace that is not whole says nothing about what is not in it. */
class LostEvents extends Error {
  override readonly name = 'LostEvents';
}

/**
 * Parses lines of a tracefs `trace` or `trace_pipe`. Lines of a stack belong to the event before them.
 *
 * @throws LostEvents when the kernel says that it dropped some
 */
export const parseKernelTrace = (lines: readonly string[]): readonly KernelEvent[] => {
  const events: (KernelEvent & { readonly stack: string[] })[] = [];
  for (const line of lines) {
    const lost = lostLine.exec(line);
    if (lost !== null) throw new LostEvents(`The kernel's trace has lost ${lost[1] ?? '?'} events.`);
    const frame = stackLine.exec(line);
    if (frame !== null) {
      events.at(-1)?.stack.push(frame[1] ?? '');
      continue;
    }
    const match = eventLine.exec(line);
    if (match === null) continue;
    const [, task = '', pid = '', seconds = '', micros = '', name = '', rest = ''] = match;
    events.push({
      t: Number(seconds) * 1e9 + Number(micros) * 1e3,
      task,
      pid: Number(pid),
      name,
      fields: name.startsWith('sys_') ? systemCall(rest) : keyValues(rest),
      stack: [],
    });
  }
  return events;
};

/** A signal_generate event, its fields by name. (include/trace/events/signal.h) */
export interface GeneratedSignal {
  readonly t: number;
  /** Who was running when it was made: the sender, in the root pid namespace. */
  readonly by: number;
  readonly sig: number;
  readonly code: number;
  readonly res: number;
}

const numberOf = (event: KernelEvent, field: string): number => Number(event.fields[field]);

/** The signals generated for a process or thread, by its number in the root pid namespace, in order. */
export const signalsTo = (trace: readonly KernelEvent[], hostPid: number): readonly GeneratedSignal[] =>
  trace
    .filter((event) => event.name === 'signal_generate' && numberOf(event, 'pid') === hostPid)
    .map((event) => ({
      t: event.t,
      by: event.pid,
      sig: numberOf(event, 'sig'),
      code: numberOf(event, 'code'),
      res: numberOf(event, 'res'),
    }));

/** The numbers of the signals a process has taken from its queue, to run a handler or to die, in order. */
export const signalsTakenBy = (trace: readonly KernelEvent[], hostPid: number): readonly number[] =>
  trace
    .filter((event) => event.name === 'signal_deliver' && event.pid === hostPid)
    .map((event) => numberOf(event, 'sig'));

/** When a process entered do_exit(), or undefined. */
export const exitOf = (trace: readonly KernelEvent[], hostPid: number): KernelEvent | undefined =>
  trace.find((event) => event.name === 'sched_process_exit' && event.pid === hostPid);
