/** pidfds: pidfd_open(2), pidfd_send_signal(2), clone(2) CLONE_PIDFD, poll(2). */
import { actor, byKernel, kernelSource, man, spec, tells } from '../../src/harness/index.ts';

const open = [man('pidfd_open(2)'), kernelSource('kernel/pid.c', '__do_sys_pidfd_open')];
const send = [man('pidfd_send_signal(2)'), kernelSource('kernel/signal.c', '__do_sys_pidfd_send_signal')];
const polls = kernelSource('fs/pidfs.c', 'pidfd_poll');
const tags = ['pidfd'];

tells(
  {
    id: 'pidfd.open.refuses-bad-arguments',
    statement: 'pidfd_open(2) of a pid below 1 or with an unknown flag is EINVAL, of one that nobody has ESRCH.',
    sources: open,
    tags,
    entries: ['PFD-01'],
  },
  {
    script:
      'call pidfd_open 0 0; call pidfd_open -1 0; call pidfd_open self 0x40000000; call pidfd_open 4194000 0; call pidfd_open self 0 > fd; exit 0',
    says: {
      main: [
        'call pidfd_open 0 0: EINVAL',
        'call pidfd_open -1 0: EINVAL',
        'call pidfd_open self 0x40000000: EINVAL',
        'call pidfd_open 4194000 0: ESRCH',
        'call pidfd_open self 0: 0',
      ],
    },
  },
  [{ what: 'a good pid', replace: ['pidfd_open 0 0', 'pidfd_open self 0'] }],
);

tells(
  {
    id: 'pidfd.open.of-a-zombie',
    statement: 'pidfd_open(2) of a zombie works, and is ESRCH once it was waited for. The descriptor is close-on-exec.',
    sources: open,
    tags: ['zombie', ...tags],
    entries: ['PFD-01'],
  },
  {
    script:
      'fork child { exit 3 }; until Z child; call pidfd_open child 0 > fd; call fcntl $fd 1 0; wait child; call pidfd_open child 0; exit 0',
    says: {
      main: [
        'until Z child: Z',
        'call pidfd_open child 0: 0',
        'call fcntl $fd 1 0: 1',
        'wait child: exit 3',
        'call pidfd_open child 0: ESRCH',
      ],
    },
  },
  [{ what: 'it was waited for', replace: ['until Z child;', 'until Z child; wait child;'] }],
);

tells(
  {
    id: 'pidfd.open.of-a-thread',
    statement: 'pidfd_open(2) of a thread that is no leader, without PIDFD_THREAD, is EINVAL; ENOENT from 6.16 on.',
    sources: open,
    tags: ['thread', 'errata', ...tags],
    entries: ['PFD-02'],
    expected: byKernel(
      { '<6.16': 'EINVAL', '>=6.16': 'ENOENT' },
      { '>=6.16': { commit: '8cf4b738f6d8', title: "pidfd: improve uapi when task isn't found" } },
    ),
  },
  {
    script: 'thread other { await never }; call pidfd_open other 0; exit 0',
    says: (error) => ({ main: [`call pidfd_open other 0: ${error}`] }),
  },
  [
    {
      what: 'the leader is meant',
      replace: ['thread other { await never };', 'fork other { pause };'],
    },
  ],
);

tells(
  {
    id: 'pidfd.open.thread-flag',
    statement: 'PIDFD_THREAD opens a pidfd of any thread; up to 6.1 it is EINVAL.',
    sources: open,
    tags: ['thread', ...tags],
    entries: ['PFD-03'],
    expected: byKernel(
      { '<6.9': 'EINVAL', '>=6.9': '0' },
      { '>=6.9': { commit: '64bef697d33b', title: 'pidfd: implement PIDFD_THREAD flag for pidfd_open()' } },
    ),
  },
  {
    script: 'thread other { await never }; call pidfd_open other PIDFD_THREAD > fd; exit 0',
    says: (outcome) => ({ main: [`call pidfd_open other PIDFD_THREAD: ${outcome}`] }),
  },
  [{ what: 'nobody has that pid', replace: ['pidfd_open other', 'pidfd_open 4194000'] }],
);

tells(
  {
    id: 'pidfd.poll.is-readable-when-it-has-ended',
    statement: 'A pidfd is not readable while its process lives, and POLLIN when it is a zombie.',
    sources: [man('pidfd_open(2)', 'poll'), polls],
    tags: ['zombie', ...tags],
    entries: ['PFD-04'],
  },
  {
    script: 'clone child CLONE_PIDFD { await go; exit 3 }; poll $child; open go; until Z child; poll $child; exit 0',
    says: { main: ['poll $child: nothing', 'until Z child: Z', 'poll $child: POLLIN'] },
  },
  [{ what: 'it ends at once', replace: ['{ await go; exit 3 }; poll', '{ exit 3 }; until Z child; poll'] }],
);

tells(
  {
    id: 'pidfd.poll.hangs-up-when-it-was-waited-for',
    statement: 'A pidfd of a process that was waited for is POLLIN, and POLLHUP too from 6.9 on.',
    sources: [man('pidfd_open(2)', 'poll'), polls],
    tags,
    entries: ['PFD-04'],
    expected: byKernel(
      { '<6.9': 'POLLIN', '>=6.9': 'POLLIN POLLHUP' },
      { '>=6.9': { commit: '43f0df54c96f', title: 'pidfd_poll: report POLLHUP when pid_task() == NULL' } },
    ),
  },
  {
    script: 'clone child CLONE_PIDFD { exit 3 }; wait child; poll $child; exit 0',
    says: (events) => ({ main: ['wait child: exit 3', `poll $child: ${events}`] }),
  },
  [{ what: 'it lives', replace: ['{ exit 3 }; wait child;', '{ pause }; wait child WNOHANG;'] }],
);

tells(
  {
    id: 'pidfd.poll.waits-for-the-last-thread',
    statement: 'A pidfd of a process whose leader has ended is not readable before its last thread has ended.',
    sources: [man('pidfd_open(2)'), polls],
    tags: ['thread', ...tags],
    entries: ['PFD-05'],
  },
  {
    script:
      'clone child CLONE_PIDFD { thread other { until Z self; open dead; await end; exit 7 }; exit-thread 3 }; await dead; poll $child; open end; wait child; exit 0',
    says: { main: ['poll $child: nothing', 'wait child: exit 7'] },
  },
  [
    {
      what: 'there is no other thread',
      replace: [
        'thread other { until Z self; open dead; await end; exit 7 }; exit-thread 3 }; await dead;',
        'exit 7 }; until Z child;',
      ],
    },
  ],
);

tells(
  {
    id: 'pidfd.send.forgeries-are-for-oneself',
    statement:
      'pidfd_send_signal(2) takes a siginfo_t: to another process with a si_code ≥ 0 or SI_TKILL it is EPERM, to oneself anything goes.',
    sources: send,
    tags: ['siginfo', 'permission', ...tags],
    entries: ['PFD-05'],
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

tells(
  {
    id: 'pidfd.fdinfo.tells-the-pid-and-minus-one',
    statement: 'fdinfo of a pidfd has the pid, and −1 once the process was waited for.',
    sources: [man('pidfd_open(2)'), kernelSource('fs/pidfs.c', 'pidfd_show_fdinfo')],
    tags: ['proc', ...tags],
    entries: ['PFD-09'],
  },
  {
    as: 'init',
    script:
      'clone child CLONE_PIDFD { await go; exit 3 }; field /proc/self/fdinfo/@$child Pid; field /proc/self/fdinfo/@$child NSpid; open go; wait child; field /proc/self/fdinfo/@$child Pid; exit 0',
    says: {
      main: [
        'field /proc/self/fdinfo/@$child Pid: 2',
        'field /proc/self/fdinfo/@$child NSpid: 2',
        'wait child: exit 3',
        'field /proc/self/fdinfo/@$child Pid: -1',
      ],
    },
  },
  [{ what: 'it is not waited for', replace: ['wait child;', 'until Z child;'] }],
);

tells(
  {
    id: 'pidfd.pidfs.has-an-inode-for-each-process',
    statement:
      'From 6.9 on pidfds of different processes have different inodes, of the same process the same; before, all share one.',
    sources: [kernelSource('fs/pidfs.c', 'pidfs_alloc_file')],
    tags,
    entries: ['PFD-10'],
    expected: byKernel(
      { '<6.9': ['same', 'same'], '>=6.9': ['same', 'different'] },
      { '>=6.9': { commit: 'cb12fd8e0dab', title: 'pidfd: add pidfs' } },
    ),
  },
  {
    script:
      'fork child { pause }; quietly { call pidfd_open self 0 > a; call pidfd_open self 0 > b; call pidfd_open child 0 > c }; inode $a $b; inode $a $c; exit 0',
    says: ([own, other]) => ({ main: [`inode $a $b: ${own ?? ''}`, `inode $a $c: ${other ?? ''}`] }),
  },
  [{ what: 'an ordinary file', replace: ['call pidfd_open self 0 > b', 'open-file /proc/self/status O_RDONLY > b'] }],
);

tells(
  {
    id: 'pidfd.close.does-nothing-to-the-process',
    statement: 'Closing a pidfd does nothing to its process.',
    sources: open,
    tags,
    entries: ['PFD-20'],
  },
  {
    script:
      'clone child CLONE_PIDFD { await go; exit 4 }; call close $child; kill child 0; open go; wait child; exit 0',
    says: { main: ['call close $child: 0', 'kill child 0: 0', 'wait child: exit 4'] },
  },
  [{ what: 'it is killed', replace: ['call close $child;', 'call close $child; kill child KILL;'] }],
);

tells(
  {
    id: 'pidfd.getfd.needs-a-living-process',
    statement: 'pidfd_getfd(2) copies a descriptor of the process; EBADF for one it has not, ESRCH when it has ended.',
    sources: [man('pidfd_getfd(2)', 'ERRORS'), kernelSource('kernel/pid.c', 'pidfd_getfd')],
    tags,
    entries: ['PFD-22'],
  },
  {
    script:
      'clone child CLONE_PIDFD { await go; exit 4 }; call pidfd_getfd $child 1 0 > copy; call pidfd_getfd $child 777 0; call pidfd_getfd $child 1 1; open go; until Z child; call pidfd_getfd $child 1 0; wait child; call pidfd_getfd $child 1 0; exit 0',
    says: {
      main: [
        'call pidfd_getfd $child 1 0: 0',
        'call pidfd_getfd $child 777 0: EBADF',
        'call pidfd_getfd $child 1 1: EINVAL',
        'until Z child: Z',
        'call pidfd_getfd $child 1 0: ESRCH',
        'wait child: exit 4',
        'call pidfd_getfd $child 1 0: ESRCH',
      ],
    },
  },
  [{ what: 'the descriptor is there', replace: ['$child 777 0', '$child 2 0'] }],
);

tells(
  {
    id: 'pidfd.mrelease.needs-a-dying-process',
    statement: 'process_mrelease(2) of a process that is not dying is EINVAL; 5.10 has no such call: ENOSYS.',
    sources: [kernelSource('mm/oom_kill.c', '__do_sys_process_mrelease')],
    tags,
    entries: ['PFD-21'],
    expected: byKernel(
      { '<5.15': 'ENOSYS', '>=5.15': 'EINVAL' },
      { '>=5.15': { commit: '884a7e5964e0', title: 'mm: introduce process_mrelease system call' } },
    ),
  },
  {
    script: 'clone child CLONE_PIDFD { pause }; call process_mrelease $child 0; exit 0',
    says: (error) => ({ main: [`call process_mrelease $child 0: ${error}`] }),
  },
  [
    {
      what: 'a descriptor that is none',
      replace: ['call process_mrelease $child 0', 'call close 777'],
    },
  ],
);

tells(
  {
    id: 'pidfd.clone.with-a-thread',
    statement: 'CLONE_PIDFD together with CLONE_THREAD works from 6.9 on; before it is EINVAL.',
    sources: [man('clone(2)', 'CLONE_PIDFD'), kernelSource('kernel/fork.c', 'copy_process')],
    tags: ['thread', ...tags],
    entries: ['PFD-16'],
    expected: byKernel(
      { '<6.9': 'EINVAL', '>=6.9': 'EFAULT' },
      { '>=6.9': { commit: '83b290c9e3b5', title: 'pidfd: clone: allow CLONE_THREAD | CLONE_PIDFD together' } },
    ),
  },
  {
    script: 'clone-nowhere CLONE_THREAD|CLONE_SIGHAND|CLONE_VM|CLONE_PIDFD; exit 0',
    says: (error) => ({ main: [`clone-nowhere CLONE_THREAD|CLONE_SIGHAND|CLONE_VM|CLONE_PIDFD: ${error}`] }),
  },
  [
    {
      what: 'the flags are others',
      replace: ['CLONE_THREAD|CLONE_SIGHAND|CLONE_VM|CLONE_PIDFD; exit', 'CLONE_NEWNS|CLONE_FS; call close 777; exit'],
    },
  ],
);

for (const { name, number, since, commit, title, entries } of [
  {
    name: 'thread',
    number: 'PIDFD_SELF',
    since: '6.15',
    commit: 'f08d0c3a7111',
    title: 'pidfd: add PIDFD_SELF* sentinels to refer to own thread/process',
    entries: ['PFD-14'],
  },
  {
    name: 'process',
    number: 'PIDFD_SELF_PROCESS',
    since: '6.17',
    commit: '67fcec2919e4',
    title: 'fcntl/pidfd: redefine PIDFD_SELF_THREAD_GROUP',
    entries: ['PFD-14'],
  },
]) {
  tells(
    {
      id: `pidfd.self.${name}`,
      statement: `The pseudo descriptor for one’s own ${name} works from ${since} on; before it is EBADF.`,
      sources: [kernelSource('kernel/signal.c', '__do_sys_pidfd_send_signal')],
      tags,
      entries,
      expected: byKernel({ [`<${since}`]: 'EBADF', [`>=${since}`]: '0' }, { [`>=${since}`]: { commit, title } }),
    },
    {
      script: `call pidfd_send_signal ${number} 0 0 0; exit 0`,
      says: (outcome) => ({ main: [`call pidfd_send_signal ${number} 0 0 0: ${outcome}`] }),
    },
    [
      {
        what: 'another call',
        replace: [`call pidfd_send_signal ${number} 0 0 0`, 'call kill self 65'],
      },
    ],
  );
}

tells(
  {
    id: 'pidfd.info.status-of-who-was-reaped',
    statement:
      'From 6.15 on PIDFD_GET_INFO tells the status of a process that has been reaped to who has opened a pidfd before; not while it lives or is a zombie.',
    sources: [kernelSource('fs/pidfs.c', 'pidfd_info')],
    tags: ['star', 'exit-status', ...tags],
    entries: ['PFD-11', 'PFD-12'],
    expected: byKernel(
      {
        '<6.11': ['ENOTTY', 'ENOTTY', 'ENOTTY'],
        '>=6.11 <6.13': ['EINVAL', 'EINVAL', 'EINVAL'],
        '>=6.13 <6.15': ['not told', 'not told', 'ESRCH'],
        '>=6.15': ['not told', 'not told', 'status 1792'],
      },
      {
        '>=6.13 <6.15': { commit: 'cdda1f26e74b', title: 'pidfd: add ioctl to retrieve pid info' },
        '>=6.15': { commit: '7477d7dce48a', title: 'pidfs: allow to retrieve exit information' },
      },
    ),
  },
  {
    script:
      'clone c CLONE_PIDFD { await go; exit 7 }; exit-info $c; open go; until Z c; exit-info $c; wait c; exit-info $c; exit 0',
    says: ([living, zombie, reaped]) => ({
      main: [
        `exit-info $c: ${living ?? ''}`,
        'until Z c: Z',
        `exit-info $c: ${zombie ?? ''}`,
        'wait c: exit 7',
        `exit-info $c: ${reaped ?? ''}`,
      ],
    }),
  },
  [{ what: 'it ends otherwise', replace: ['exit 7', 'exit 8'] }],
);

spec(
  {
    id: 'pidfd.clone.autokill-ends-the-child',
    statement:
      'From 7.1 on a child made with CLONE_PIDFD_AUTOKILL is killed when its pidfd is closed; before, the flag is EINVAL.',
    sources: [kernelSource('fs/pidfs.c', 'pidfs_file_release'), kernelSource('kernel/fork.c', 'copy_process')],
    tags: ['clone', ...tags],
    entries: ['FEX-16'],
    expected: byKernel({ '<7.1': 'EINVAL', '>=7.1': 'ESRCH' }),
  },
  async ({ guest, expect, expected }) => {
    const born = 'clone child CLONE_PIDFD|CLONE_AUTOREAP|CLONE_NNP|CLONE_PIDFD_AUTOKILL exit 0 { pause }';
    const closed = 'call close $child; quietly { until-gone child }; kill child 0';
    const fixture = await guest.process(actor(`${born}; ${expected === 'EINVAL' ? '' : closed}; exit 0`), {
      endAll: true,
    });
    expect(await fixture.finished()).toEqual({ by: 'exit', code: 0 });
    expect(fixture.transcript().at(-1)).toMatch(new RegExp(`^(clone|kill) child .*: ${expected}$`));
  },
  [
    {
      what: 'without the flag',
      replace: ['|CLONE_AUTOREAP|CLONE_NNP|CLONE_PIDFD_AUTOKILL exit 0 { pause }', ' { exit 0 }; exit 1'],
    },
  ],
);

tells(
  {
    id: 'pidfd.info.opens-the-namespaces-of-its-process',
    statement: 'PIDFD_GET_PID_NAMESPACE opens the pid namespace of a process by its pidfd; up to 6.10 it is ENOTTY.',
    sources: [kernelSource('fs/pidfs.c', 'pidfd_ioctl')],
    tags: ['namespace', ...tags],
    entries: ['PFD-17'],
    expected: byKernel(
      { '<6.11': ['ENOTTY', 'EBADF'], '>=6.11': ['0', 'same'] },
      { '>=6.11': { commit: '5b08bd408534', title: 'pidfs: allow retrieval of namespace file descriptors' } },
    ),
  },
  {
    // _IO(0xff, 5). (include/uapi/linux/pidfd.h)
    script:
      'clone c CLONE_PIDFD { pause }; call ioctl $c 65285 0 > ns; quietly { open-file /proc/self/ns/pid O_RDONLY > own }; inode $ns $own; exit 0',
    says: ([opened, compared]) => ({
      main: [`call ioctl $c 65285 0: ${opened ?? ''}`, `inode $ns $own: ${compared ?? ''}`],
    }),
  },
  [{ what: 'the child has another', replace: ['clone c CLONE_PIDFD {', 'clone c CLONE_PIDFD|CLONE_NEWPID {'] }],
);
