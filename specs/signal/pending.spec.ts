/** Blocked and pending signals: signal(7) "Signal mask and pending signals", sigpending(2), sigprocmask(2). */
import { actor, byKernel, kernelSource, man, signalResult, signalsTo, spec, tells } from '../../src/harness/index.ts';

const maskAndPending = man('signal(7)', 'Signal mask and pending signals');
const queueing = man('signal(7)', 'Queueing and delivery semantics for standard signals');
const tags = ['pending'];

tells(
  {
    id: 'signal.pending.standard-is-not-queued-twice',
    statement: 'Of a standard signal sent five times while blocked, one instance is delivered, with the first siginfo.',
    sources: [queueing, kernelSource('kernel/signal.c', 'legacy_queue')],
    tags: ['star', ...tags],
    entries: ['PEN-02'],
  },
  {
    script: `quietly { block USR1; on USR1 };
      sigqueue self USR1 1; sigqueue self USR1 2; sigqueue self USR1 3; kill self USR1; kill self USR1; unblock USR1; exit 0`,
    says: {
      main: [
        'sigqueue self USR1 1: 0',
        'sigqueue self USR1 2: 0',
        'sigqueue self USR1 3: 0',
        'kill self USR1: 0',
        'kill self USR1: 0',
        'signal USR1: SI_QUEUE 1 from self',
        'unblock USR1: 0',
      ],
    },
  },
  [
    { what: 'the first one is another signal', replace: ['sigqueue self USR1 1', 'sigqueue self USR2 1'] },
    { what: 'it is not blocked', replace: ['block USR1;', ''] },
  ],
);

spec(
  {
    id: 'signal.pending.trace-tells-what-is-pending-already',
    statement:
      'When a standard signal is pending, the kernel notes for each further one that it is pending already (res 2), and no more.',
    sources: [queueing, kernelSource('kernel/signal.c', '__send_signal_locked')],
    tags: ['trace', ...tags],
    entries: ['PEN-02'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor('quietly { block USR1; kill self USR1; kill self USR1; sigqueue self USR1 7 }; sigpoll USR1; exit 0'),
    );
    expect(await fixture.finished()).toEqual({ by: 'exit', code: 0 });
    expect(fixture.transcript()).toEqual(['sigpoll USR1: USR1 SI_USER from self']);
    const sent = signalsTo(await fixture.kernelTrace(), fixture.hostPid).filter(({ sig }) => sig === 10);
    const { delivered, alreadyPending } = signalResult;
    expect(sent.map(({ res }) => res)).toEqual([delivered, alreadyPending, alreadyPending]);
  },
  [
    {
      what: 'the first one is taken before',
      replace: ['block USR1; kill self USR1;', 'block USR1; kill self USR1; sigpoll USR1;'],
    },
  ],
);

tells(
  {
    id: 'signal.pending.real-time-is-queued-each-time',
    statement:
      'Of a real-time signal sent three times while blocked, three instances are delivered, each with its value.',
    sources: [man('signal(7)', 'Real-time signals'), kernelSource('kernel/signal.c', '__send_signal_locked')],
    tags: ['star', ...tags],
    entries: ['PEN-02', 'RT-01', 'INF-01'],
  },
  {
    script: `quietly { block 34; on 34; sigqueue self 34 1; sigqueue self 34 2; sigqueue self 34 3 }; unblock 34; exit 0`,
    says: {
      main: [
        'signal 34: SI_QUEUE 1 from self',
        'signal 34: SI_QUEUE 2 from self',
        'signal 34: SI_QUEUE 3 from self',
        'unblock 34: 0',
      ],
    },
  },
  [{ what: 'one goes to another number', replace: ['sigqueue self 34 2', 'sigqueue self 35 2'] }],
);

tells(
  {
    id: 'signal.pending.kill-is-process-pending',
    statement: 'A blocked signal sent by kill(2) is pending for the process: ShdPnd has it, SigPnd has not.',
    sources: [man('proc_pid_status(5)', 'SigPnd'), kernelSource('kernel/signal.c', '__send_signal_locked')],
    tags,
    entries: ['PEN-01'],
  },
  {
    script: `quietly { block USR1; kill self USR1 }; field /proc/self/status SigPnd; field /proc/self/status ShdPnd; pending; exit 0`,
    says: {
      main: [
        'field /proc/self/status SigPnd: 0000000000000000',
        'field /proc/self/status ShdPnd: 0000000000000200',
        'pending: USR1',
      ],
    },
  },
  [{ what: 'it is sent by tgkill', replace: ['kill self USR1', 'tgkill self tid USR1'] }],
);

tells(
  {
    id: 'signal.pending.tgkill-is-thread-pending',
    statement: 'A blocked signal sent by tgkill(2) is pending for that thread: SigPnd has it, ShdPnd has not.',
    sources: [
      man('tgkill(2)'),
      man('proc_pid_status(5)', 'SigPnd'),
      kernelSource('kernel/signal.c', 'do_send_specific'),
    ],
    tags,
    entries: ['PEN-01'],
  },
  {
    script: `quietly { block USR1; tgkill self tid USR1 }; field /proc/self/status SigPnd; field /proc/self/status ShdPnd; pending; exit 0`,
    says: {
      main: [
        'field /proc/self/status SigPnd: 0000000000000200',
        'field /proc/self/status ShdPnd: 0000000000000000',
        'pending: USR1',
      ],
    },
  },
  [{ what: 'it is sent by kill', replace: ['tgkill self tid USR1', 'kill self USR1'] }],
);

tells(
  {
    id: 'signal.pending.of-a-thread-is-the-union',
    statement:
      'sigpending(2) in a thread gives what is pending for the process and for that thread, and not for another.',
    sources: [man('sigpending(2)'), kernelSource('kernel/signal.c', 'do_sigpending')],
    tags,
    entries: ['PEN-01'],
  },
  {
    script: `quietly { block USR1 USR2 HUP };
      thread other { await sent; pending; open seen };
      quietly { kill self USR1; tgkill self other USR2; tgkill self tid HUP }; open sent; await seen; pending; exit 0`,
    says: { other: ['pending: USR1 USR2'], main: ['pending: HUP USR1'] },
  },
  [
    { what: 'the thread gets what the main thread should', replace: ['tgkill self tid HUP', 'tgkill self other HUP'] },
    { what: 'all goes to the process', replace: ['tgkill self other USR2', 'kill self USR2'] },
  ],
);

tells(
  {
    id: 'signal.pending.is-empty-after-fork',
    statement:
      'A child made by fork(2) begins with no pending signal, neither of the process nor of the thread, but with the mask.',
    sources: [man('fork(2)'), kernelSource('kernel/fork.c', 'copy_process')],
    tags,
    entries: ['PEN-03'],
  },
  {
    script: `quietly { block USR1 USR2; kill self USR1; tgkill self tid USR2 }; fork child { pending; mask; exit 0 }; quietly { wait child }; pending; exit 0`,
    says: { child: ['pending: none', 'mask: USR1 USR2'], main: ['pending: USR1 USR2'] },
  },
  [{ what: 'the child sends them to itself', replace: ['{ pending;', '{ kill self USR1; pending;'] }],
);

tells(
  {
    id: 'signal.pending.survives-exec',
    statement: 'execve(2) keeps the mask and what is pending, for the process and for the thread.',
    sources: [
      man('execve(2)'),
      man('signal(7)', 'Signal mask and pending signals'),
      kernelSource('fs/exec.c', 'begin_new_exec'),
    ],
    tags,
    entries: ['PEN-04', 'FEX-01', 'INF-01'],
  },
  {
    script: `quietly { block USR1 USR2 34; kill self USR1; tgkill self tid USR2; sigqueue self 34 7 };
      exec-actor { pending; mask; sigpoll 34; sigpoll USR1; sigpoll USR2; exit 0 }`,
    says: {
      main: [
        'pending: USR1 USR2 34',
        'mask: USR1 USR2 34',
        'sigpoll 34: 34 SI_QUEUE 7 from self',
        'sigpoll USR1: USR1 SI_USER from self',
        'sigpoll USR2: USR2 SI_TKILL from self',
      ],
    },
  },
  [{ what: 'one was taken before', replace: ['sigqueue self 34 7 }', 'sigqueue self 34 7; sigpoll 34 }'] }],
);

for (const { first, then, id } of [
  { first: 'STOP-like', then: 'CONT', id: 'sigcont-removes-pending-stops' },
  { first: 'CONT', then: 'TSTP', id: 'stop-removes-pending-sigcont' },
]) {
  const sent = first === 'CONT' ? ['CONT'] : ['TSTP', 'TTIN', 'TTOU'];
  tells(
    {
      id: `signal.pending.${id}`,
      statement: `Generating SIG${then} removes pending ${sent.map((name) => `SIG${name}`).join(', ')}, at generation, although it is blocked itself.`,
      sources: [man('signal(7)'), kernelSource('kernel/signal.c', 'prepare_signal')],
      tags: ['job', ...tags],
      entries: ['PEN-05'],
    },
    {
      script: `quietly { block all; ${sent.map((name) => `kill self ${name}`).join('; ')} }; pending; kill self ${then}; pending; exit 0`,
      says: { main: [`pending: ${sent.join(' ')}`, `kill self ${then}: 0`, `pending: ${then}`] },
    },
    [{ what: 'it is another signal', replace: [`kill self ${then}`, 'kill self HUP'] }],
  );
}

tells(
  {
    id: 'signal.pending.ignored-sigcont-removes-pending-stops',
    statement: 'A SIGCONT that is ignored and unblocked still removes a pending stop signal.',
    sources: [man('signal(7)'), kernelSource('kernel/signal.c', 'prepare_signal')],
    tags: ['job', ...tags],
    entries: ['PEN-05'],
  },
  {
    script: `quietly { block TSTP; ignore CONT; kill self TSTP }; pending; kill self CONT; pending; exit 0`,
    says: { main: ['pending: TSTP', 'kill self CONT: 0', 'pending: none'] },
  },
  [{ what: 'it is another ignored signal', replace: ['kill self CONT', 'kill self WINCH'] }],
);

tells(
  {
    id: 'signal.pending.ignored-stop-removes-pending-sigcont',
    statement: 'A stop signal of the terminal that is ignored and unblocked still removes a pending SIGCONT.',
    sources: [man('signal(7)'), kernelSource('kernel/signal.c', 'prepare_signal')],
    tags: ['job', ...tags],
    entries: ['PEN-05'],
  },
  {
    script: `quietly { block CONT; ignore TSTP TTIN TTOU; kill self CONT }; pending; kill self TSTP; pending; quietly { kill self CONT }; pending; kill self TTIN; pending; quietly { kill self CONT }; pending; kill self TTOU; pending; exit 0`,
    says: {
      main: [
        'pending: CONT',
        'kill self TSTP: 0',
        'pending: none',
        'pending: CONT',
        'kill self TTIN: 0',
        'pending: none',
        'pending: CONT',
        'kill self TTOU: 0',
        'pending: none',
      ],
    },
  },
  [
    { what: 'it is another ignored signal', replace: ['kill self TSTP', 'kill self WINCH'] },
    { what: 'the last one is another ignored signal', replace: ['kill self TTOU', 'kill self WINCH'] },
  ],
);

tells(
  {
    id: 'signal.pending.sigstop-removes-pending-sigcont',
    statement: 'SIGSTOP removes a pending SIGCONT when it is sent.',
    sources: [man('signal(7)'), kernelSource('kernel/signal.c', 'prepare_signal')],
    tags: ['job', ...tags],
    entries: ['PEN-05'],
  },
  {
    script: `fork child { quietly { block CONT; kill self CONT }; open up; pause }; await up; field /proc/@child/status ShdPnd; kill child STOP; until T child; field /proc/@child/status ShdPnd; exit 0`,
    says: {
      main: [
        'field /proc/@child/status ShdPnd: 0000000000020000',
        'kill child STOP: 0',
        'until T child: T',
        'field /proc/@child/status ShdPnd: 0000000000000000',
      ],
    },
  },
  [{ what: 'SIGCONT comes again', replace: ['until T child;', 'until T child; kill child CONT;'] }],
);

for (const { then, sent } of [
  { then: 'CONT', sent: 'TSTP' },
  { then: 'CONT', sent: 'TTIN' },
  { then: 'CONT', sent: 'TTOU' },
  { then: 'TSTP', sent: 'CONT' },
]) {
  tells(
    {
      id: `signal.pending.sig${then.toLowerCase()}-removes-sig${sent.toLowerCase()}-of-every-thread`,
      statement: `Generating SIG${then} for the process removes a SIG${sent} that is pending for one of its threads alone.`,
      sources: [man('signal(7)'), kernelSource('kernel/signal.c', 'prepare_signal')],
      tags: ['job', 'thread', ...tags],
      entries: ['PEN-05'],
    },
    {
      script: `quietly { block all }; thread other { await first; pending; open seen; await second; pending };
        tgkill self other ${sent}; open first; await seen; kill self ${then}; open second; join other; exit 0`,
      says: {
        other: [`pending: ${sent}`, `pending: ${then}`],
        main: [`tgkill self other ${sent}: 0`, `kill self ${then}: 0`, 'join other: 0'],
      },
    },
    [{ what: 'it is another signal', replace: [`tgkill self other ${sent}`, 'tgkill self other USR1'] }],
  );
}

tells(
  {
    id: 'signal.pending.order-of-dequeueing',
    statement:
      'Signals are taken thread-directed before process-directed, synchronous ones (SEGV, ILL) before others, then by number, standard before real-time.',
    sources: [maskAndPending, kernelSource('kernel/signal.c', 'next_signal')],
    tags,
    entries: ['PEN-06'],
  },
  {
    script: `quietly { block all; kill self 37; kill self TERM; kill self 34; kill self HUP; kill self SEGV; kill self USR1; kill self ILL; tgkill self tid USR2 };
      sigpoll all; sigpoll all; sigpoll all; sigpoll all; sigpoll all; sigpoll all; sigpoll all; sigpoll all; sigpoll all; exit 0`,
    says: {
      main: [
        'sigpoll all: USR2 SI_TKILL from self',
        'sigpoll all: ILL SI_USER from self',
        'sigpoll all: SEGV SI_USER from self',
        'sigpoll all: HUP SI_USER from self',
        'sigpoll all: USR1 SI_USER from self',
        'sigpoll all: TERM SI_USER from self',
        'sigpoll all: 34 SI_USER from self',
        'sigpoll all: 37 SI_USER from self',
        'sigpoll all: EAGAIN',
      ],
    },
  },
  [{ what: 'the thread-directed one is process-directed', replace: ['tgkill self tid USR2', 'kill self USR2'] }],
);

tells(
  {
    id: 'signal.pending.synchronous-ones-come-first',
    statement:
      'Each of the six synchronous signals (ILL, TRAP, BUS, FPE, SEGV, SYS) is taken before others with lower numbers; among them the lowest number comes first.',
    sources: [maskAndPending, kernelSource('kernel/signal.c', 'next_signal')],
    tags: ['order', ...tags],
    entries: ['PEN-06'],
  },
  {
    script: `quietly { block all; kill self HUP; kill self INT; kill self QUIT; kill self SYS; kill self SEGV; kill self FPE; kill self BUS; kill self TRAP; kill self ILL };
      sigpoll all; sigpoll all; sigpoll all; sigpoll all; sigpoll all; sigpoll all; sigpoll all; sigpoll all; sigpoll all; exit 0`,
    says: {
      main: ['ILL', 'TRAP', 'BUS', 'FPE', 'SEGV', 'SYS', 'HUP', 'INT', 'QUIT'].map(
        (signal) => `sigpoll all: ${signal} SI_USER from self`,
      ),
    },
  },
  [
    { what: 'one of them is none', replace: ['kill self SYS', 'kill self PWR'] },
    { what: 'another one is none', replace: ['kill self BUS', 'kill self USR1'] },
  ],
);

tells(
  {
    id: 'signal.pending.handlers-run-in-reverse',
    statement:
      'Handlers of signals unblocked together run in the reverse order of dequeueing: each frame is put on top of the last.',
    sources: [man('signal(7)', 'Execution of signal handlers'), kernelSource('kernel/signal.c', 'get_signal')],
    tags,
    entries: ['PEN-07'],
  },
  {
    script: `quietly { on HUP; on USR1; on SEGV; on TERM; block all; kill self HUP; kill self USR1; kill self SEGV; kill self TERM }; unblock all; exit 0`,
    says: {
      main: [
        'signal TERM: SI_USER from self',
        'signal USR1: SI_USER from self',
        'signal HUP: SI_USER from self',
        'signal SEGV: SI_USER from self',
        'unblock all: 0',
      ],
    },
  },
  [
    {
      what: 'one handler blocks the others',
      replace: ['on SEGV;', 'on SEGV blocking HUP blocking USR1 blocking TERM;'],
    },
  ],
);

tells(
  {
    id: 'signal.mask.is-per-thread',
    statement:
      'A thread begins with the mask of its creator, and what it blocks later does not change the mask of the others.',
    sources: [man('pthread_sigmask(3)'), kernelSource('kernel/fork.c', 'copy_process')],
    tags: ['thread', ...tags],
    entries: ['PEN-09'],
  },
  {
    script: `quietly { block USR1 }; thread other { mask; quietly { block USR2; unblock USR1 }; mask; open done }; await done; mask; exit 0`,
    says: { other: ['mask: USR1', 'mask: USR2'], main: ['mask: USR1'] },
  },
  [{ what: 'the main thread changes its own', replace: ['await done;', 'await done; block HUP;'] }],
);

tells(
  {
    id: 'signal.mask.sigkill-and-sigstop-cannot-be-blocked',
    statement: 'sigprocmask(2) leaves SIGKILL and SIGSTOP out of the mask without an error, whatever is asked for.',
    sources: [man('sigprocmask(2)', 'NOTES'), kernelSource('kernel/signal.c', 'set_current_blocked')],
    tags,
    entries: ['SIG-12'],
  },
  {
    script: `block KILL STOP USR1; mask; block all; field /proc/self/status SigBlk; fork child { kill self KILL; exit 0 }; wait child; exit 0`,
    says: {
      main: [
        'block KILL STOP USR1: 0',
        'mask: USR1',
        'block all: 0',
        'field /proc/self/status SigBlk: fffffffffffbfeff',
        'wait child: SIGKILL',
      ],
    },
  },
  [{ what: 'SIGKILL is not sent', replace: ['kill self KILL', 'kill self USR1'] }],
);

tells(
  {
    id: 'signal.mask.bad-how-is-refused',
    statement:
      'rt_sigprocmask(2) with a how that is none of the three, or a set of another size than 8, fails with EINVAL.',
    sources: [man('sigprocmask(2)', 'ERRORS'), kernelSource('kernel/signal.c', 'sigprocmask')],
    tags,
    entries: ['SIG-12'],
  },
  {
    script: `sigprocmask 0 8; sigprocmask 1 8; sigprocmask 2 8; sigprocmask 3 8; sigprocmask -1 8; sigprocmask 0 4; sigprocmask 0 16; exit 0`,
    says: {
      main: [
        'sigprocmask 0 8: 0',
        'sigprocmask 1 8: 0',
        'sigprocmask 2 8: 0',
        'sigprocmask 3 8: EINVAL',
        'sigprocmask -1 8: EINVAL',
        'sigprocmask 0 4: EINVAL',
        'sigprocmask 0 16: EINVAL',
      ],
    },
  },
  [{ what: 'a good how', replace: ['sigprocmask 3 8', 'sigprocmask 2 8'] }],
);

tells(
  {
    id: 'signal.mask.unblocking-delivers-before-it-returns',
    statement: 'A pending signal is delivered before the sigprocmask(2) that unblocks it returns.',
    sources: [man('sigprocmask(2)'), kernelSource('kernel/signal.c', '__set_current_blocked')],
    tags,
    entries: ['PEN-11'],
  },
  {
    script: `quietly { block USR1; on USR1; kill self USR1 }; pending; unblock USR1; pending; exit 0`,
    says: { main: ['pending: USR1', 'signal USR1: SI_USER from self', 'unblock USR1: 0', 'pending: none'] },
  },
  [{ what: 'another one is unblocked', replace: ['unblock USR1', 'unblock USR2'] }],
);

tells(
  {
    id: 'signal.send.to-self-is-delivered-before-kill-returns',
    statement:
      'A signal that a process sends to itself and does not block is handled before kill(2) returns, each of a thousand times.',
    sources: [man('kill(2)', 'NOTES'), kernelSource('kernel/signal.c', 'complete_signal')],
    tags,
    entries: ['PEN-11'],
  },
  {
    script: `quietly { on USR1 count; repeat 1000 { kill self USR1 } }; runs USR1; on USR1; kill self USR1; exit 0`,
    says: { main: ['runs USR1: 1000', 'on USR1: 0', 'signal USR1: SI_USER from self', 'kill self USR1: 0'] },
  },
  [{ what: 'it is blocked meanwhile', replace: ['on USR1 count;', 'on USR1 count; block USR1;'] }],
);

tells(
  {
    id: 'signal.mask.sigsuspend-waits-and-restores',
    statement:
      'sigsuspend(2) lets in what its mask does not block, returns EINTR after the handler, and gives the old mask back.',
    sources: [man('sigsuspend(2)'), kernelSource('kernel/signal.c', 'sigsuspend')],
    tags,
    entries: ['PEN-08', 'INT-03'],
  },
  {
    script: `quietly { block USR1 USR2; on USR1 mask; on USR2 restart; kill self USR1 }; suspend USR2; mask; pending; exit 0`,
    says: {
      main: [
        'signal USR1: SI_USER from self, blocked: USR1 USR2',
        'suspend USR2: EINTR',
        'mask: USR1 USR2',
        'pending: none',
      ],
    },
  },
  [{ what: 'the old mask is another', replace: ['block USR1 USR2;', 'block USR1;'] }],
);

tells(
  {
    id: 'signal.send.process-signal-goes-to-the-main-thread',
    statement:
      'A process-directed signal is taken by the main thread if it does not block it, although others do not block it either.',
    sources: [man('signal(7)'), kernelSource('kernel/signal.c', 'complete_signal')],
    tags: ['thread', ...tags],
    entries: ['PEN-10'],
  },
  {
    script: `quietly { on USR1 }; thread other { await go; kill self USR1; open sent; await never }; open go; await sent; exit 0`,
    says: { main: ['signal USR1: SI_USER from self'], other: ['kill self USR1: 0'] },
  },
  [{ what: 'the main thread blocks it', replace: ['open go;', 'block USR1; open go;'] }],
);

tells(
  {
    id: 'signal.send.process-signal-goes-to-a-thread-that-wants-it',
    statement: 'A process-directed signal that the main thread blocks is taken by another thread that does not.',
    sources: [man('signal(7)'), kernelSource('kernel/signal.c', 'complete_signal')],
    tags: ['thread', ...tags],
    entries: ['PEN-10'],
  },
  {
    script: `quietly { on USR1 opens taken }; thread other { await never }; quietly { block USR1 }; kill self USR1; await taken; pending; exit 0`,
    says: { main: ['kill self USR1: 0', 'pending: none'], other: ['signal USR1: SI_USER from self'] },
  },
  [
    {
      what: 'the other blocks it as well, and the main thread takes it in the end',
      replace: [
        '{ await never }; quietly { block USR1 }; kill self USR1;',
        '{ block USR1; open b; await never }; await b; kill self USR1;',
      ],
    },
  ],
);

tells(
  {
    id: 'signal.pending.a-fault-comes-before-all-others',
    statement:
      "A synchronous signal that the kernel made for a fault is taken first, before a user's signal with a lower number: its handler is interrupted by theirs before its first instruction.",
    sources: [kernelSource('kernel/signal.c', 'dequeue_synchronous_signal'), man('signal(7)')],
    tags: ['order', ...tags],
    entries: ['PEN-06', 'PEN-07'],
  },
  {
    // A thread may queue to itself what looks like a fault. (rt_tgsigqueueinfo(2))
    script: `quietly { on HUP; on TRAP; on FPE; block HUP TRAP FPE; tgkill self tid HUP; tgkill self tid TRAP; tgsigqueue self tid FPE 1 1 };
      unblock HUP TRAP FPE; exit 0`,
    says: {
      main: [
        'signal HUP: SI_TKILL from self',
        'signal TRAP: SI_TKILL from self',
        'signal FPE: FPE_INTDIV',
        'unblock HUP TRAP FPE: 0',
      ],
    },
  },
  [{ what: 'it is sent by a user', replace: ['tgsigqueue self tid FPE 1 1', 'tgkill self tid FPE'] }],
);

for (const { id, call, does, when, source } of [
  {
    id: 'one-that-blocks-it-too-late-hands-it-on',
    call: 'rt_sigprocmask',
    does: 'block USR1',
    when: 'blocks it',
    source: 'retarget_shared_pending',
  },
  { id: 'one-that-ends-hands-it-on', call: 'exit', does: 'exit-thread 0', when: 'ends', source: 'exit_signals' },
]) {
  spec(
    {
      id: `signal.pending.${id}`,
      statement: `A process-directed signal that was meant for a thread which ${when} before it could take it goes to another thread, and wakes that one.`,
      sources: [
        man('signal(7)', 'Signal mask and pending signals'),
        kernelSource('kernel/signal.c', source),
        man('seccomp_unotify(2)'),
      ],
      tags: ['thread', ...tags],
      needs: ['CONFIG_SECCOMP_FILTER'],
      // By a filter a thread is held in the middle of its call, so that signals come too late for it.
      expected: byKernel(
        { '<5.19': 'cannot be held', '>=5.19': 'handed on' },
        {
          '>=5.19': { commit: 'c2aa2dfef243', title: 'seccomp: Add wait_killable semantic to seccomp user notifier' },
        },
      ),
    },
    async ({ guest, expect, expected }) => {
      const hold = `hand-over ${call} killable > l`;
      if (expected === 'cannot be held') {
        const fixture = await guest.process(actor(`${hold}; exit 0`));
        expect(await fixture.finished()).toEqual({ by: 'exit', code: 0 });
        expect(fixture.transcript()).toEqual([`hand-over ${call} killable: EINVAL`]);
        return;
      }
      // Both could take it; it is the first that is chosen. (complete_signal())
      const fixture = await guest.process(
        actor(`quietly { on USR1 opens taken }; thread first { ${hold}; open held; ${does} }; thread second { await end };
          quietly { block USR1 }; await held; handed $l > c; kill self USR1; answer $l $c go-on; await taken; open end; join second; exit 0`),
      );
      expect(await fixture.finished()).toEqual({ by: 'exit', code: 0 });
      expect(fixture.transcript('second')).toEqual(['signal USR1: SI_USER from self']);
      expect(fixture.transcript().slice(-4)).toEqual([
        'handed $l: 0',
        'kill self USR1: 0',
        'answer $l $c go-on: 0',
        'join second: 0',
      ]);
    },
    [{ what: 'it is sent to nobody', replace: ['kill self USR1', 'kill self 0'] }],
  );
}
