/** Which of several pending signals comes first. (signal(7), kernel/signal.c next_signal()) */
import { kernelSource, man, tells } from '../../src/harness/index.ts';

const maskAndPending = man('signal(7)', 'Signal mask and pending signals');
const tags = ['pending'];

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
