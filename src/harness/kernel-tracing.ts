import { shellWord } from '../../vm/link/ssh.ts';

/** What the kernel is asked to write down while a fixture runs. */
export interface TraceOptions {
  /** Kprobe definitions without the leading `p:NAME`, by name: `{ zap: 'zap_pid_ns_processes' }`. Each hit carries its stack. (Documentation/trace/kprobetrace.rst) */
  readonly probes?: Readonly<Record<string, string>>;
  /** Further events, such as `syscalls/sys_enter_kill`. */
  readonly events?: readonly string[];
}

/** The events of every trace: who was sent which signal and what became of it; who was born, what it became, who ended. */
const standardEvents = ['signal', 'sched/sched_process_fork', 'sched/sched_process_exec', 'sched/sched_process_exit'];

const tracefs = '/sys/kernel/tracing';

/** The shell commands that make a tracefs instance of that name, and those that take it away again. */
export const traceInstance = (name: string, { probes = {}, events = [] }: TraceOptions) => {
  const directory = `${tracefs}/instances/${name}`;
  const definitions = Object.entries(probes).map(([probe, definition]) => ({ probe: `${name}_${probe}`, definition }));
  const begin = [
    `mkdir ${directory}`,
    `cd ${directory}`,
    'echo mono > trace_clock',
    'echo 1 > options/event-fork',
    'echo 512 > buffer_size_kb',
    ...definitions.map(
      ({ probe, definition }) => `echo ${shellWord(`p:kernspec/${probe} ${definition}`)} >> ${tracefs}/kprobe_events`,
    ),
    ...definitions.flatMap(({ probe }) => [
      `echo stacktrace > events/kernspec/${probe}/trigger`,
      `echo 1 > events/kernspec/${probe}/enable`,
    ]),
    ...[...standardEvents, ...events].map((event) => `echo 1 > events/${event}/enable`),
    'cd /',
  ].join(' && ');
  const end = [
    ...definitions.map(({ probe }) => `echo '!stacktrace' > ${directory}/events/kernspec/${probe}/trigger`),
    `rmdir ${directory}`,
    ...definitions.map(({ probe }) => `echo '-:kernspec/${probe}' >> ${tracefs}/kprobe_events`),
  ].join('; ');
  return { directory, begin, end };
};
