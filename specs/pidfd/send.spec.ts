/** Signals by pidfd: pidfd_send_signal(2). */
import { byKernel, kernelSource, man, tells } from '../../src/harness/index.ts';

const send = [man('pidfd_send_signal(2)'), kernelSource('kernel/signal.c', '__do_sys_pidfd_send_signal')];
const tags = ['pidfd'];

tells(
  {
    id: 'pidfd.send.forgeries-are-for-oneself',
    statement:
      'pidfd_send_signal(2) takes a siginfo_t: to another process with a si_code ≥ 0 or SI_TKILL it is EPERM, to oneself anything goes.',
    sources: send,
    tags: ['siginfo', 'permission', ...tags],
  },
  {
    script: `quietly { block USR1 34 }; clone child CLONE_PIDFD { pause }; pidfd-queue $child USR1 1 SI_USER; pidfd-queue $child USR1 1 SI_KERNEL;
      pidfd-queue $child USR1 1 SI_TKILL; pidfd-queue $child USR1 1 SI_QUEUE; quietly { call pidfd_open self 0 > me };
      pidfd-queue $me USR1 1 SI_KERNEL; sigpoll USR1; pidfd-queue $me 34 5; sigpoll 34; exit 0`,
    says: {
      main: [
        'pidfd-queue $child USR1 1 SI_USER: EPERM',
        'pidfd-queue $child USR1 1 SI_KERNEL: EPERM',
        'pidfd-queue $child USR1 1 SI_TKILL: EPERM',
        'pidfd-queue $child USR1 1 SI_QUEUE: 0',
        'pidfd-queue $me USR1 1 SI_KERNEL: 0',
        'sigpoll USR1: USR1 SI_KERNEL',
        'pidfd-queue $me 34 5: 0',
        'sigpoll 34: 34 SI_QUEUE 5 from self',
      ],
    },
  },
  [
    {
      what: 'it is sent to oneself',
      replace: ['pidfd-queue $child USR1 1 SI_USER', 'call pidfd_open self 0 > me; pidfd-queue $me USR1 1 SI_USER'],
    },
  ],
);

tells(
  {
    id: 'pidfd.send.to-a-zombie-and-after',
    statement: 'pidfd_send_signal(2) to a zombie succeeds; once it was waited for it is ESRCH.',
    sources: send,
    tags: ['zombie', ...tags],
    entries: ['PFD-06'],
  },
  {
    script:
      'clone child CLONE_PIDFD { exit 3 }; until Z child; call pidfd_send_signal $child TERM 0 0; wait child; call pidfd_send_signal $child TERM 0 0; call pidfd_send_signal $child 0 0 0; exit 0',
    says: {
      main: [
        'until Z child: Z',
        'call pidfd_send_signal $child TERM 0 0: 0',
        'wait child: exit 3',
        'call pidfd_send_signal $child TERM 0 0: ESRCH',
        'call pidfd_send_signal $child 0 0 0: ESRCH',
      ],
    },
  },
  [{ what: 'it was waited for', replace: ['until Z child;', 'until Z child; wait child;'] }],
);

tells(
  {
    id: 'pidfd.send.never-hits-a-recycled-pid',
    statement:
      'When the pid of a process is given to another, its old pidfd still says ESRCH, and the new process is untouched.',
    sources: send,
    tags: ['star', 'container', ...tags],
    entries: ['PFD-06'],
  },
  {
    as: 'init',
    script: `clone old CLONE_PIDFD pid 500 { exit 3 }; wait old; clone young 0 pid 500 { quietly { on TERM exit 9 }; open up; await end; exit 4 }; await up; call pidfd_send_signal $old TERM 0 0; call kill 500 0; open end; wait young; exit 0`,
    says: {
      main: [
        'wait old: exit 3',
        'call pidfd_send_signal $old TERM 0 0: ESRCH',
        'call kill 500 0: 0',
        'wait young: exit 4',
      ],
    },
  },
  [{ what: 'it is sent by pid', replace: ['call pidfd_send_signal $old TERM 0 0', 'kill 500 TERM'] }],
);

tells(
  {
    id: 'pidfd.send.arrives-as-si-user',
    statement: 'A signal sent by pidfd_send_signal(2) without siginfo arrives as SI_USER from the sender.',
    sources: send,
    tags,
    entries: ['INF-12'],
  },
  {
    script:
      'quietly { block USR1; call pidfd_open self 0 > me }; call pidfd_send_signal $me USR1 0 0; sigpoll USR1; exit 0',
    says: { main: ['call pidfd_send_signal $me USR1 0 0: 0', 'sigpoll USR1: USR1 SI_USER from self'] },
  },
  [{ what: 'it is sent by sigqueue', replace: ['call pidfd_send_signal $me USR1 0 0', 'sigqueue self USR1 0'] }],
);

const threadSince = { commit: '81b9d8ac0640', title: 'pidfd: change pidfd_send_signal() to respect PIDFD_THREAD' };

tells(
  {
    id: 'pidfd.send.refuses-bad-arguments',
    statement:
      'pidfd_send_signal(2) with a bad signal or unknown flag is EINVAL, with a descriptor that is no pidfd EBADF; to another uid EPERM.',
    sources: [man('pidfd_send_signal(2)', 'ERRORS'), kernelSource('kernel/signal.c', 'check_kill_permission')],
    tags: ['permission', ...tags],
    entries: ['PFD-07'],
  },
  {
    script: `clone child CLONE_PIDFD { quietly { call setresuid 3001 3001 3001 }; open up; pause }; await up; call pidfd_send_signal $child 65 0 0; call pidfd_send_signal $child 0 0 0x100; call pidfd_send_signal 9 0 0 0;
      call pidfd_send_signal $child 0 0 0; call setresuid 3000 3000 3000; call pidfd_send_signal $child 0 0 0; exit 0`,
    says: {
      main: [
        'call pidfd_send_signal $child 65 0 0: EINVAL',
        'call pidfd_send_signal $child 0 0 0x100: EINVAL',
        'call pidfd_send_signal 9 0 0 0: EBADF',
        'call pidfd_send_signal $child 0 0 0: 0',
        'call setresuid 3000 3000 3000: 0',
        'call pidfd_send_signal $child 0 0 0: EPERM',
      ],
    },
  },
  [{ what: 'it stays root', replace: ['call setresuid 3000 3000 3000;', 'call setresuid 0 0 0;'] }],
);

for (const { flag, name, outcome } of [
  { flag: 'PIDFD_SIGNAL_THREAD', name: 'thread', outcome: 'USR1 SI_TKILL from self' },
  { flag: 'PIDFD_SIGNAL_THREAD_GROUP', name: 'thread-group', outcome: 'USR1 SI_USER from self' },
  { flag: 'PIDFD_SIGNAL_PROCESS_GROUP', name: 'process-group', outcome: 'USR1 SI_USER from self' },
]) {
  tells(
    {
      id: `pidfd.send.scope-${name}`,
      statement: `pidfd_send_signal(2) takes ${flag}; up to 6.1 it is EINVAL.`,
      sources: send,
      tags,
      entries: ['PFD-07', 'INF-12'],
      expected: byKernel(
        { '<6.9': 'EINVAL', '>=6.9': '0' },
        { '>=6.9': { commit: 'e1fb1dc08e73', title: 'pidfd: allow to override signal scope in pidfd_send_signal()' } },
      ),
    },
    {
      script: `quietly { setpgid; block USR1; call pidfd_open self 0 > me }; call pidfd_send_signal $me USR1 0 ${flag}; sigpoll USR1; exit 0`,
      says: (result) => ({
        main: [
          `call pidfd_send_signal $me USR1 0 ${flag}: ${result}`,
          `sigpoll USR1: ${result === '0' ? outcome : 'EAGAIN'}`,
        ],
      }),
    },
    [
      {
        what: 'it is ignored',
        replace: ['block USR1;', 'ignore USR1;'],
      },
    ],
  );
}

const scopes = {
  '>=6.9': { commit: 'e1fb1dc08e73', title: 'pidfd: allow to override signal scope in pidfd_send_signal()' },
};

tells(
  {
    id: 'pidfd.send.process-group-reaches-its-members',
    statement:
      'PIDFD_SIGNAL_PROCESS_GROUP reaches every member of the group that the process leads, and nobody of the sender’s; before 6.9 it is EINVAL.',
    sources: [...send, kernelSource('kernel/signal.c', '__kill_pgrp_info')],
    tags: ['group', ...tags],
    entries: ['PFD-07', 'INF-12'],
    expected: byKernel({ '<6.9': 'EINVAL', '>=6.9': '0' }, scopes),
  },
  {
    as: 'init',
    script: `quietly { block USR1 }; fork leader { quietly { setpgid }; fork member { open up; await go; sigpoll USR1; exit 1 }; await go; wait member; sigpoll USR1; exit 5 };
      await up; quietly { call pidfd_open leader 0 > p }; call pidfd_send_signal $p USR1 0 PIDFD_SIGNAL_PROCESS_GROUP; open go; wait leader; sigpoll USR1; exit 0`,
    says: (result) => ({
      main: [
        `call pidfd_send_signal $p USR1 0 PIDFD_SIGNAL_PROCESS_GROUP: ${result}`,
        'wait leader: exit 5',
        'sigpoll USR1: EAGAIN',
      ],
      leader: ['wait member: exit 1', `sigpoll USR1: ${result === '0' ? 'USR1 SI_USER from parent' : 'EAGAIN'}`],
      member: [`sigpoll USR1: ${result === '0' ? 'USR1 SI_USER from 1' : 'EAGAIN'}`],
    }),
  },
  [{ what: 'the member leaves the group', replace: ['fork member { open', 'fork member { quietly { setpgid }; open'] }],
);

tells(
  {
    id: 'pidfd.send.process-group-needs-its-leader',
    statement:
      'PIDFD_SIGNAL_PROCESS_GROUP by the pidfd of a process that leads no group is ESRCH, and reaches nobody; before 6.9 it is EINVAL.',
    sources: [...send, kernelSource('kernel/signal.c', 'kill_pgrp_info')],
    tags: ['group', ...tags],
    entries: ['PFD-07'],
    expected: byKernel({ '<6.9': 'EINVAL', '>=6.9': 'ESRCH' }, scopes),
  },
  {
    as: 'init',
    script: `quietly { block USR1 }; clone member CLONE_PIDFD { quietly { mask }; open up; await go; pending; exit 5 };
      await up; call pidfd_send_signal $member USR1 0 PIDFD_SIGNAL_PROCESS_GROUP; open go; wait member; pending; exit 0`,
    says: (error) => ({
      main: [
        `call pidfd_send_signal $member USR1 0 PIDFD_SIGNAL_PROCESS_GROUP: ${error}`,
        'wait member: exit 5',
        'pending: none',
      ],
      member: ['pending: none'],
    }),
  },
  [{ what: 'it leads a group', replace: ['{ mask }', '{ setpgid }'] }],
);

tells(
  {
    id: 'pidfd.send.by-the-pidfd-of-a-thread',
    statement:
      'A signal sent by the pidfd of a thread is for that thread alone, with PIDFD_SIGNAL_THREAD as without a flag, and arrives as SI_TKILL; before 6.9 there is no such pidfd.',
    sources: send,
    tags: ['thread', 'siginfo', ...tags],
    entries: ['PFD-07', 'INF-12'],
    expected: byKernel(
      {
        '<6.9': { sent: ['EBADF', 'EINVAL'], pending: 'none', taken: ['EAGAIN', 'EAGAIN'] },
        '>=6.9': {
          sent: ['0', '0'],
          pending: 'USR1 USR2',
          taken: ['USR1 SI_TKILL from self', 'USR2 SI_TKILL from self'],
        },
      },
      { '>=6.9': threadSince },
    ),
  },
  {
    script: `quietly { block USR1 USR2 }; thread t { await go; pending; sigpoll USR1; sigpoll USR2 }; quietly { call pidfd_open t PIDFD_THREAD > p };
      call pidfd_send_signal $p USR1 0 0; call pidfd_send_signal $p USR2 0 PIDFD_SIGNAL_THREAD; pending; open go; join t; exit 0`,
    says: ({ sent, pending, taken }) => ({
      main: [
        `call pidfd_send_signal $p USR1 0 0: ${sent[0]}`,
        `call pidfd_send_signal $p USR2 0 PIDFD_SIGNAL_THREAD: ${sent[1]}`,
        'pending: none',
        'join t: 0',
      ],
      t: [`pending: ${pending}`, `sigpoll USR1: ${taken[0]}`, `sigpoll USR2: ${taken[1]}`],
    }),
  },
  [{ what: 'it is the pidfd of the process', replace: ['pidfd_open t PIDFD_THREAD', 'pidfd_open self 0'] }],
);

tells(
  {
    id: 'pidfd.send.thread-scope-of-a-process',
    statement: 'PIDFD_SIGNAL_THREAD by the pidfd of a process is for its main thread alone; before 6.9 it is EINVAL.',
    sources: send,
    tags: ['thread', ...tags],
    entries: ['PFD-07'],
    expected: byKernel({ '<6.9': ['EINVAL', 'none'], '>=6.9': ['0', 'USR1'] }, scopes),
  },
  {
    script:
      'quietly { block USR1; call pidfd_open self 0 > p }; thread t { await go; pending }; call pidfd_send_signal $p USR1 0 PIDFD_SIGNAL_THREAD; open go; join t; pending; exit 0',
    says: ([result, pending]) => ({
      main: [`call pidfd_send_signal $p USR1 0 PIDFD_SIGNAL_THREAD: ${result}`, 'join t: 0', `pending: ${pending}`],
      t: ['pending: none'],
    }),
  },
  [
    {
      what: 'it is for all threads',
      replace: ['USR1 0 PIDFD_SIGNAL_THREAD;', 'USR1 0 PIDFD_SIGNAL_THREAD_GROUP;'],
    },
  ],
);

tells(
  {
    id: 'pidfd.send.thread-group-scope-of-a-thread',
    statement:
      'PIDFD_SIGNAL_THREAD_GROUP by the pidfd of a thread is for its whole process, and arrives as SI_USER; before 6.9 it is EINVAL.',
    sources: send,
    tags: ['thread', 'siginfo', ...tags],
    entries: ['PFD-07', 'INF-12'],
    expected: byKernel(
      { '<6.9': ['EINVAL', 'none', 'EAGAIN'], '>=6.9': ['0', 'USR1', 'USR1 SI_USER from self'] },
      scopes,
    ),
  },
  {
    script:
      'quietly { block USR1 }; thread t { await go; pending }; quietly { call pidfd_open t PIDFD_THREAD > p }; call pidfd_send_signal $p USR1 0 PIDFD_SIGNAL_THREAD_GROUP; open go; join t; sigpoll USR1; exit 0',
    says: ([result, pending, taken]) => ({
      main: [
        `call pidfd_send_signal $p USR1 0 PIDFD_SIGNAL_THREAD_GROUP: ${result}`,
        'join t: 0',
        `sigpoll USR1: ${taken}`,
      ],
      t: [`pending: ${pending}`],
    }),
  },
  [
    {
      what: 'it is for that thread',
      replace: ['USR1 0 PIDFD_SIGNAL_THREAD_GROUP;', 'USR1 0 PIDFD_SIGNAL_THREAD;'],
    },
  ],
);

tells(
  {
    id: 'pidfd.send.two-scopes-are-refused',
    statement: 'Two scopes at once are EINVAL on every kernel.',
    sources: send,
    tags,
    entries: ['PFD-07'],
  },
  {
    script:
      'quietly { call pidfd_open self 0 > me }; call pidfd_send_signal $me 0 0 PIDFD_SIGNAL_THREAD|PIDFD_SIGNAL_THREAD_GROUP; exit 0',
    says: { main: ['call pidfd_send_signal $me 0 0 PIDFD_SIGNAL_THREAD|PIDFD_SIGNAL_THREAD_GROUP: EINVAL'] },
  },
  [{ what: 'no scope', replace: ['PIDFD_SIGNAL_THREAD|PIDFD_SIGNAL_THREAD_GROUP', '0'] }],
);

tells(
  {
    id: 'pidfd.send.from-a-child-namespace-is-refused',
    statement:
      'A pidfd of a process of an ancestor namespace cannot be used to signal it from a child namespace: EINVAL.',
    sources: [man('pidfd_send_signal(2)', 'ERRORS'), kernelSource('kernel/signal.c', 'access_pidfd_pidns')],
    tags: ['container', ...tags],
    entries: ['PFD-08'],
  },
  {
    script:
      'quietly { call pidfd_open self 0 > me; call unshare CLONE_NEWPID }; fork one { call pidfd_send_signal $me 0 0 0; exit 5 }; wait one; call pidfd_send_signal $me 0 0 0; exit 0',
    says: {
      one: ['call pidfd_send_signal $me 0 0 0: EINVAL'],
      main: ['wait one: exit 5', 'call pidfd_send_signal $me 0 0 0: 0'],
    },
  },
  [{ what: 'no namespace', replace: ['CLONE_NEWPID', 'CLONE_NEWUTS'] }],
);
