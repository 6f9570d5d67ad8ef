/** Sending signals: what kill(2) says, and who is past hearing. */
import { byKernel, kernelSource, man, tells } from '../../src/harness/index.ts';

const kill = man('kill(2)');
const something = kernelSource('kernel/signal.c', 'kill_something_info');
const tags = ['send'];

tells(
  {
    id: 'signal.send.to-a-zombie-succeeds',
    statement: 'kill(2) to a zombie succeeds, with signal 0 as with others; once it was waited for, ESRCH.',
    sources: [kill, kernelSource('kernel/signal.c', 'kill_pid_info')],
    tags: ['zombie', ...tags],
    entries: ['KIL-01'],
  },
  {
    script: `fork child { exit 3 }; until Z child; kill child 0; kill child KILL; wait child; kill child 0; kill child TERM; exit 0`,
    says: {
      main: [
        'until Z child: Z',
        'kill child 0: 0',
        'kill child KILL: 0',
        'wait child: exit 3',
        'kill child 0: ESRCH',
        'kill child TERM: ESRCH',
      ],
    },
  },
  [{ what: 'it is waited for before', replace: ['until Z child;', 'until Z child; wait child;'] }],
);

tells(
  {
    id: 'signal.send.bad-numbers-are-refused',
    statement: 'kill(2) with −1 or 65 is EINVAL, 64 is not; kill(2) of INT_MIN and of a pid that nobody has is ESRCH.',
    sources: [kill, something],
    tags,
    entries: ['KIL-01', 'KIL-02'],
  },
  {
    script: `quietly { ignore 64 }; call kill self -1; call kill self 65; call kill self 64; call kill INT_MIN TERM; call kill 4194000 0; exit 0`,
    says: {
      main: [
        'call kill self -1: EINVAL',
        'call kill self 65: EINVAL',
        'call kill self 64: 0',
        'call kill INT_MIN TERM: ESRCH',
        'call kill 4194000 0: ESRCH',
      ],
    },
  },
  [{ what: 'signal 63 is sent', replace: ['call kill self 65', 'call kill self 0'] }],
);

tells(
  {
    id: 'signal.send.kernel-threads-ignore-everything',
    statement: 'kill(2) to a kernel thread succeeds and does nothing, SIGKILL with it; its SigIgn is all ones.',
    sources: [
      kernelSource('kernel/signal.c', 'sig_task_ignored'),
      kernelSource('kernel/kthread.c', 'kthreadd'),
      man('proc_pid_status(5)', 'SigIgn'),
    ],
    tags: ['machine', ...tags],
    entries: ['KIL-14', 'PRC-03'],
  },
  {
    script:
      'kill 2 KILL; kill 2 STOP; kill 2 TERM; until S 2; field /proc/2/status SigIgn; field /proc/2/status ShdPnd; exit 0',
    says: {
      main: [
        'kill 2 KILL: 0',
        'kill 2 STOP: 0',
        'kill 2 TERM: 0',
        'until S 2: S',
        'field /proc/2/status SigIgn: ffffffffffffffff',
        'field /proc/2/status ShdPnd: 0000000000000000',
      ],
    },
  },
  [{ what: 'it is a process', replace: ['field /proc/2/status SigIgn', 'field /proc/1/status SigIgn'] }],
);

tells(
  {
    id: 'signal.send.works-when-the-leader-has-ended',
    statement: 'A process whose main thread has ended can still be sent signals: another thread handles them.',
    sources: [kernelSource('kernel/signal.c', 'group_send_sig_info'), kill],
    tags: ['thread', ...tags],
    entries: ['KIL-12'],
  },
  {
    script: `fork child { quietly { on USR1 exit 6 }; thread other { until Z self; open dead; await never }; exit-thread 3 }; await dead; state child; kill child USR1; wait child; exit 0`,
    says: {
      main: ['state child: Z', 'kill child USR1: 0', 'wait child: exit 6'],
      other: ['until Z self: Z', 'signal USR1: SI_USER from parent'],
    },
  },
  [
    {
      what: 'the other thread blocks it and ends',
      replace: ['open dead; await never', 'block USR1; open dead; exit 5'],
    },
  ],
);

tells(
  {
    id: 'signal.send.to-a-thread-that-has-ended',
    statement:
      'tgkill(2) to a main thread that has ended before the others succeeds and has no effect, SIGKILL included; up to 7.1 the signals stay in its queue.',
    sources: [man('tgkill(2)'), kernelSource('kernel/signal.c', 'wants_signal')],
    tags: ['thread', ...tags],
    entries: ['THR-02'],
    expected: byKernel({ '<7.2': '0000000000004100', '>=7.2': '0000000000000000' }),
  },
  {
    script: `thread other { until Z self; open dead; tgkill self self TERM; tgkill self self KILL; field /proc/self/status SigPnd; pending; exit 0 }; exit-thread 3`,
    says: (pending) => ({
      other: [
        'until Z self: Z',
        'tgkill self self TERM: 0',
        'tgkill self self KILL: 0',
        `field /proc/self/status SigPnd: ${pending}`,
        'pending: none',
      ],
    }),
  },
  [{ what: 'it is sent to the process', replace: ['tgkill self self KILL', 'kill self KILL'] }],
);
