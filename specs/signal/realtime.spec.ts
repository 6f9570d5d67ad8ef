/** Real-time signals and the limit on queued signals: signal(7) "Real-time signals", sigqueue(3), setrlimit(2). */
import {
  actor,
  byKernel,
  commit,
  kernelSource,
  man,
  signalResult,
  signalsTo,
  spec,
  tells,
} from '../../src/harness/index.ts';

const realTime = man('signal(7)', 'Real-time signals');
const limit = [man('setrlimit(2)', 'RLIMIT_SIGPENDING'), kernelSource('kernel/signal.c', '__send_signal_locked')];
const tags = ['realtime'];

tells(
  {
    id: 'signal.realtime.same-number-is-first-in-first-out',
    statement:
      'Instances of one real-time signal come in the order they were sent; a lower number comes before a higher one.',
    sources: [realTime, kernelSource('kernel/signal.c', 'next_signal')],
    tags,
    entries: ['RT-01', 'INF-01'],
  },
  {
    script: `quietly { block 34 35; sigqueue self 35 1; sigqueue self 34 2; sigqueue self 35 3; sigqueue self 34 4 }; sigpoll all; sigpoll all; sigpoll all; sigpoll all; exit 0`,
    says: {
      main: [
        'sigpoll all: 34 SI_QUEUE 2 from self',
        'sigpoll all: 34 SI_QUEUE 4 from self',
        'sigpoll all: 35 SI_QUEUE 1 from self',
        'sigpoll all: 35 SI_QUEUE 3 from self',
      ],
    },
  },
  [
    {
      what: 'two change places',
      replace: [
        'sigqueue self 34 2; sigqueue self 35 3; sigqueue self 34 4',
        'sigqueue self 34 4; sigqueue self 35 3; sigqueue self 34 2',
      ],
    },
  ],
);

tells(
  {
    id: 'signal.realtime.kill-queues-as-well',
    statement: 'A real-time signal sent by kill(2) is queued as often as it is sent.',
    sources: [realTime, kernelSource('kernel/signal.c', 'legacy_queue')],
    tags,
    entries: ['RT-01', 'INF-01'],
  },
  {
    script: `quietly { block 40; repeat 3 { kill self 40 } }; sigpoll 40; sigpoll 40; sigpoll 40; sigpoll 40; exit 0`,
    says: {
      main: [
        'sigpoll 40: 40 SI_USER from self',
        'sigpoll 40: 40 SI_USER from self',
        'sigpoll 40: 40 SI_USER from self',
        'sigpoll 40: EAGAIN',
      ],
    },
  },
  [{ what: 'it is sent twice', replace: ['repeat 3', 'repeat 2'] }],
);

/** A user of its own, so that nobody else's signals count, with room for three. */
const threeQueued =
  'call setresuid 4000 4000 4000; limit RLIMIT_SIGPENDING 3; block all; repeat 3 { sigqueue self 34 1 }';

tells(
  {
    id: 'signal.limit.sigqueue-beyond-it-is-eagain',
    statement: 'Beyond RLIMIT_SIGPENDING, sigqueue() of a real-time signal fails with EAGAIN; what is queued stays.',
    sources: [man('sigqueue(3)', 'ERRORS'), ...limit],
    tags,
    entries: ['RT-03'],
  },
  {
    script: `quietly { ${threeQueued} }; sigqueue self 34 2; sigpoll 34; sigqueue self 34 5; sigqueue self 34 6; exit 0`,
    says: {
      main: [
        'sigqueue self 34 2: EAGAIN',
        'sigpoll 34: 34 SI_QUEUE 1 from self uid 4000',
        'sigqueue self 34 5: 0',
        'sigqueue self 34 6: EAGAIN',
      ],
    },
  },
  [{ what: 'there is room for four', replace: ['RLIMIT_SIGPENDING 3', 'RLIMIT_SIGPENDING 4'] }],
);

tells(
  {
    id: 'signal.limit.kill-beyond-it-loses-the-sender',
    statement:
      'Beyond the limit kill(2) of a real-time signal still delivers it, but without siginfo: SI_USER from pid 0.',
    sources: limit,
    tags,
    entries: ['RT-04'],
  },
  {
    script: `quietly { ${threeQueued} }; kill self 35; sigpoll 35; exit 0`,
    says: { main: ['kill self 35: 0', 'sigpoll 35: 35 SI_USER from 0'] },
  },
  [{ what: 'there is room', replace: ['RLIMIT_SIGPENDING 3', 'RLIMIT_SIGPENDING 9'] }],
);

tells(
  {
    id: 'signal.limit.standard-sigqueue-beyond-it-loses-the-value',
    statement: 'Beyond the limit sigqueue() of a standard signal delivers it without its value: SI_USER from pid 0.',
    sources: limit,
    tags,
    entries: ['RT-04'],
  },
  {
    script: `quietly { ${threeQueued} }; sigqueue self USR1 7; sigpoll USR1; exit 0`,
    says: { main: ['sigqueue self USR1 7: 0', 'sigpoll USR1: USR1 SI_USER from 0'] },
  },
  [{ what: 'there is room', replace: ['RLIMIT_SIGPENDING 3', 'RLIMIT_SIGPENDING 9'] }],
);

tells(
  {
    id: 'signal.limit.standard-kill-is-exempt',
    statement: 'kill(2) of a standard signal keeps its whole siginfo, also beyond the limit.',
    sources: limit,
    tags,
    entries: ['RT-04'],
  },
  {
    script: `quietly { ${threeQueued} }; kill self USR1; sigpoll USR1; exit 0`,
    says: { main: ['kill self USR1: 0', 'sigpoll USR1: USR1 SI_USER from self uid 4000'] },
  },
  [{ what: 'it is sent by sigqueue', replace: ['kill self USR1', 'sigqueue self USR1 0'] }],
);

for (const { id, statement, does, sig, res, entries } of [
  {
    id: 'trace-tells-what-is-refused',
    statement: 'that a real-time signal of sigqueue() is refused (res 3)',
    does: 'sigqueue self 35 2',
    sig: 35,
    res: signalResult.overflowFail,
    entries: ['RT-03'],
  },
  {
    id: 'trace-tells-what-loses-its-sender',
    statement: 'that a real-time signal of kill(2) loses its siginfo (res 4)',
    does: 'kill self 35',
    sig: 35,
    res: signalResult.loseInfo,
    entries: ['RT-04'],
  },
  {
    id: 'trace-tells-what-loses-its-value',
    statement: 'that a standard signal of sigqueue() loses its siginfo (res 4)',
    does: 'sigqueue self USR1 7',
    sig: 10,
    res: signalResult.loseInfo,
    entries: ['RT-04'],
  },
]) {
  spec(
    {
      id: `signal.limit.${id}`,
      statement: `Beyond RLIMIT_SIGPENDING the kernel notes ${statement}.`,
      sources: limit,
      tags: ['trace', ...tags],
      entries,
    },
    async ({ guest, expect }) => {
      const fixture = await guest.process(actor(`quietly { ${threeQueued}; ${does} }; exit 0`));
      expect(await fixture.finished()).toEqual({ by: 'exit', code: 0 });
      const sent = signalsTo(await fixture.kernelTrace(), fixture.hostPid);
      expect(sent.map((signal) => [signal.sig, signal.res])).toEqual([
        ...Array.from({ length: 3 }, () => [34, signalResult.delivered]),
        [sig, res],
      ]);
    },
    [{ what: 'there is room', replace: ['RLIMIT_SIGPENDING 3', 'RLIMIT_SIGPENDING 9'] }],
  );
}

tells(
  {
    id: 'signal.limit.timer-create-beyond-it-is-eagain',
    statement:
      'timer_create(2) fails with EAGAIN when the quota of queued signals is used up: it takes its entry beforehand.',
    sources: [man('timer_create(2)', 'ERRORS'), kernelSource('kernel/time/posix-timers.c', 'do_timer_create')],
    tags: ['timer', ...tags],
    entries: ['RT-05'],
  },
  {
    script: `quietly { ${threeQueued} }; timer-create USR1 > t; sigpoll 34; timer-create USR1 > t; exit 0`,
    says: {
      main: ['timer-create USR1: EAGAIN', 'sigpoll 34: 34 SI_QUEUE 1 from self uid 4000', 'timer-create USR1: 0'],
    },
  },
  [{ what: 'there is room', replace: ['RLIMIT_SIGPENDING 3', 'RLIMIT_SIGPENDING 9'] }],
);

tells(
  {
    id: 'signal.limit.is-per-user',
    statement:
      'What is queued counts for the real user: another process of the user sees it in SigQ and meets the same limit.',
    sources: [man('proc_pid_status(5)', 'SigQ'), ...limit],
    tags,
    entries: ['RT-06'],
  },
  {
    script: `quietly { ${threeQueued} }; fork other { field /proc/self/status SigQ; sigqueue self 36 1; exit 0 }; quietly { wait other }; exit 0`,
    says: { other: ['field /proc/self/status SigQ: 3/3', 'sigqueue self 36 1: EAGAIN'] },
  },
  [
    {
      what: 'the other is another user',
      replace: [
        'call setresuid 4000 4000 4000; limit RLIMIT_SIGPENDING 3; block all; repeat 3 { sigqueue self 34 1 }',
        'limit RLIMIT_SIGPENDING 3; block all; call setresuid 0 4000 0; repeat 2 { sigqueue self 34 1 }',
      ],
    },
  ],
);

tells(
  {
    id: 'signal.limit.user-namespace-has-a-count-of-its-own',
    statement:
      'A new user namespace begins with a count of 0, while its entries count for the creator too; 5.10 had one count a user.',
    sources: [man('user_namespaces(7)'), kernelSource('kernel/ucount.c', 'inc_rlimit_get_ucounts')],
    tags: ['container', ...tags],
    entries: ['RT-07'],
    expected: byKernel(
      { '<5.14': ['2/9', '3/9', '3/9'], '>=5.14': ['0/9', '1/9', '3/9'] },
      { '>=5.14': { commit: 'd64696905554', title: 'Reimplement RLIMIT_SIGPENDING on top of ucounts' } },
    ),
  },
  {
    script: `quietly { call setresuid 4001 4001 4001; limit RLIMIT_SIGPENDING 9 9; block all; repeat 2 { sigqueue self 34 1 } };
      fork inner { quietly { call unshare CLONE_NEWUSER }; field /proc/self/status SigQ; quietly { sigqueue self 34 1 }; field /proc/self/status SigQ; open queued; await seen; exit 0 };
      await queued; field /proc/self/status SigQ; open seen; quietly { wait inner }; exit 0`,
    says: ([before, after, creator]) => ({
      inner: [`field /proc/self/status SigQ: ${before ?? ''}`, `field /proc/self/status SigQ: ${after ?? ''}`],
      main: [`field /proc/self/status SigQ: ${creator ?? ''}`],
    }),
  },
  [{ what: 'one more is queued', replace: ['repeat 2 {', 'repeat 3 {'] }],
);

/** A user who makes a user namespace when the soft limit is three, and has nine inside. */
const limitedNamespace =
  'call setresuid 4010 4010 4010; limit RLIMIT_SIGPENDING 3 9; block all; call unshare CLONE_NEWUSER; limit RLIMIT_SIGPENDING 9; repeat 3 { sigqueue self 34 1 }';

tells(
  {
    id: 'signal.limit.user-namespace-is-held-to-its-creators-limit',
    statement:
      'In a user namespace no more can be queued than its creator was allowed when it was made, whatever the limit inside: EAGAIN. On 5.10 the limit inside alone counted.',
    sources: [
      man('user_namespaces(7)'),
      kernelSource('kernel/ucount.c', 'inc_rlimit_get_ucounts'),
      kernelSource('kernel/user_namespace.c', 'create_user_ns'),
    ],
    tags: ['container', ...tags],
    entries: ['RT-07'],
    expected: byKernel(
      { '<5.14': ['0', '4/9', '0'], '>=5.14': ['EAGAIN', '3/9', 'EAGAIN'] },
      { '>=5.14': { commit: 'd64696905554', title: 'Reimplement RLIMIT_SIGPENDING on top of ucounts' } },
    ),
  },
  {
    script: `quietly { ${limitedNamespace} }; sigqueue self 34 2; field /proc/self/status SigQ; sigpoll 34; sigqueue self 34 3; sigqueue self 34 4; exit 0`,
    says: ([fourth, count, again]) => ({
      main: [
        `sigqueue self 34 2: ${fourth ?? ''}`,
        `field /proc/self/status SigQ: ${count ?? ''}`,
        'sigpoll 34: 34 SI_QUEUE 1 from self uid 65534',
        'sigqueue self 34 3: 0',
        `sigqueue self 34 4: ${again ?? ''}`,
      ],
    }),
  },
  [
    { what: 'the creator is allowed four', replace: ['RLIMIT_SIGPENDING 3 9', 'RLIMIT_SIGPENDING 4 9'] },
    { what: 'one less is queued', replace: ['repeat 3 {', 'repeat 2 {'] },
  ],
);

tells(
  {
    id: 'signal.limit.standard-kill-is-exempt-in-a-user-namespace',
    statement:
      "kill(2) of a standard signal keeps its whole siginfo in a user namespace, too, also beyond the limit of the namespace's creator.",
    sources: [
      ...limit,
      kernelSource('kernel/ucount.c', 'inc_rlimit_get_ucounts'),
      commit('9e05e5c7ee87', 'signal: restore the override_rlimit logic'),
    ],
    tags: ['container', ...tags],
    entries: ['RT-04', 'RT-07'],
  },
  {
    script: `quietly { ${limitedNamespace} }; kill self USR1; sigpoll USR1; exit 0`,
    says: { main: ['kill self USR1: 0', 'sigpoll USR1: USR1 SI_USER from self uid 65534'] },
  },
  [{ what: 'it is sent by sigqueue', replace: ['kill self USR1', 'sigqueue self USR1 0'] }],
);

tells(
  {
    id: 'signal.limit.quota-is-given-back',
    statement: 'A signal that was taken, or whose process has ended, no longer counts.',
    sources: limit,
    tags,
    entries: ['RT-06'],
  },
  {
    script: `quietly { call setresuid 4002 4002 4002; limit RLIMIT_SIGPENDING 5; block 34; fork other { repeat 3 { sigqueue self 34 1 }; exit 0 }; wait other; repeat 2 { sigqueue self 34 1 }; sigpoll 34 }; field /proc/self/status SigQ; exit 0`,
    says: { main: ['field /proc/self/status SigQ: 1/5'] },
  },
  [
    {
      what: 'the other lives on',
      replace: ['sigqueue self 34 1 }; exit 0 }; wait other', 'sigqueue self 34 1 }; open q; pause }; await q'],
    },
  ],
);
