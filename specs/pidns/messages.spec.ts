/** Who a message comes from, across pid namespaces: unix(7), mq_notify(3), fcntl(2) F_SETSIG. */
import { kernelSource, man, tells } from '../../src/harness/index.ts';

const tags = ['pidns', 'container'];
const unshared = 'quietly { call unshare CLONE_NEWPID }';
const noNamespace = { what: 'no namespace', replace: ['CLONE_NEWPID', 'CLONE_NEWUTS'] } as const;

tells(
  {
    id: 'pidns.messages.credentials-are-translated',
    statement:
      'SCM_CREDENTIALS has the pid of the sender as the receiver would call it; 0 when it is not to be seen from there.',
    sources: [
      man('unix(7)', 'SCM_CREDENTIALS'),
      kernelSource('net/core/scm.c', '__scm_recv'),
      man('pid_namespaces(7)'),
    ],
    tags,
    entries: ['NS-12'],
  },
  {
    script: `quietly { channel socket s; want-credentials $s; want-credentials $s-w }; ${unshared};
      fork one { send $s-w; receive $s-w; exit 0 }; receive $s; send $s; wait one; exit 0`,
    says: {
      main: ['receive $s: from one', 'send $s: 0', 'wait one: exit 0'],
      one: ['send $s-w: 0', 'receive $s-w: from 0'],
    },
  },
  [noNamespace],
);

tells(
  {
    id: 'pidns.messages.mqueue-notification-is-translated',
    statement:
      'A signal of mq_notify(3) has SI_MESGQ, its value, and the pid of the sender as the receiver would call it; 0 for one from outside.',
    sources: [man('mq_notify(3)'), kernelSource('ipc/mqueue.c', '__do_notify')],
    tags: ['siginfo', ...tags],
    entries: ['INF-14'],
    needs: ['CONFIG_POSIX_MQUEUE'],
  },
  {
    script: `quietly { block USR1; message-queue /translated > q }; notify-me $q USR1 7; ${unshared};
      fork one { message $q; take $q; notify-me $q USR1 8; open armed; sigwait USR1; exit 0 };
      sigwait USR1; await armed; message $q; wait one; quietly { take $q }; exit 0`,
    says: {
      main: ['notify-me $q USR1 7: 0', 'sigwait USR1: USR1 SI_MESGQ 7 from one', 'message $q: 0', 'wait one: exit 0'],
      one: ['message $q: 0', 'take $q: 0', 'notify-me $q USR1 8: 0', 'sigwait USR1: USR1 SI_MESGQ 8 from 0'],
    },
  },
  [noNamespace],
);

tells(
  {
    id: 'pidns.messages.sigio-crosses-namespaces',
    statement:
      'A descriptor with O_ASYNC and F_SETSIG signals its owner when somebody of another pid namespace writes; the signal names the descriptor.',
    sources: [man('fcntl(2)', 'F_SETSIG'), kernelSource('fs/fcntl.c', 'send_sigio_to_task')],
    tags: ['siginfo', ...tags],
    entries: ['INF-15'],
  },
  {
    script: `quietly { channel socket s; block 40; call fcntl $s F_SETOWN self; call fcntl $s F_SETSIG 40; call fcntl $s F_SETFL O_ASYNC }; ${unshared};
      fork one { send $s-w; exit 0 }; wait one; pending; sigpoll 40; exit 0`,
    says: { main: ['wait one: exit 0', 'pending: 40', 'sigpoll 40: 40 POLL_IN of s'] },
  },
  [{ what: 'SIGIO itself is wanted', replace: ['F_SETSIG 40', 'F_SETSIG 0'] }],
);

tells(
  {
    id: 'pidns.messages.sigio-crosses-to-a-sibling',
    statement:
      'A descriptor with O_ASYNC and F_SETSIG signals its owner when somebody of a sibling pid namespace, whom it could not name, writes.',
    sources: [man('fcntl(2)', 'F_SETSIG'), kernelSource('fs/fcntl.c', 'send_sigio_to_task')],
    tags: ['siginfo', ...tags],
    entries: ['INF-15'],
  },
  {
    script: `quietly { channel socket s; block 40 };
      fork a { ${unshared}; fork owner { call fcntl $s F_SETOWN self; quietly { call fcntl $s F_SETSIG 40; call fcntl $s F_SETFL O_ASYNC }; open armed; await sent; sigpoll 40; exit 0 }; wait owner; exit 0 };
      await armed; fork b { ${unshared}; fork writer { call getpid; send $s-w; exit 0 }; wait writer; exit 0 }; wait b; open sent; wait a; exit 0`,
    says: {
      owner: ['call fcntl $s F_SETOWN self: 0', 'sigpoll 40: 40 POLL_IN of s'],
      writer: ['call getpid: 1', 'send $s-w: 0'],
      main: ['wait b: exit 0', 'wait a: exit 0'],
    },
  },
  [{ what: 'SIGIO itself is wanted', replace: ['F_SETSIG 40', 'F_SETSIG 0'] }],
);
