/** While a handler runs: sa_mask, SA_NODEFER, SA_RESETHAND. (sigaction(2)) */
import { kernelSource, man, tells } from '../../src/harness/index.ts';

const tags = ['disposition'];

tells(
  {
    id: 'signal.handler.blocks-its-own-signal',
    statement: 'While a handler runs, its signal is blocked, and what sa_mask adds; afterwards the mask is as before.',
    sources: [man('sigaction(2)', 'SA_NODEFER'), kernelSource('kernel/signal.c', 'signal_delivered')],
    tags,
    entries: ['SIG-05'],
  },
  {
    script: 'quietly { on USR1 mask blocking HUP }; kill self USR1; mask; exit 0',
    says: { main: ['signal USR1: SI_USER from self, blocked: HUP USR1', 'kill self USR1: 0', 'mask: none'] },
  },
  [
    { what: 'SA_NODEFER', replace: ['mask blocking', 'mask nodefer blocking'] },
    { what: 'an empty sa_mask', replace: [' blocking HUP', ''] },
  ],
);

tells(
  {
    id: 'signal.handler.nodefer-leaves-its-signal-open',
    statement: 'With SA_NODEFER the signal is not blocked while its handler runs.',
    sources: [man('sigaction(2)', 'SA_NODEFER'), kernelSource('kernel/signal.c', 'signal_delivered')],
    tags,
    entries: ['SIG-05'],
  },
  {
    script: 'quietly { on USR1 mask nodefer }; kill self USR1; exit 0',
    says: { main: ['signal USR1: SI_USER from self, blocked: none', 'kill self USR1: 0'] },
  },
  [{ what: 'no SA_NODEFER', replace: [' nodefer', ''] }],
);

tells(
  {
    id: 'signal.handler.resethand-resets-and-still-blocks',
    statement: 'SA_RESETHAND gives a signal that was caught its default back, and does not imply SA_NODEFER.',
    sources: [man('sigaction(2)', 'SA_RESETHAND'), kernelSource('kernel/signal.c', 'get_signal')],
    tags,
    entries: ['SIG-05'],
  },
  {
    script: 'quietly { on USR1 mask resethand }; kill self USR1; disposition USR1; kill self USR1; exit 0',
    ends: { by: 'signal', signal: 'SIGUSR1', core: false },
    says: {
      main: ['signal USR1: SI_USER from self, blocked: USR1', 'kill self USR1: 0', 'disposition USR1: default'],
    },
  },
  [{ what: 'no SA_RESETHAND', replace: [' resethand', ''] }],
);

tells(
  {
    id: 'signal.handler.resethand-resets-on-entry',
    statement:
      'SA_RESETHAND gives the signal its default back before the handler runs: with SA_NODEFER a handler that raises its signal dies of it.',
    sources: [man('sigaction(2)', 'SA_RESETHAND'), kernelSource('kernel/signal.c', 'get_signal')],
    tags,
    entries: ['SIG-05'],
  },
  {
    script: 'quietly { on USR1 resethand nodefer raise }; kill self USR1; exit 0',
    ends: { by: 'signal', signal: 'SIGUSR1', core: false },
    says: { main: ['signal USR1: SI_USER from self'] },
  },
  [{ what: 'its handler does not raise it', replace: [' raise', ''] }],
);

tells(
  {
    id: 'signal.handler.mask-never-holds-sigkill',
    statement:
      'SIGKILL and SIGSTOP in sa_mask are left out without an error: they stay unblocked while the handler runs.',
    sources: [man('sigaction(2)'), kernelSource('kernel/signal.c', 'do_sigaction')],
    tags,
    entries: ['SIG-06'],
  },
  {
    script: 'on USR1 mask blocking KILL blocking STOP blocking HUP; kill self USR1; exit 0',
    says: {
      main: [
        'on USR1 mask blocking KILL blocking STOP blocking HUP: 0',
        'signal USR1: SI_USER from self, blocked: HUP USR1',
        'kill self USR1: 0',
      ],
    },
  },
  [{ what: 'another signal is among them', replace: ['blocking STOP', 'blocking INT'] }],
);
