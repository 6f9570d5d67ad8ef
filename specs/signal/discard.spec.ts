/** What sigaction(2) throws away: pending signals that are to be ignored from now on. */
import { kernelSource, man, tells } from '../../src/harness/index.ts';

const tags = ['disposition'];

tells(
  {
    id: 'signal.disposition.ignoring-discards-what-is-pending',
    statement:
      'Setting SIG_IGN discards a pending signal, even a blocked one: it does not come when it is caught and unblocked later.',
    sources: [man('sigaction(2)'), kernelSource('kernel/signal.c', 'flush_sigqueue_mask')],
    tags,
    entries: ['SIG-03'],
  },
  {
    script: `quietly { block USR1 USR2; kill self USR1; tgkill self tid USR1; kill self USR2; ignore USR1 }; pending;
      quietly { on USR1; on USR2 }; unblock USR1 USR2; exit 0`,
    says: { main: ['pending: USR2', 'signal USR2: SI_USER from self', 'unblock USR1 USR2: 0'] },
  },
  [{ what: 'it is not ignored', replace: ['ignore USR1', 'default USR1'] }],
);

tells(
  {
    id: 'signal.disposition.ignoring-discards-from-every-thread',
    statement: 'Setting SIG_IGN discards what is pending for another thread alone; so does SIG_DFL where that ignores.',
    sources: [man('sigaction(2)'), kernelSource('kernel/signal.c', 'do_sigaction')],
    tags: ['thread', ...tags],
    entries: ['SIG-03', 'SIG-04'],
  },
  {
    script: `quietly { on USR1; on USR2; on CHLD; block USR1 USR2 CHLD }; thread other { await sent; pending; open seen; await set; pending };
      tgkill self other USR1; tgkill self other USR2; tgkill self other CHLD; open sent; await seen; ignore USR1; default CHLD; open set; join other; exit 0`,
    says: {
      other: ['pending: USR1 USR2 CHLD', 'pending: USR2'],
      main: [
        'tgkill self other USR1: 0',
        'tgkill self other USR2: 0',
        'tgkill self other CHLD: 0',
        'ignore USR1: 0',
        'default CHLD: 0',
        'join other: 0',
      ],
    },
  },
  [
    { what: 'another one is ignored', replace: ['ignore USR1', 'ignore HUP'] },
    { what: 'another one is set to its default', replace: ['default CHLD', 'default HUP'] },
  ],
);

tells(
  {
    id: 'signal.disposition.ignoring-discards-real-time-too',
    statement: 'Setting SIG_IGN discards all queued instances of a real-time signal.',
    sources: [man('sigaction(2)'), kernelSource('kernel/signal.c', 'flush_sigqueue_mask')],
    tags,
    entries: ['SIG-03'],
  },
  {
    script: `quietly { block 34; sigqueue self 34 1; sigqueue self 34 2; sigqueue self 34 3; ignore 34 }; pending; quietly { default 34 }; sigpoll 34; exit 0`,
    says: { main: ['pending: none', 'sigpoll 34: EAGAIN'] },
  },
  [{ what: 'it is not ignored', replace: ['ignore 34', 'default 34'] }],
);

tells(
  {
    id: 'signal.disposition.default-discards-what-it-ignores',
    statement:
      'Setting SIG_DFL discards a pending signal whose default is to be ignored (CHLD, CONT, URG, WINCH), and no other.',
    sources: [man('sigaction(2)'), kernelSource('kernel/signal.c', 'sig_handler_ignored')],
    tags,
    entries: ['SIG-04'],
  },
  {
    script: `quietly { on CHLD; on CONT; on URG; on WINCH; on USR1; on TSTP; block all; kill self CHLD; kill self CONT; kill self URG; kill self WINCH; kill self USR1; kill self PWR };
      pending; default CHLD CONT URG WINCH USR1 PWR; pending; exit 0`,
    says: {
      main: [
        'pending: USR1 CHLD CONT URG WINCH PWR',
        'default CHLD: 0',
        'default CONT: 0',
        'default URG: 0',
        'default WINCH: 0',
        'default USR1: 0',
        'default PWR: 0',
        'pending: USR1 PWR',
      ],
    },
  },
  [{ what: 'one keeps its handler', replace: ['default CHLD CONT URG', 'default CHLD CONT'] }],
);
