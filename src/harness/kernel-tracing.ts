import { FixtureError } from '../base/errors.ts';
import { shellWord } from '../../vm/link/ssh.ts';

/** What the kernel is asked to write down while a fixture runs, beyond signals, births, execs and exits. */
export interface TraceOptions {
  /** Kprobe definitions without the leading `p:NAME`, by name: `{ zap: 'zap_pid_ns_processes' }`. Each hit carries its stack. (Documentation/trace/kprobetrace.rst) */
  readonly probes?: Readonly<Record<string, string>>;
  /** Further events, such as `syscalls/sys_enter_kill`. */
  readonly events?: readonly string[];
}

/** The instances of tracefs that guest/init/init has made, with the standard events on. */
const instances = [0, 1, 2, 3].map((number) => `kernspec${number}`);

const tracefs = '/sys/kernel/tracing';

/** How a fixture is traced: where, and the shell commands before and after it; empty where there is nothing to do. */
export interface Tracing {
  readonly directory: string;
  readonly begin: readonly string[];
  readonly end: readonly string[];
}

/**
 * The tracing of the nth fixture of a spec.
 *
 * @throws FixtureError when a spec has more fixtures than there are traces
 */
export const tracingOf = (index: number, { probes = {}, events = [] }: TraceOptions): Tracing => {
  const name = instances[index];
  if (name === undefined)
    throw new FixtureError(`A spec can trace ${instances.length} fixtures; start others with { trace: false }.`);
  const directory = `${tracefs}/instances/${name}`;
  const definitions = Object.entries(probes).map(([probe, definition]) => ({ probe: `${name}_${probe}`, definition }));
  const enable = (event: string, on: 0 | 1): string => `echo ${on} > ${directory}/events/${event}/enable`;
  return {
    directory,
    begin: [
      ...definitions.flatMap(({ probe, definition }) => [
        `echo ${shellWord(`p:kernspec/${probe} ${definition}`)} >> ${tracefs}/kprobe_events`,
        `echo stacktrace > ${directory}/events/kernspec/${probe}/trigger`,
        enable(`kernspec/${probe}`, 1),
      ]),
      ...events.map((event) => enable(event, 1)),
    ],
    end: [
      ...events.map((event) => enable(event, 0)),
      ...definitions.flatMap(({ probe }) => [
        `echo '!stacktrace' > ${directory}/events/kernspec/${probe}/trigger`,
        enable(`kernspec/${probe}`, 0),
        `echo '-:kernspec/${probe}' >> ${tracefs}/kprobe_events`,
      ]),
    ],
  };
};
