/** What a tracer sees of signals and ends: ptrace(2). */
import { commit, kernelSource, man, tells } from '../../src/harness/index.ts';

const stop = [man('ptrace(2)', 'Signal-delivery-stop'), kernelSource('kernel/signal.c', 'ptrace_signal')];
const group = [man('ptrace(2)', 'Group-stop'), kernelSource('kernel/signal.c', 'do_signal_stop')];
const options = man('ptrace(2)', 'PTRACE_SETOPTIONS');
const tags = ['ptrace'];

/** A tracee that is seized and does this, its tracer. */
const seized = (does: string, tracer: string, flags = '0'): string =>
  `fork child { await go; ${does} }; quietly { call ptrace PTRACE_SEIZE child 0 ${flags} }; open go; ${tracer}; exit 0`;

tells(
  {
    id: 'ptrace.signal.stops-before-delivery',
    statement: 'Each signal except SIGKILL stops a tracee before it is delivered; continued with 0 it is suppressed.',
    sources: stop,
    tags,
    entries: ['PTR-01'],
  },
  {
    script: seized(
      'kill self USR1; kill self TERM; exit 5',
      'wait child __WALL; quietly { call ptrace PTRACE_CONT child 0 0 }; wait child __WALL; quietly { call ptrace PTRACE_CONT child 0 0 }; wait child __WALL',
    ),
    says: { main: ['wait child: stopped by SIGUSR1', 'wait child: stopped by SIGTERM', 'wait child: exit 5'] },
  },
  [{ what: 'it is injected', replace: ['call ptrace PTRACE_CONT child 0 0', 'call ptrace PTRACE_CONT child 0 USR1'] }],
);

/** All that can be sent, SIGKILL apart, as wait(2) names them. */
const allSignals = [
  ...'HUP INT QUIT ILL TRAP ABRT BUS FPE USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'.split(
    ' ',
  ),
  ...Array.from({ length: 33 }, (_, index) => String(32 + index)),
];

tells(
  {
    id: 'ptrace.signal.every-one-stops',
    statement:
      'Each of the 64 signals except SIGKILL stops a tracee before it is delivered, whatever its default action; suppressed, it does nothing.',
    sources: stop,
    tags,
    entries: ['PTR-01'],
  },
  {
    script: seized(
      `quietly { ${allSignals.map((signal) => `call kill self ${signal}`).join('; ')} }; exit 5`,
      `repeat ${allSignals.length + 2} { wait child __WALL; quietly { call ptrace PTRACE_CONT child 0 0 } }`,
    ),
    says: {
      main: [
        ...allSignals.flatMap((signal) => [
          // By a trap the tracer of one that is seized is told that a group-stop would end. (ptrace_trap_notify())
          ...(signal === 'CONT' ? ['wait child: stopped by SIGTRAP event 128'] : []),
          `wait child: stopped by SIG${signal}`,
        ]),
        'wait child: exit 5',
      ],
    },
  },
  [{ what: 'one is blocked', replace: ['quietly { call kill', 'quietly { block WINCH; call kill'] }],
);

tells(
  {
    id: 'ptrace.signal.continue-injects-the-signal',
    statement: 'A tracee that is continued with a signal gets that one, whatever it was stopped for.',
    sources: stop,
    tags,
    entries: ['PTR-01'],
  },
  {
    script: seized(
      'kill self USR1; exit 5',
      'wait child __WALL; quietly { call ptrace PTRACE_CONT child 0 TERM }; wait child __WALL',
    ),
    says: { main: ['wait child: stopped by SIGUSR1', 'wait child: SIGTERM'] },
  },
  [{ what: 'it is suppressed', replace: ['PTRACE_CONT child 0 TERM', 'PTRACE_CONT child 0 0'] }],
);

tells(
  {
    id: 'ptrace.signal.sigkill-is-not-shown',
    statement: 'SIGKILL ends a tracee without a stop for its tracer.',
    sources: stop,
    tags,
    entries: ['PTR-01'],
  },
  {
    script: seized('kill self KILL; exit 5', 'wait child __WALL'),
    says: { main: ['wait child: SIGKILL'] },
  },
  [{ what: 'it is SIGTERM', replace: ['kill self KILL', 'kill self TERM'] }],
);

tells(
  {
    id: 'ptrace.signal.of-a-killing-filter-is-not-shown',
    statement:
      'A seccomp filter that kills the process ends a tracee without a stop for its tracer, whatever it does with SIGSYS.',
    sources: [
      man('seccomp(2)', 'SECCOMP_RET_KILL_PROCESS'),
      kernelSource('kernel/signal.c', 'get_signal'),
      kernelSource('kernel/signal.c', 'force_sig_info_to_task'),
    ],
    tags: ['seccomp', ...tags],
    entries: ['SIG-16', 'SIG-17'],
  },
  {
    script: seized(
      'quietly { limit RLIMIT_CORE 0; on SYS; block SYS; seccomp getpgrp kill }; call getpgrp; exit 5',
      'wait child __WALL',
    ),
    says: { main: ['wait child: SIGSYS'], child: [] },
  },
  [{ what: 'it traps', replace: ['seccomp getpgrp kill', 'seccomp getpgrp trap'] }],
);

tells(
  {
    id: 'ptrace.signal.of-a-fault-is-shown',
    statement:
      'A fault stops a tracee before its SIGSEGV is delivered, also when it has blocked that; a tracer can suppress it.',
    sources: [
      ...stop,
      kernelSource('kernel/signal.c', 'force_sig_info_to_task'),
      commit('e349d945fac7', "signal: Don't always set SA_IMMUTABLE for forced signals"),
    ],
    tags: ['fault', ...tags],
    entries: ['PTR-01', 'SIG-14'],
  },
  {
    // The instruction is tried again, and faults again.
    script: seized(
      'quietly { limit RLIMIT_CORE 0; on SEGV; block SEGV }; crash; exit 5',
      'wait child __WALL; stop-info child; tracee-mask child; quietly { call ptrace PTRACE_CONT child 0 0 }; wait child __WALL; quietly { call ptrace PTRACE_CONT child 0 SEGV }; wait child __WALL',
    ),
    says: {
      main: [
        'wait child: stopped by SIGSEGV',
        'stop-info child: SEGV SEGV_MAPERR at 0x10',
        'tracee-mask child: none',
        'wait child: stopped by SIGSEGV',
        'wait child: SIGSEGV',
      ],
      child: [],
    },
  },
  [{ what: 'it is not suppressed', replace: ['PTRACE_CONT child 0 0', 'PTRACE_CONT child 0 SEGV'] }],
);

tells(
  {
    id: 'ptrace.signal.ignored-ones-stop-and-blocked-ones-do-not',
    statement: 'A signal that the tracee ignores still stops it; one that it blocks does not, until it is unblocked.',
    sources: [man('ptrace(2)', 'Signal-delivery-stop'), kernelSource('kernel/signal.c', 'sig_ignored')],
    tags,
    entries: ['PTR-02'],
  },
  {
    script: seized(
      'quietly { ignore USR1; block USR2; kill self USR2; kill self USR1; unblock USR2 }; exit 5',
      'wait child __WALL; quietly { call ptrace PTRACE_CONT child 0 0 }; wait child __WALL; quietly { call ptrace PTRACE_CONT child 0 0 }; wait child __WALL',
    ),
    says: { main: ['wait child: stopped by SIGUSR1', 'wait child: stopped by SIGUSR2', 'wait child: exit 5'] },
  },
  [{ what: 'it is not blocked', replace: ['block USR2; ', ''] }],
);

for (const { id, flags, outcome } of [
  { id: 'exitkill-ends-tracees', flags: 'PTRACE_O_EXITKILL', outcome: 'SIGKILL' },
  { id: 'tracees-go-on-without-exitkill', flags: '0', outcome: 'exit 5' },
]) {
  tells(
    {
      id: `ptrace.exit.${id}`,
      statement:
        flags === '0'
          ? 'A tracee goes on when its tracer ends.'
          : 'With PTRACE_O_EXITKILL a tracee is killed when its tracer ends.',
      sources: [options, kernelSource('kernel/ptrace.c', 'exit_ptrace')],
      tags,
      entries: ['PTR-03'],
    },
    {
      script: `fork child { await go; exit 5 }; fork tracer { quietly { call ptrace PTRACE_SEIZE child 0 ${flags} }; exit 0 }; wait tracer; ${flags === '0' ? 'open go; ' : ''}wait child; exit 0`,
      says: { main: ['wait tracer: exit 0', `wait child: ${outcome}`] },
    },
    [
      flags === '0'
        ? { what: 'with the option', replace: ['PTRACE_SEIZE child 0 0', 'PTRACE_SEIZE child 0 PTRACE_O_EXITKILL'] }
        : {
            what: 'the child ends itself',
            replace: ['{ await go; exit 5 };', '{ exit 5 }; quietly { until Z child };'],
          },
    ],
  );
}

tells(
  {
    id: 'ptrace.event.exit-is-told-before-the-end',
    statement: 'With PTRACE_O_TRACEEXIT a tracee stops on its way out (event 6), also when it was killed.',
    sources: [options, kernelSource('kernel/exit.c', 'do_exit')],
    tags,
    entries: ['PTR-04'],
  },
  {
    script: seized(
      'kill self KILL',
      'wait child __WALL; quietly { call ptrace PTRACE_CONT child 0 0 }; wait child __WALL',
      'PTRACE_O_TRACEEXIT',
    ),
    says: { main: ['wait child: stopped by SIGTRAP event 6', 'wait child: SIGKILL'] },
  },
  [{ what: 'no option', replace: ['0 PTRACE_O_TRACEEXIT', '0 0'] }],
);

tells(
  {
    id: 'ptrace.event.exit-is-told-of-a-tracee-that-is-killed-in-a-stop',
    statement:
      'With PTRACE_O_TRACEEXIT a tracee that is killed while it is stopped for its tracer stops once more on its way out, with 9 as message.',
    sources: [options, kernelSource('kernel/exit.c', 'do_exit'), kernelSource('kernel/signal.c', 'ptrace_stop')],
    tags,
    entries: ['PTR-04'],
  },
  {
    script: seized(
      'kill self USR1; exit 5',
      'wait child __WALL; kill child KILL; wait child __WALL; event-message child; quietly { call ptrace PTRACE_CONT child 0 0 }; wait child __WALL',
      'PTRACE_O_TRACEEXIT',
    ),
    says: {
      child: [],
      main: [
        'wait child: stopped by SIGUSR1',
        'kill child KILL: 0',
        'wait child: stopped by SIGTRAP event 6',
        'event-message child: 9',
        'wait child: SIGKILL',
      ],
    },
  },
  [{ what: 'no option', replace: ['0 PTRACE_O_TRACEEXIT', '0 0'] }],
);

for (const { option, event, does, after } of [
  { option: 'PTRACE_O_TRACEFORK', event: 1, does: 'fork inner { exit 1 }; exit 5', after: 'fork' },
  { option: 'PTRACE_O_TRACEEXEC', event: 4, does: 'exec-actor { exit 5 }', after: 'exec' },
]) {
  tells(
    {
      id: `ptrace.event.${after}-is-told`,
      statement: `With ${option} a tracee stops at ${after} with event ${event}.`,
      sources: [options, kernelSource('include/linux/ptrace.h', 'ptrace_event')],
      tags,
    },
    {
      script: seized(does, 'wait child __WALL; quietly { call ptrace PTRACE_DETACH child 0 0 }; wait child', option),
      says: { main: [`wait child: stopped by SIGTRAP event ${event}`, 'wait child: exit 5'] },
    },
    [{ what: 'no option', replace: [`0 ${option}`, '0 PTRACE_O_TRACEEXIT'] }],
  );
}

tells(
  {
    id: 'ptrace.group-stop.seized-tracee-tells-both-stops',
    statement:
      'SIGSTOP shows a seized tracee first in signal-delivery-stop, then in group-stop (event 128); with LISTEN it stays stopped, SIGCONT is told as SIGTRAP event 128.',
    sources: group,
    tags: ['job', ...tags],
    entries: ['PTR-05'],
  },
  {
    script: seized(
      'quietly { ignore CONT }; pause',
      `kill child STOP; wait child __WALL; quietly { call ptrace PTRACE_CONT child 0 STOP }; wait child __WALL; quietly { call ptrace PTRACE_LISTEN child 0 0 }; wait child __WALL|WNOHANG; kill child CONT; wait child __WALL`,
    ),
    says: {
      main: [
        'kill child STOP: 0',
        'wait child: stopped by SIGSTOP',
        'wait child: stopped by SIGSTOP event 128',
        'wait child __WALL|WNOHANG: 0',
        'kill child CONT: 0',
        'wait child: stopped by SIGTRAP event 128',
      ],
    },
  },
  [{ what: 'the SIGSTOP is suppressed', replace: ['PTRACE_CONT child 0 STOP', 'PTRACE_CONT child 0 USR1'] }],
);

tells(
  {
    id: 'ptrace.attach.sends-sigstop',
    statement:
      'PTRACE_ATTACH stops the process by a SIGSTOP; PTRACE_SEIZE does not stop it, PTRACE_INTERRUPT does (event 128).',
    sources: [man('ptrace(2)', 'Attaching and detaching'), kernelSource('kernel/ptrace.c', 'ptrace_attach')],
    tags,
    entries: ['PTR-06'],
  },
  {
    script: `fork a { pause }; call ptrace PTRACE_ATTACH a 0 0; wait a __WALL; fork b { pause }; until S b; call ptrace PTRACE_SEIZE b 0 0; wait b __WALL|WNOHANG; call ptrace PTRACE_INTERRUPT b 0 0; wait b __WALL; exit 0`,
    says: {
      main: [
        'call ptrace PTRACE_ATTACH a 0 0: 0',
        'wait a: stopped by SIGSTOP',
        'until S b: S',
        'call ptrace PTRACE_SEIZE b 0 0: 0',
        'wait b __WALL|WNOHANG: 0',
        'call ptrace PTRACE_INTERRUPT b 0 0: 0',
        'wait b: stopped by SIGTRAP event 128',
      ],
    },
  },
  [{ what: 'it is seized', replace: ['PTRACE_ATTACH a 0 0', 'PTRACE_SEIZE a 0 0; kill a TERM'] }],
);

tells(
  {
    id: 'ptrace.attach.is-refused-to-strangers',
    statement: 'A process of another uid, one that is traced already, and a kernel thread cannot be traced: EPERM.',
    sources: [man('ptrace(2)', 'ERRORS'), kernelSource('kernel/ptrace.c', 'ptrace_attach')],
    tags: ['permission', ...tags],
    entries: ['PTR-09'],
  },
  {
    script: `call ptrace PTRACE_SEIZE 2 0 0; fork a { pause }; call ptrace PTRACE_SEIZE a 0 0; fork other { call ptrace PTRACE_SEIZE a 0 0; exit 0 }; wait other; fork b { pause }; fork user { quietly { call setresuid 3000 3000 3000 }; call ptrace PTRACE_SEIZE b 0 0; exit 0 }; wait user; exit 0`,
    says: {
      main: [
        'call ptrace PTRACE_SEIZE 2 0 0: EPERM',
        'call ptrace PTRACE_SEIZE a 0 0: 0',
        'wait other: exit 0',
        'wait user: exit 0',
      ],
      other: ['call ptrace PTRACE_SEIZE a 0 0: EPERM'],
      user: ['call ptrace PTRACE_SEIZE b 0 0: EPERM'],
    },
  },
  [{ what: 'the user stays root', replace: ['call setresuid 3000 3000 3000', 'call setresuid 0 0 0'] }],
);

tells(
  {
    id: 'ptrace.exit.real-parent-waits-for-the-tracer',
    statement: 'The parent of a dead tracee cannot wait for it before the tracer has.',
    sources: [man('ptrace(2)', 'Death under ptrace'), kernelSource('kernel/exit.c', 'wait_task_zombie')],
    tags: ['zombie', ...tags],
    entries: ['PTR-07', 'WAI-12'],
  },
  {
    script: `fork child { await go; exit 5 }; fork tracer { quietly { call ptrace PTRACE_SEIZE child 0 0 }; open traced; await seen; wait child __WALL; exit 0 }; await traced; open go; until Z child; wait child WNOHANG; open seen; wait tracer; wait child; exit 0`,
    says: {
      main: ['until Z child: Z', 'wait child WNOHANG: 0', 'wait tracer: exit 0', 'wait child: exit 5'],
      tracer: ['wait child: exit 5'],
    },
  },
  [{ what: 'nobody traces', replace: ['call ptrace PTRACE_SEIZE child 0 0', 'mask'] }],
);

tells(
  {
    id: 'ptrace.traceme.stopped-child-goes-on-when-its-tracer-dies',
    statement:
      'A PTRACE_TRACEME child that is stopped for a SIGSTOP goes on when its tracer dies, and the signal is lost.',
    sources: [man('ptrace(2)', 'PTRACE_TRACEME'), kernelSource('kernel/ptrace.c', '__ptrace_unlink')],
    tags,
    entries: ['PTR-08'],
  },
  {
    script: `quietly { subreaper }; fork tracer { fork child { quietly { call ptrace PTRACE_TRACEME 0 0 0; kill self STOP }; exit 6 }; wait child __WALL; state child; exit 0 }; wait tracer; wait any WUNTRACED; exit 0`,
    says: {
      tracer: ['wait child: stopped by SIGSTOP', 'state child: t'],
      main: ['wait tracer: exit 0', 'wait: exit 6'],
    },
  },
  [{ what: 'it ends otherwise', replace: ['exit 6', 'exit 7'] }],
);

tells(
  {
    id: 'ptrace.detach.signal-is-delivered',
    statement: 'PTRACE_DETACH with a signal delivers it; afterwards nothing stops any more.',
    sources: [man('ptrace(2)', 'PTRACE_DETACH'), kernelSource('kernel/ptrace.c', 'ptrace_detach')],
    tags,
    entries: ['PTR-01'],
  },
  {
    script: seized(
      'quietly { on USR1 }; kill self USR1; kill self USR1; exit 5',
      'wait child __WALL; quietly { call ptrace PTRACE_DETACH child 0 USR1 }; wait child',
    ),
    says: {
      main: ['wait child: stopped by SIGUSR1', 'wait child: exit 5'],
      child: [
        'signal USR1: SI_USER from self',
        'kill self USR1: 0',
        'signal USR1: SI_USER from self',
        'kill self USR1: 0',
      ],
    },
  },
  [{ what: 'it is suppressed', replace: ['PTRACE_DETACH child 0 USR1', 'PTRACE_DETACH child 0 0'] }],
);

tells(
  {
    id: 'ptrace.init.injected-signals-do-not-end-it',
    statement:
      'A traced namespace init stops for its own SIGTERM; injected again it does not end it, and its own SIGKILL is neither shown nor effective.',
    sources: [kernelSource('kernel/signal.c', 'get_signal'), kernelSource('kernel/signal.c', 'sig_ignored')],
    tags: ['star', 'init', ...tags],
    entries: ['INI-16'],
  },
  {
    script: `quietly { call unshare CLONE_NEWPID }; fork one { await go; kill self TERM; kill self KILL; exit 77 };
      quietly { call ptrace PTRACE_SEIZE one 0 0 }; open go; wait one __WALL; quietly { call ptrace PTRACE_CONT one 0 TERM }; wait one __WALL; exit 0`,
    says: {
      one: ['kill self TERM: 0', 'kill self KILL: 0'],
      main: ['wait one: stopped by SIGTERM', 'wait one: exit 77'],
    },
  },
  [{ what: 'it is no init', replace: ['quietly { call unshare CLONE_NEWPID }; ', ''] }],
);

tells(
  {
    id: 'ptrace.init.injected-sigstop-stops-it',
    statement:
      'A traced namespace init stops for its own SIGSTOP; injected again it stops the whole process (event 128), as it would any other.',
    sources: [kernelSource('kernel/signal.c', 'get_signal'), kernelSource('kernel/signal.c', 'sig_ignored')],
    tags: ['init', 'job', ...tags],
    entries: ['INI-16'],
  },
  {
    script: `quietly { call unshare CLONE_NEWPID }; fork one { await go; kill self STOP; exit 77 };
      quietly { call ptrace PTRACE_SEIZE one 0 0 }; open go; wait one __WALL; quietly { call ptrace PTRACE_CONT one 0 STOP }; wait one __WALL; exit 0`,
    says: { main: ['wait one: stopped by SIGSTOP', 'wait one: stopped by SIGSTOP event 128'] },
  },
  [{ what: 'it is suppressed', replace: ['PTRACE_CONT one 0 STOP', 'PTRACE_CONT one 0 0'] }],
);

tells(
  {
    id: 'ptrace.init.injected-sigkill-ends-it',
    statement: 'A namespace init that its tracer continues with SIGKILL ends by it.',
    sources: [kernelSource('kernel/signal.c', 'get_signal'), man('ptrace(2)', 'Signal injection and suppression')],
    tags: ['init', ...tags],
    entries: ['INI-16'],
  },
  {
    script: `quietly { call unshare CLONE_NEWPID }; fork one { await go; kill self TERM; exit 77 };
      quietly { call ptrace PTRACE_SEIZE one 0 0 }; open go; wait one __WALL; quietly { call ptrace PTRACE_CONT one 0 KILL }; wait one __WALL; exit 0`,
    says: { one: [], main: ['wait one: stopped by SIGTERM', 'wait one: SIGKILL'] },
  },
  [{ what: 'it is SIGTERM', replace: ['PTRACE_CONT one 0 KILL', 'PTRACE_CONT one 0 TERM'] }],
);

tells(
  {
    id: 'ptrace.init.sigkill-of-a-member-is-dropped',
    statement:
      'SIGKILL of a member of its namespace to an init that is traced from outside is dropped; SIGTERM stops it for the tracer, and does nothing when it is injected.',
    sources: [kernelSource('kernel/signal.c', 'sig_ignored'), kernelSource('kernel/signal.c', 'sig_task_ignored')],
    tags: ['init', ...tags],
    entries: ['INI-16'],
  },
  {
    script: `clone one CLONE_NEWPID { quietly { block CHLD }; fork m { await go; kill 1 KILL; kill 1 TERM; exit 3 }; open up; wait m; exit 77 };
      await up; quietly { call ptrace PTRACE_SEIZE one 0 0 }; open go; wait one __WALL; quietly { call ptrace PTRACE_CONT one 0 TERM }; wait one __WALL; exit 0`,
    says: {
      m: ['kill 1 KILL: 0', 'kill 1 TERM: 0'],
      one: ['wait m: exit 3'],
      main: ['wait one: stopped by SIGTERM', 'wait one: exit 77'],
    },
  },
  [{ what: 'it comes from outside', replace: ['open go; wait one', 'kill one KILL; open go; wait one'] }],
);

tells(
  {
    id: 'ptrace.seize.kernel-threads-are-refused',
    statement: "Root may trace the machine's own PID 1; a kernel thread is EPERM.",
    sources: [man('ptrace(2)', 'ERRORS'), kernelSource('kernel/ptrace.c', 'ptrace_attach')],
    tags,
    entries: ['VMX-05'],
  },
  {
    script:
      'call ptrace PTRACE_SEIZE 2 0 0; call ptrace PTRACE_SEIZE 1 0 0; call ptrace PTRACE_INTERRUPT 1 0 0; wait-raw 1 __WALL; call ptrace PTRACE_DETACH 1 0 0; exit 0',
    says: {
      main: [
        'call ptrace PTRACE_SEIZE 2 0 0: EPERM',
        'call ptrace PTRACE_SEIZE 1 0 0: 0',
        'call ptrace PTRACE_INTERRUPT 1 0 0: 0',
        'wait-raw 1 __WALL: 0x80057f',
        'call ptrace PTRACE_DETACH 1 0 0: 0',
      ],
    },
  },
  [{ what: 'PID 1 is traced already', replace: ['call ptrace PTRACE_SEIZE 2 0 0', 'call ptrace PTRACE_SEIZE 1 0 0'] }],
);

tells(
  {
    id: 'ptrace.attach.own-threads-are-refused',
    statement: 'A thread can trace neither itself nor another of its process: EPERM.',
    sources: [man('ptrace(2)', 'ERRORS'), kernelSource('kernel/ptrace.c', 'ptrace_attach')],
    tags: ['thread', 'permission', ...tags],
  },
  {
    script:
      'thread other { await never }; call ptrace PTRACE_SEIZE other 0 0; call ptrace PTRACE_ATTACH other 0 0; call ptrace PTRACE_SEIZE tid 0 0; exit 0',
    says: {
      main: [
        'call ptrace PTRACE_SEIZE other 0 0: EPERM',
        'call ptrace PTRACE_ATTACH other 0 0: EPERM',
        'call ptrace PTRACE_SEIZE tid 0 0: EPERM',
      ],
    },
  },
  [{ what: 'it is another process', replace: ['thread other { await never }', 'fork other { pause }'] }],
);
