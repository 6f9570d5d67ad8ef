/** Timers that send signals: timer_create(2), setitimer(2), alarm(2). */
import { actor, byKernel, kernelSource, man, spec, tells } from '../../src/harness/index.ts';

const tags = ['timer'];
const never = '1000000';

tells(
  {
    id: 'timer.posix.expiry-carries-si-timer',
    statement: 'A POSIX timer sends its signal with SI_TIMER and the value it was created with.',
    sources: [
      man('timer_create(2)', 'SIGEV_SIGNAL'),
      kernelSource('kernel/time/posix-timers.c', 'posixtimer_deliver_signal'),
    ],
    tags,
    entries: ['INF-01'],
  },
  {
    script: 'quietly { block USR1; timer-create USR1 > t; timer-set $t 1 0 }; sigwait USR1; exit 0',
    says: { main: ['sigwait USR1: USR1 SI_TIMER 4711'] },
  },
  [{ what: 'the signal is sent by hand', replace: ['timer-set $t 1 0', 'kill self USR1'] }],
);

tells(
  {
    id: 'timer.posix.blocked-periodic-is-queued-once',
    statement:
      'A periodic timer whose signal is blocked keeps one entry in the queue; the other expiries are its overrun.',
    sources: [man('timer_getoverrun(2)'), kernelSource('kernel/time/posix-timers.c', 'posixtimer_queue_signal')],
    tags,
    entries: ['TMR-01'],
  },
  {
    script: `quietly { block 34; timer-create 34 > t; timer-set $t 1 1; until-pending 34; compute 40 }; sigpoll 34; overran; exit 0`,
    says: { main: ['sigpoll 34: 34 SI_TIMER 4711', 'overran: yes'] },
  },
  [{ what: 'it expires once', replace: ['timer-set $t 1 1', 'timer-set $t 1 0'] }],
);

tells(
  {
    id: 'timer.posix.deleted-timer-drops-its-signal',
    statement: 'A pending signal of a timer that is deleted meanwhile is dropped; up to 6.12 it still came.',
    sources: [man('timer_delete(2)'), kernelSource('kernel/time/posix-timers.c', 'posixtimer_deliver_signal')],
    tags,
    entries: ['TMR-02'],
    expected: byKernel(
      { '<6.13': 'USR1 SI_TIMER 4711', '>=6.13': 'EAGAIN' },
      {
        '>=6.13': {
          commit: '2860d4d315dc',
          title: 'posix-timers: Drop signal if timer has been deleted or reprogrammed',
        },
      },
    ),
  },
  {
    script:
      'quietly { block USR1; timer-create USR1 > t; timer-set $t 1 0; until-pending USR1; timer-delete $t }; sigpoll USR1; exit 0',
    says: (outcome) => ({ main: [`sigpoll USR1: ${outcome}`] }),
  },
  [
    {
      what: 'another SIGUSR1 is sent',
      replace: ['timer-delete $t }', 'timer-delete $t; sigpoll USR1; kill self USR1 }'],
    },
  ],
);

tells(
  {
    id: 'timer.posix.is-not-inherited-by-fork',
    statement: 'A child made by fork(2) has none of the timers of its parent: their ids are EINVAL.',
    sources: [man('timer_create(2)', 'NOTES'), kernelSource('kernel/fork.c', 'copy_signal')],
    tags,
    entries: ['FEX-11'],
  },
  {
    script: `quietly { timer-create USR1 > t; timer-set $t ${never} 0 }; fork child { call timer_delete $t; exit 0 }; quietly { wait child }; call timer_delete $t; exit 0`,
    says: { child: ['call timer_delete 0: EINVAL'.replace('0', '$t')], main: ['call timer_delete $t: 0'] },
  },
  [
    {
      what: 'it is the same process',
      replace: [
        'fork child { call timer_delete $t; exit 0 }; quietly { wait child }',
        'thread child { call timer_delete $t }; join child',
      ],
    },
  ],
);

tells(
  {
    id: 'timer.posix.is-deleted-by-exec',
    statement: 'execve(2) deletes POSIX timers and flushes the signals they have queued.',
    sources: [man('execve(2)'), kernelSource('fs/exec.c', 'begin_new_exec')],
    tags,
    entries: ['FEX-11'],
  },
  {
    script: `quietly { block USR1 USR2; timer-create USR1 > t; timer-set $t 1 0; until-pending USR1; kill self USR2 }; pending; exec-actor { pending; call timer_delete 0; exit 0 }`,
    says: { main: ['pending: USR1 USR2', 'pending: USR2', 'call timer_delete 0: EINVAL'] },
  },
  [{ what: 'it is sent by kill', replace: ['timer-set $t 1 0', 'kill self USR1'] }],
);

tells(
  {
    id: 'timer.itimer.real-sends-si-kernel',
    statement: 'setitimer(2) with ITIMER_REAL sends SIGALRM with SI_KERNEL.',
    sources: [man('setitimer(2)'), kernelSource('kernel/time/itimer.c', 'it_real_fn')],
    tags,
    entries: ['INF-01'],
  },
  {
    script: 'quietly { block ALRM; itimer 1 }; sigwait ALRM; exit 0',
    says: { main: ['sigwait ALRM: ALRM SI_KERNEL'] },
  },
  [{ what: 'it is sent by kill', replace: ['itimer 1', 'kill self ALRM'] }],
);

for (const { kind, signal, what } of [
  { kind: 'virtual', signal: 'VTALRM', what: 'in user mode' },
  { kind: 'prof', signal: 'PROF', what: 'in user mode or in the kernel' },
]) {
  tells(
    {
      id: `timer.itimer.${kind}-counts-processor-time`,
      statement: `ITIMER_${kind.toUpperCase()} sends SIG${signal} of the kernel once the process has computed for so long ${what}; a child does not inherit it.`,
      sources: [
        man('setitimer(2)', `ITIMER_${kind.toUpperCase()}`),
        kernelSource('kernel/time/posix-cpu-timers.c', 'check_cpu_itimer'),
        kernelSource('kernel/fork.c', 'copy_signal'),
      ],
      tags,
      entries: ['INF-01', 'FEX-02'],
    },
    {
      script: `quietly { block ${signal}; itimer 500 ${kind} }; fork child { itimer-left ${kind}; exit 0 }; quietly { wait child }; itimer-left ${kind}; quietly { itimer 20 ${kind}; until-pending ${signal} }; sigpoll ${signal}; itimer-left ${kind}; exit 0`,
      says: {
        child: [`itimer-left ${kind}: none`],
        main: [`itimer-left ${kind}: some`, `sigpoll ${signal}: ${signal} SI_KERNEL`, `itimer-left ${kind}: none`],
      },
    },
    [
      {
        what: 'it is sent by hand',
        replace: [`until-pending ${signal}`, `kill self ${signal}; until-pending ${signal}`],
      },
      {
        what: 'the child has one of its own',
        replace: ['fork child {', `fork child { quietly { itimer 60000 ${kind} };`],
      },
    ],
  );
}

tells(
  {
    id: 'timer.alarm.survives-exec',
    statement: 'An alarm(2) that runs goes on over execve(2).',
    sources: [man('execve(2)'), man('alarm(2)', 'NOTES'), kernelSource('fs/exec.c', 'begin_new_exec')],
    tags,
    entries: ['TMR-05', 'FEX-01'],
  },
  {
    script: `quietly { block ALRM; itimer 20 }; exec-actor { sigwait ALRM; exit 0 }`,
    says: { main: ['sigwait ALRM: ALRM SI_KERNEL'] },
  },
  [
    {
      what: 'the new image sends it',
      replace: ['itimer 20 }; exec-actor {', '}; exec-actor { quietly { kill self ALRM };'],
    },
  ],
);

tells(
  {
    id: 'timer.alarm.is-cleared-by-fork',
    statement: 'A child made by fork(2) has no alarm, whatever its parent has set.',
    sources: [man('fork(2)'), man('alarm(2)', 'NOTES'), kernelSource('kernel/fork.c', 'copy_signal')],
    tags,
    entries: ['TMR-05', 'FEX-02'],
  },
  {
    script: `quietly { itimer ${never} }; fork child { itimer-left; exit 0 }; quietly { wait child }; itimer-left; exit 0`,
    says: { child: ['itimer-left: none'], main: ['itimer-left: some'] },
  },
  [{ what: 'the child sets one', replace: ['{ itimer-left; exit', `{ itimer ${never}; itimer-left; exit`] }],
);

tells(
  {
    id: 'timer.posix.ignored-periodic-comes-back',
    statement:
      'A periodic timer whose signal was ignored for a while sends it again when it is ignored no more, and counts the expiries meanwhile as overrun.',
    sources: [man('timer_create(2)'), kernelSource('kernel/signal.c', 'posixtimer_sig_unignore')],
    tags,
    entries: ['TMR-03'],
  },
  {
    script:
      'quietly { ignore USR1; timer-create USR1 > t; timer-set $t 1 1; compute 10; block USR1; default USR1 }; sigwait USR1; overran; exit 0',
    says: { main: ['sigwait USR1: USR1 SI_TIMER 4711', 'overran: yes'] },
  },
  [
    {
      what: 'it is not periodic, and sent by hand',
      replace: ['timer-set $t 1 1; compute 10; block USR1; default USR1', 'block USR1; kill self USR1'],
    },
  ],
);

tells(
  {
    id: 'timer.posix.ignored-expiry-is-made-up-for',
    statement:
      'A periodic timer that has expired while its signal was ignored sends it as soon as it is ignored no more; up to 6.12 not before it expires again.',
    sources: [man('timer_create(2)'), kernelSource('kernel/signal.c', 'posixtimer_sig_unignore')],
    tags,
    entries: ['TMR-03'],
    expected: byKernel(
      { '<6.13': 'EAGAIN', '>=6.13': 'USR1 SI_TIMER 4711' },
      { '>=6.13': { commit: 'df7a996b4dab', title: 'signal: Queue ignored posixtimers on ignore list' } },
    ),
  },
  {
    // The second timer expires after the first.
    script: `quietly { ignore USR1; block USR2; timer-create USR1 > t; timer-create USR2 > u; timer-set $t 1 ${never}; timer-set $u 2 0; sigwait USR2; block USR1 }; pending; quietly { default USR1 }; sigpoll USR1; exit 0`,
    says: (outcome) => ({ main: ['pending: none', `sigpoll USR1: ${outcome}`] }),
  },
  [
    { what: 'it does not expire', replace: ['timer-set $t 1 ', `timer-set $t ${never} `] },
    { what: 'it is not ignored', replace: ['ignore USR1; block USR2;', 'block USR1 USR2;'] },
  ],
);

tells(
  {
    id: 'timer.itimer.periodic-goes-on-when-its-signal-is-taken',
    statement:
      'A periodic ITIMER_REAL starts again each time its SIGALRM is taken: blocked, it is pending once; taken, it comes again.',
    sources: [man('setitimer(2)'), kernelSource('kernel/signal.c', 'dequeue_signal')],
    tags,
  },
  {
    script: `quietly { block ALRM; itimer-every 1 }; until-pending ALRM; sigpoll ALRM; until-pending ALRM; sigpoll ALRM; until-pending ALRM; sigpoll ALRM; exit 0`,
    says: {
      main: Array.from({ length: 3 }, () => ['until-pending ALRM: 0', 'sigpoll ALRM: ALRM SI_KERNEL']).flat(),
    },
  },
  [{ what: 'it expires once', replace: ['itimer-every 1', 'itimer 1'] }],
);

spec(
  {
    id: 'timer.posix.cpu-timer-signals-whoever-runs',
    statement:
      "A process CPU timer's signals go to the thread that runs, 8 of 10 of them at least, and leave a main thread asleep; up to 6.3 they woke it.",
    sources: [
      man('timer_create(2)', 'SIGEV_SIGNAL'),
      kernelSource('kernel/time/posix-timers.c', 'posixtimer_get_target'),
    ],
    tags: ['thread', ...tags],
    entries: ['TMR-04'],
    expected: byKernel(
      { '<6.4': 'main', '>=6.4': 'burner' },
      {
        '>=6.4': {
          commit: 'bcb7ee79029d',
          title: 'posix-timers: Prefer delivery of signals to the current thread',
        },
      },
    ),
  },
  async ({ guest, expect, expected, observe }) => {
    const fixture = await guest.process(
      // Without SA_NODEFER an expiry during the handler would go to the other thread, however fast or slow this computer is.
      actor(`quietly { on USR1 nodefer; timer-create USR1 CLOCK_PROCESS_CPUTIME_ID > t }
        thread burner { until-in futex self; timer-set $t 20 20; cpu-runs USR1 20; timer-delete $t; open done }; await done; exit 0`),
    );
    expect(await fixture.finished()).toEqual({ by: 'exit', code: 0 });
    const taken = (who: string): number => fixture.seen({ ev: 'signal', who }).length;
    const counts = { main: taken('main'), burner: taken('burner') };
    observe(counts.main > counts.burner ? 'main' : 'burner');
    expect(counts.main + counts.burner).toBeGreaterThanOrEqual(20);
    expect(taken(expected) / (counts.main + counts.burner)).toBeGreaterThanOrEqual(0.8);
  },
  [{ what: 'the other thread blocks it', replace: ['futex self; timer-set', 'futex self; block USR1; timer-set'] }],
);
