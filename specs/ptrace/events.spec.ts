/** What a tracer is told beyond signals: calls, steps, new tracees, and what belongs to an event. */
import { kernelSource, man, tells } from '../../src/harness/index.ts';

const options = man('ptrace(2)', 'PTRACE_SETOPTIONS');
const event = kernelSource('include/linux/ptrace.h', 'ptrace_event');
const tags = ['ptrace'];

/** A tracee that is seized with options and does this, its tracer. */
const seized = (does: string, tracer: string, flags: string): string =>
  `fork child { await go; ${does} }; quietly { call ptrace PTRACE_SEIZE child 0 ${flags} }; open go; ${tracer}; exit 0`;

for (const { option, code, does, after } of [
  { option: 'PTRACE_O_TRACEFORK', code: 1, does: 'fork inner { exit 1 }; wait inner; exit 5', after: 'fork' },
  { option: 'PTRACE_O_TRACEVFORK', code: 2, does: 'vfork inner { exit 1 }; wait inner; exit 5', after: 'vfork' },
  { option: 'PTRACE_O_TRACECLONE', code: 3, does: 'thread inner { mask }; join inner; exit 5', after: 'clone' },
]) {
  tells(
    {
      id: `ptrace.event.${after}-makes-a-tracee`,
      statement: `With ${option}, event ${code} tells the tracer whom a tracee has made: that one is traced, too, and starts in a stop (event 128).`,
      sources: [options, event, kernelSource('include/linux/ptrace.h', 'ptrace_init_task')],
      tags: [...(after === 'clone' ? ['thread'] : []), ...tags],
    },
    {
      script: seized(
        does,
        'wait child __WALL; event-message child > made; wait-raw $made __WALL; call ptrace PTRACE_DETACH $made 0 0; call ptrace PTRACE_DETACH child 0 0; wait child',
        option,
      ),
      says: {
        main: [
          `wait child: stopped by SIGTRAP event ${code}`,
          'event-message child: 0',
          'wait-raw $made __WALL: 0x80057f',
          'call ptrace PTRACE_DETACH $made 0 0: 0',
          'call ptrace PTRACE_DETACH child 0 0: 0',
          'wait child: exit 5',
        ],
      },
    },
    [{ what: 'another option', replace: [`0 ${option}`, '0 PTRACE_O_TRACEEXIT'] }],
  );
}

tells(
  {
    id: 'ptrace.event.vfork-done-comes-after-the-child',
    statement:
      'With PTRACE_O_TRACEVFORKDONE event 5 comes when the vfork child has ended or executed; the child is no tracee.',
    sources: [options, kernelSource('kernel/fork.c', 'kernel_clone')],
    tags,
  },
  {
    script: seized(
      'quietly { vfork inner { exit 1 } }; exit 5',
      'wait child __WALL; event-message child > made; field /proc/@$made/status TracerPid; call ptrace PTRACE_DETACH child 0 0; wait child',
      'PTRACE_O_TRACEVFORKDONE',
    ),
    says: {
      main: [
        'wait child: stopped by SIGTRAP event 5',
        'event-message child: 0',
        'field /proc/@$made/status TracerPid: 0',
        'call ptrace PTRACE_DETACH child 0 0: 0',
        'wait child: exit 5',
      ],
    },
  },
  [{ what: 'a fork', replace: ['vfork inner { exit 1 }', 'fork inner { exit 1 }'] }],
);

for (const { does, how, status } of [
  { does: 'exit 5', how: 'exit-status', status: 5 * 256 },
  { does: 'kill self KILL', how: 'signal', status: 9 },
]) {
  tells(
    {
      id: `ptrace.event.exit-message-is-the-${how}`,
      statement: `The message of PTRACE_EVENT_EXIT is the word of status that wait(2) will give: ${status} of "${does}".`,
      sources: [options, kernelSource('kernel/exit.c', 'do_exit')],
      tags,
      entries: ['PTR-04'],
    },
    {
      script: seized(does, 'wait child __WALL; event-message child', 'PTRACE_O_TRACEEXIT'),
      says: { main: ['wait child: stopped by SIGTRAP event 6', `event-message child: ${status}`] },
    },
    [{ what: 'another end', replace: [does, 'exit 6'] }],
  );
}

tells(
  {
    id: 'ptrace.syscall.stops-at-entry-and-exit',
    statement:
      'PTRACE_SYSCALL lets a tracee go on to the entry of its next call, then to its exit; with PTRACE_O_TRACESYSGOOD the stops are SIGTRAP with bit 7.',
    sources: [man('ptrace(2)', 'Syscall-stops'), kernelSource('include/linux/ptrace.h', 'ptrace_report_syscall')],
    tags,
    entries: ['PTR-01'],
  },
  {
    script: `fork child { quietly { call ptrace PTRACE_TRACEME 0 0 0; kill self STOP; call getpgrp }; exit 5 };
      wait child; call ptrace PTRACE_SETOPTIONS child 0 PTRACE_O_TRACESYSGOOD; syscall-stop child;
      quietly { call ptrace PTRACE_SYSCALL child 0 0 }; wait-raw child; syscall-stop child;
      quietly { call ptrace PTRACE_SYSCALL child 0 0 }; wait-raw child; syscall-stop child;
      quietly { call ptrace PTRACE_CONT child 0 0 }; wait child; exit 0`,
    says: {
      main: [
        'wait child: stopped by SIGSTOP',
        'call ptrace PTRACE_SETOPTIONS child 0 PTRACE_O_TRACESYSGOOD: 0',
        'syscall-stop child: none',
        'wait-raw child: 0x857f',
        'syscall-stop child: entry',
        'wait-raw child: 0x857f',
        'syscall-stop child: exit',
        'wait child: exit 5',
      ],
    },
  },
  [
    { what: 'without the option', replace: ['0 PTRACE_O_TRACESYSGOOD', '0 PTRACE_O_TRACEEXEC'] },
    {
      what: 'it is continued otherwise',
      replace: [
        'quietly { call ptrace PTRACE_SYSCALL child 0 0 }',
        'quietly { call ptrace PTRACE_SINGLESTEP child 0 0 }',
      ],
    },
  ],
);

tells(
  {
    id: 'ptrace.step.is-told-as-trap-trace',
    statement: 'PTRACE_SINGLESTEP stops a tracee after one instruction: SIGTRAP with TRAP_TRACE.',
    sources: [man('ptrace(2)', 'PTRACE_SINGLESTEP'), kernelSource('kernel/ptrace.c', 'ptrace_resume')],
    tags,
    entries: ['PTR-01'],
  },
  {
    script: seized(
      'kill self USR1',
      'wait child __WALL; call ptrace PTRACE_SINGLESTEP child 0 0; wait child __WALL; stop-info child; call ptrace PTRACE_DETACH child 0 KILL; wait child',
      '0',
    ),
    says: {
      main: [
        'wait child: stopped by SIGUSR1',
        'call ptrace PTRACE_SINGLESTEP child 0 0: 0',
        'wait child: stopped by SIGTRAP',
        'stop-info child: TRAP TRAP_TRACE',
        'call ptrace PTRACE_DETACH child 0 KILL: 0',
        'wait child: SIGKILL',
      ],
    },
  },
  [{ what: 'it is continued', replace: ['PTRACE_SINGLESTEP child 0 0; wait', 'PTRACE_CONT child 0 USR2; wait'] }],
);

for (const { how, before, stops } of [
  {
    how: 'attached',
    before: 'PTRACE_ATTACH child 0 0; wait child __WALL; call ptrace PTRACE_CONT child 0 0',
    stops: true,
  },
  { how: 'seized', before: 'PTRACE_SEIZE child 0 0', stops: false },
]) {
  tells(
    {
      id: `ptrace.exec.of-${how}-${stops ? 'sends-sigtrap' : 'is-silent'}`,
      statement: stops
        ? 'Without PTRACE_O_TRACEEXEC, an attached tracee gets a SIGTRAP after execve(2), as if it had sent it itself.'
        : 'Without PTRACE_O_TRACEEXEC, a seized tracee executes without a word to its tracer.',
      sources: [man('ptrace(2)', 'execve(2) under ptrace'), event],
      tags,
    },
    {
      script: `fork child { await go; exec-actor { exit 5 } }; quietly { call ptrace ${before} }; open go; wait child __WALL; ${stops ? 'stop-info child; quietly { call ptrace PTRACE_CONT child 0 0 }; wait child; ' : ''}exit 0`,
      says: {
        main: stops
          ? ['wait child: stopped by SIGTRAP', 'stop-info child: TRAP SI_USER from child', 'wait child: exit 5']
          : ['wait child: exit 5'],
      },
    },
    [
      stops
        ? { what: 'it executes nothing', replace: ['exec-actor { exit 5 }', 'exit 5'] }
        : { what: 'with the option', replace: ['PTRACE_SEIZE child 0 0', 'PTRACE_SEIZE child 0 PTRACE_O_TRACEEXEC'] },
    ],
  );
}

tells(
  {
    id: 'ptrace.exit.end-of-the-tracing-thread-frees',
    statement: 'It is a thread that traces: when that thread ends, its tracees are free, although the process goes on.',
    sources: [man('ptrace(2)', 'BUGS'), kernelSource('kernel/ptrace.c', 'exit_ptrace')],
    tags: ['thread', ...tags],
    entries: ['PTR-03'],
  },
  {
    script: `fork child { pause }; thread tracer { quietly { call ptrace PTRACE_SEIZE child 0 0; call ptrace PTRACE_INTERRUPT child 0 0; wait child __WALL }; state child }; quietly { join tracer }; until S child; field /proc/@child/status TracerPid; call ptrace PTRACE_SEIZE child 0 0; exit 0`,
    says: {
      tracer: ['state child: t'],
      main: ['until S child: S', 'field /proc/@child/status TracerPid: 0', 'call ptrace PTRACE_SEIZE child 0 0: 0'],
    },
  },
  [
    {
      what: 'the process traces',
      replace: ['thread tracer { quietly {', 'thread tracer { mask }; quietly { join tracer }; quietly { quietly {'],
    },
  ],
);

for (const { how, prepare } of [
  { how: 'tells-the-parent', prepare: 'block USR1' },
  { how: 'of-a-parent-that-ignores-sigchld-is-the-end', prepare: 'ignore CHLD' },
]) {
  const told = prepare.startsWith('block');
  tells(
    {
      id: `ptrace.exit.tracer-that-leaves-a-zombie-${how}`,
      statement: told
        ? 'A tracer that ends without having waited for its dead tracee hands it to the parent, who gets the exit signal only then.'
        : 'A dead tracee whose tracer ends without having waited is gone at once when its parent ignores SIGCHLD.',
      sources: [man('ptrace(2)', 'Death under ptrace'), kernelSource('kernel/ptrace.c', '__ptrace_detach')],
      tags: ['zombie', ...tags],
      entries: ['PTR-07', 'WAI-12'],
    },
    {
      script: `quietly { ${prepare} }; clone child 0 exit ${told ? 'USR1' : 'CHLD'} { await go; exit 5 }; fork tracer { quietly { call ptrace PTRACE_SEIZE child 0 0 }; open traced; await seen; exit 0 }; await traced; open go; until Z child; ${told ? 'pending; ' : ''}open seen; ${told ? 'wait tracer; sigwait USR1; wait child __WALL' : 'until-gone tracer; until-gone child'}; exit 0`,
      says: {
        main: told
          ? ['until Z child: Z', 'pending: none', 'wait tracer: exit 0', 'sigwait USR1: USR1 1', 'wait child: exit 5']
          : ['until Z child: Z', 'until-gone tracer: gone', 'until-gone child: gone'],
      },
    },
    [
      told
        ? {
            what: 'nobody traces',
            replace: [
              'quietly { call ptrace PTRACE_SEIZE child 0 0 }; open traced; await seen; exit 0 }; await traced; open go;',
              'open traced; await seen; exit 0 }; await traced; open go; quietly { until-pending USR1 };',
            ],
          }
        : { what: 'the parent does not ignore it', replace: ['ignore CHLD', 'block CHLD'] },
    ],
  );
}

tells(
  {
    id: 'ptrace.group-stop.new-thread-joins-it',
    statement:
      'A thread that is made while its process is stopped, by a tracee that its tracer lets run, is born stopped.',
    sources: [man('ptrace(2)', 'Group-stop'), kernelSource('kernel/signal.c', 'task_join_group_stop')],
    tags: ['thread', 'job', ...tags],
    entries: ['PTR-05'],
  },
  {
    script: seized(
      'kill self STOP; thread born { await never }',
      `wait child __WALL; quietly { call ptrace PTRACE_CONT child 0 STOP }; wait child __WALL; call ptrace PTRACE_CONT child 0 0; until-states ST child; until-in futex child; kill child KILL; wait child __WALL`,
      '0',
    ),
    says: {
      main: [
        'wait child: stopped by SIGSTOP',
        'wait child: stopped by SIGSTOP event 128',
        'call ptrace PTRACE_CONT child 0 0: 0',
        'until-states ST child: ST',
        'until-in futex child: futex',
        'kill child KILL: 0',
        'wait child: SIGKILL',
      ],
    },
  },
  [
    {
      what: 'it is continued before',
      replace: [
        'call ptrace PTRACE_CONT child 0 0; until',
        'kill child CONT; wait child __WALL; call ptrace PTRACE_CONT child 0 0; until',
      ],
    },
  ],
);
