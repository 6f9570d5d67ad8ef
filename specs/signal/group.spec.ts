/** Signals to process groups, which cross pid namespaces. (kill(2), __kill_pgrp_info()) */
import { byKernel, kernelSource, man, tells } from '../../src/harness/index.ts';

const kill = man('kill(2)');
const something = kernelSource('kernel/signal.c', 'kill_something_info');
const tags = ['send'];

tells(
  {
    id: 'signal.send.to-a-group-reaches-all-its-members',
    statement: 'kill(−pgid) and kill(0) reach all members of the process group, and nobody else.',
    sources: [kill, kernelSource('kernel/signal.c', '__kill_pgrp_info')],
    tags: ['group', ...tags],
    entries: ['KIL-04'],
  },
  {
    script: `quietly { setpgid; on USR1 opens self }; fork a { on USR1 exit 5; ready; pause }; fork b { setpgid; on USR1 exit 6; ready; pause };
      await a; await b; kill 0 USR1; await self; wait a; wait b WNOHANG; call kill -b USR1; wait b; exit 0`,
    says: {
      main: [
        'signal USR1: SI_USER from self',
        'kill 0 USR1: 0',
        'wait a: exit 5',
        'wait b WNOHANG: 0',
        'call kill -b USR1: 0',
        'wait b: exit 6',
      ],
    },
  },
  [{ what: 'all are in one group', replace: ['fork b { setpgid;', 'fork b {'] }],
);

tells(
  {
    id: 'signal.send.to-an-empty-group-is-esrch',
    statement: 'kill(−pgid) is ESRCH when no process is in that group.',
    sources: [kill, kernelSource('kernel/signal.c', '__kill_pgrp_info')],
    tags: ['group', ...tags],
    entries: ['KIL-04'],
  },
  {
    script: `fork child { setpgid; exit 0 }; wait child; call kill -child 0; call kill -child TERM; exit 0`,
    says: { main: ['wait child: exit 0', 'call kill -child 0: ESRCH', 'call kill -child TERM: ESRCH'] },
  },
  [{ what: 'the child is there', replace: ['setpgid; exit 0 }; wait child;', 'setpgid; open g; pause }; await g;'] }],
);

tells(
  {
    id: 'signal.send.to-a-zombie-group-succeeds',
    statement: 'A group of which only a zombie is left can still be sent signals.',
    sources: [kill, kernelSource('kernel/signal.c', '__kill_pgrp_info')],
    tags: ['group', 'zombie', ...tags],
    entries: ['KIL-04'],
  },
  {
    script: `fork child { setpgid; exit 0 }; until Z child; call kill -child TERM; exit 0`,
    says: { main: ['until Z child: Z', 'call kill -child TERM: 0'] },
  },
  [{ what: 'it was waited for', replace: ['until Z child;', 'until Z child; wait child;'] }],
);

for (const { id, direction } of [
  { id: 'from-inside-reaches-outside', direction: 'inside' },
  { id: 'from-outside-reaches-inside', direction: 'outside' },
]) {
  tells(
    {
      id: `signal.group.kill-${id}`,
      statement:
        direction === 'inside'
          ? 'A process group crosses pid namespaces: kill(0) by a namespace init reaches a member of its group in the parent namespace.'
          : 'kill(0) in the parent namespace reaches members of the group inside a child namespace, who see si_pid 0.',
      sources: [man('pid_namespaces(7)'), kernelSource('kernel/signal.c', '__kill_pgrp_info')],
      tags: ['star', 'container', 'group', ...tags],
      entries: direction === 'inside' ? ['KIL-10'] : ['KIL-11', 'INF-04'],
    },
    direction === 'inside'
      ? {
          script: `quietly { setpgid; block USR1; call unshare CLONE_NEWPID }; fork one { quietly { ignore USR1 }; kill 0 USR1; exit 0 }; wait one; pending; exit 0`,
          says: { main: ['wait one: exit 0', 'pending: USR1'], one: ['kill 0 USR1: 0'] },
        }
      : {
          script: `quietly { setpgid; ignore USR1; call unshare CLONE_NEWPID }; fork one { quietly { block USR1 }; open blocked; sigwait USR1; exit 0 }; await blocked; kill 0 USR1; wait one; exit 0`,
          says: { main: ['kill 0 USR1: 0', 'wait one: exit 0'], one: ['sigwait USR1: USR1 SI_USER from 0'] },
        },
    [
      direction === 'inside'
        ? { what: 'the init has a group of its own', replace: ['kill 0 USR1', 'setpgid; kill 0 USR1'] }
        : { what: 'somebody inside sends it', replace: ['open blocked;', 'kill self USR1; open blocked;'] },
    ],
  );
}

tells(
  {
    id: 'signal.group.number-from-outside-is-unknown-inside',
    statement:
      'A member of a pid namespace cannot name a process group whose leader is outside: kill(−pgid) is ESRCH, though the group is its own.',
    sources: [man('pid_namespaces(7)'), something],
    tags: ['container', 'group', ...tags],
    entries: ['KIL-10'],
  },
  {
    script: `quietly { setpgid; block USR1; call getpid > g; call unshare CLONE_NEWPID }; fork one { call kill -$g USR1; exit 0 }; wait one; pending; exit 0`,
    says: { one: ['call kill -$g USR1: ESRCH'], main: ['wait one: exit 0', 'pending: none'] },
  },
  [{ what: 'no namespace', replace: ['CLONE_NEWPID', 'CLONE_NEWUTS'] }],
);

tells(
  {
    id: 'signal.group.each-member-sees-the-pid-of-the-sender-by-itself',
    statement:
      "A member of a group sees its sender's pid also when another member, in a child namespace, has been sent the same signal before it; up to 7.1, without what 6.1.190 and 6.12.111 have of it, it saw 0 as that one did.",
    sources: [man('pid_namespaces(7)'), kernelSource('kernel/signal.c', 'send_signal_locked')],
    tags: ['container', 'group', 'siginfo', ...tags],
    entries: ['INF-04', 'KIL-11'],
    expected: byKernel({
      '<6.1 || 6.1 <6.1.190 || >6.1 <6.12 || 6.12 <6.12.111 || >6.12 <7.2': '0',
      '6.1 >=6.1.190 || 6.12 >=6.12.111 || >=7.2': 'self',
    }),
  },
  {
    // The newest member of a group is the first to be sent to.
    script: `quietly { setpgid; block USR1; call unshare CLONE_NEWPID }; fork one { open up; sigwait USR1; exit 5 }; await up; kill 0 USR1; wait one; sigpoll USR1; exit 0`,
    says: (sender) => ({
      one: ['sigwait USR1: USR1 SI_USER from 0'],
      main: ['kill 0 USR1: 0', 'wait one: exit 5', `sigpoll USR1: USR1 SI_USER from ${sender}`],
    }),
  },
  [{ what: 'no namespace', replace: ['CLONE_NEWPID', 'CLONE_NEWUTS'] }],
);

tells(
  {
    id: 'signal.group.each-member-sees-the-uid-of-the-sender-by-itself',
    statement:
      "A member of a group sees its sender's uid also when another member, in another user namespace, has been sent the same signal before it; up to 7.1, without what 6.1.190 and 6.12.111 have of it, it saw the number that was meant for that one.",
    sources: [man('user_namespaces(7)'), kernelSource('kernel/signal.c', 'send_signal_locked')],
    tags: ['container', 'group', 'siginfo', ...tags],
    entries: ['INF-07'],
    expected: byKernel({
      '<6.1 || 6.1 <6.1.190 || >6.1 <6.12 || 6.12 <6.12.111 || >6.12 <7.2': ' uid 7',
      '6.1 >=6.1.190 || 6.12 >=6.12.111 || >=7.2': '',
    }),
  },
  {
    script: `quietly { setpgid; block USR1 }; fork mapped { quietly { call unshare CLONE_NEWUSER; write /proc/self/uid_map 7 0 1 }; open up; sigwait USR1; exit 5 }; await up; kill 0 USR1; wait mapped; sigpoll USR1; exit 0`,
    says: (uid) => ({
      mapped: ['sigwait USR1: USR1 SI_USER from parent uid 7'],
      main: ['kill 0 USR1: 0', 'wait mapped: exit 5', `sigpoll USR1: USR1 SI_USER from self${uid}`],
    }),
  },
  [{ what: 'another number', replace: ['uid_map 7 0 1', 'uid_map 8 0 1'] }],
);

tells(
  {
    id: 'signal.group.each-member-sees-the-sender-of-a-pidfd-signal-by-itself',
    statement:
      'What a signal to a process group by pidfd_send_signal(2) says of its sender is translated for each member by itself; up to 7.1, without what 6.12.111 has of it, all saw what was meant for the first, and up to 6.8 there is no such thing.',
    sources: [man('pidfd_send_signal(2)'), kernelSource('kernel/signal.c', 'send_signal_locked')],
    tags: ['container', 'group', 'pidfd', 'siginfo', ...tags],
    entries: ['INF-04', 'INF-07'],
    expected: byKernel({
      '<6.9': 'EINVAL',
      '>=6.9 <6.12 || 6.12 <6.12.111 || >6.12 <7.2': '0 uid 7',
      '6.12 >=6.12.111 || >=7.2': 'self',
    }),
  },
  {
    script: `quietly { setpgid; block USR1 USR2; call unshare CLONE_NEWPID; call pidfd_open self 0 > me }; fork one { quietly { call unshare CLONE_NEWUSER; write /proc/self/uid_map 7 0 1 }; open up; sigwait USR1 USR2; exit 5 };
      await up; call pidfd_send_signal $me USR1 0 PIDFD_SIGNAL_PROCESS_GROUP; kill one USR2; wait one; sigpoll USR1; exit 0`,
    says: (sender) => ({
      one: [`sigwait USR1 USR2: ${sender === 'EINVAL' ? 'USR2' : 'USR1'} SI_USER from 0 uid 7`],
      main: [
        `call pidfd_send_signal $me USR1 0 PIDFD_SIGNAL_PROCESS_GROUP: ${sender === 'EINVAL' ? 'EINVAL' : '0'}`,
        'kill one USR2: 0',
        'wait one: exit 5',
        `sigpoll USR1: ${sender === 'EINVAL' ? 'EAGAIN' : `USR1 SI_USER from ${sender}`}`,
      ],
    }),
  },
  [{ what: 'another number', replace: ['uid_map 7 0 1', 'uid_map 8 0 1'] }],
);

tells(
  {
    id: 'signal.send.to-the-parent-of-an-init-is-to-its-own-group',
    statement:
      'A namespace init whose parent is outside has getppid() 0, so that kill(getppid()) is a signal to its own group.',
    sources: [man('getppid(2)'), man('pid_namespaces(7)'), something],
    tags: ['container', 'group', ...tags],
    entries: ['KIL-16'],
  },
  {
    as: 'init',
    script: 'quietly { on USR1 }; parent; kill parent USR1; exit 0',
    says: { main: ['parent: 0', 'signal USR1: SI_USER from self', 'kill parent USR1: 0'] },
  },
  [
    {
      what: 'it signals its parent inside',
      replace: [
        'parent; kill parent USR1; exit 0',
        'fork child { kill parent USR1; exit 0 }; quietly { wait child }; exit 0',
      ],
    },
  ],
);

tells(
  {
    id: 'signal.send.to-the-parent-of-an-init-reaches-its-whole-group',
    statement:
      'What a namespace init sends to getppid(), which is 0, reaches each member of its process group, and nobody of another.',
    sources: [man('getppid(2)'), man('kill(2)'), something],
    tags: ['container', 'group', ...tags],
    entries: ['KIL-16'],
  },
  {
    as: 'init',
    script: `quietly { block USR1 }; fork mate { open a; await sent; pending; exit 0 }; fork other { quietly { setpgid }; open b; await sent; pending; exit 0 };
      await a; await b; kill parent USR1; open sent; wait mate; wait other; pending; exit 0`,
    says: {
      mate: ['pending: USR1'],
      other: ['pending: none'],
      main: ['kill parent USR1: 0', 'wait mate: exit 0', 'wait other: exit 0', 'pending: USR1'],
    },
  },
  [{ what: 'it is sent to the init alone', replace: ['kill parent USR1', 'kill self USR1'] }],
);
