/** Pending signals: signal(7) "Signal mask and pending signals", sigpending(2). */
import { actor, kernelSource, man, signalResult, signalsTo, spec, tells } from '../../src/harness/index.ts';

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
