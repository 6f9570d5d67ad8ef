/** The mask of a thread, and what is delivered when it opens: sigprocmask(2), sigsuspend(2). */
import { kernelSource, man, tells } from '../../src/harness/index.ts';

const tags = ['pending'];

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
