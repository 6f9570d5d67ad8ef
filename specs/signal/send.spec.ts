/** Sending signals: kill(2), tgkill(2), sigqueue(3), and whom they reach. */
import { actor, byKernel, kernelSource, man, signalsTo, spec, tells } from '../../src/harness/index.ts';

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
    id: 'signal.send.minus-one-spares-init-and-the-caller',
    statement: 'kill(−1) reaches every process of the namespace except its init and the caller.',
    sources: [kill, something],
    tags: ['star', 'container', ...tags],
    entries: ['KIL-03'],
  },
  {
    as: 'init',
    script: `quietly { on TERM }; fork a { on TERM exit 5; ready; pause }; fork b { setsid; on TERM exit 6; ready; pause };
      fork sender { quietly { on TERM }; await a; await b; kill all TERM; exit 7 }; wait sender; wait a; wait b; say alive; exit 0`,
    says: {
      main: ['wait sender: exit 7', 'wait a: exit 5', 'wait b: exit 6'],
      sender: ['kill all TERM: 0'],
    },
  },
  [
    { what: 'the sender sends to its group', replace: ['kill all TERM', 'kill group TERM'] },
    { what: 'the init is the sender', replace: ['kill all TERM; exit 7', 'kill all TERM; kill self TERM; exit 7'] },
  ],
);

tells(
  {
    id: 'signal.send.minus-one-reaches-nested-namespaces',
    statement: 'kill(−1) reaches the processes of nested pid namespaces too, their inits with them.',
    sources: [kill, something],
    tags: ['container', ...tags],
    entries: ['KIL-03'],
  },
  {
    as: 'init',
    script: `fork maker { quietly { block TERM; call unshare CLONE_NEWPID }; fork inner { fork deep { open up; await sent; sigpoll TERM; exit 7 }; await sent; sigpoll TERM; wait deep; exit 6 }; wait inner; exit 5 };
      await up; kill all TERM; open sent; wait maker; exit 0`,
    says: {
      deep: ['sigpoll TERM: TERM SI_USER from 0'],
      inner: ['sigpoll TERM: TERM SI_USER from 0', 'wait deep: exit 7'],
      main: ['kill all TERM: 0', 'wait maker: exit 5'],
    },
  },
  [{ what: 'it is sent to one of them alone', replace: ['kill all TERM', 'kill maker TERM'] }],
);

tells(
  {
    id: 'signal.send.minus-one-with-nobody-else-is-esrch',
    statement: 'kill(−1) where nobody but init and the caller lives is ESRCH.',
    sources: [kill, something],
    tags: ['container', ...tags],
    entries: ['KIL-03'],
  },
  {
    as: 'init',
    script: `kill all TERM; fork child { kill all TERM; exit 0 }; wait child; exit 0`,
    says: { main: ['kill all TERM: ESRCH', 'wait child: exit 0'], child: ['kill all TERM: ESRCH'] },
  },
  [{ what: 'somebody else lives', replace: ['kill all TERM; fork', 'fork other { pause }; kill all 0; fork'] }],
);

spec(
  {
    id: 'signal.send.minus-one-stays-in-the-namespace',
    statement: 'kill(−1) inside a pid namespace reaches nobody outside of it.',
    sources: [kill, man('pid_namespaces(7)'), something],
    tags: ['star', 'container', ...tags],
    entries: ['KIL-03'],
  },
  async ({ guest, expect }) => {
    const outside = await guest.process(actor('on USR1; ready; pause'));
    await outside.ready();
    const inside = await guest.pidNamespace(
      actor('fork other { ignore USR1; ready; pause }; await other; kill all USR1; exit 0'),
    );
    expect(await inside.finished()).toEqual({ by: 'exit', code: 0 });
    expect(inside.transcript()).toEqual(['kill all USR1: 0']);
    expect(signalsTo(await inside.kernelTrace(), outside.hostPid)).toEqual([]);
    expect(outside.seen({ ev: 'signal' })).toEqual([]);
    await outside.signal('USR1');
    await outside.event({ ev: 'signal', signo: 10 });
    expect(outside.seen({ ev: 'signal' })).toHaveLength(1);
  },
  [{ what: 'the outside process sends one to itself', replace: ['on USR1; ready', 'on USR1; kill self USR1; ready'] }],
);

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

tells(
  {
    id: 'signal.send.tgkill-checks-the-thread-group',
    statement: 'tgkill(2) with a thread of another process is ESRCH, with ids below 1 EINVAL.',
    sources: [man('tgkill(2)', 'ERRORS'), kernelSource('kernel/signal.c', 'do_send_specific')],
    tags,
    entries: ['KIL-06'],
  },
  {
    script: `fork child { pause }; tgkill self child 0; tgkill child child 0; tgkill 0 child 0; tgkill self 0 0; tgkill -1 child 0; call tkill 0 0; call tkill child 0; exit 0`,
    says: {
      main: [
        'tgkill self child 0: ESRCH',
        'tgkill child child 0: 0',
        'tgkill 0 child 0: EINVAL',
        'tgkill self 0 0: EINVAL',
        'tgkill -1 child 0: EINVAL',
        'call tkill 0 0: EINVAL',
        'call tkill child 0: 0',
      ],
    },
  },
  [{ what: 'the right thread group', replace: ['tgkill self child 0', 'tgkill child child 0'] }],
);

tells(
  {
    id: 'signal.send.kill-takes-the-tid-of-any-thread',
    statement: 'kill(2) with the tid of a thread signals its process, and prefers that very thread.',
    sources: [
      kernelSource('kernel/signal.c', 'kill_pid_info'),
      kernelSource('kernel/signal.c', 'complete_signal'),
      kill,
    ],
    tags: ['thread', ...tags],
    entries: ['KIL-07'],
  },
  {
    script: `quietly { on USR1 opens taken }; thread other { await never }; kill other USR1; await taken; exit 0`,
    says: { other: ['signal USR1: SI_USER from self'], main: ['kill other USR1: 0'] },
  },
  [{ what: 'it is the pid', replace: ['kill other USR1', 'kill self USR1'] }],
);

tells(
  {
    id: 'signal.send.tgkill-to-a-thread-stays-with-it',
    statement:
      'A signal sent by tgkill(2) to a thread that blocks it waits for that thread, though others would take it.',
    sources: [man('tgkill(2)'), kernelSource('kernel/signal.c', 'wants_signal')],
    tags: ['thread', ...tags],
    entries: ['KIL-08'],
  },
  {
    script: `quietly { on USR1 }; thread other { quietly { block USR1 }; open blocked; await sent; pending; unblock USR1 }; await blocked; tgkill self other USR1; pending; open sent; join other; exit 0`,
    says: {
      main: ['tgkill self other USR1: 0', 'pending: none', 'join other: 0'],
      other: ['pending: USR1', 'signal USR1: SI_TKILL from self', 'unblock USR1: 0'],
    },
  },
  [{ what: 'it is sent by kill', replace: ['tgkill self other USR1', 'kill self USR1'] }],
);

for (const { signal, outcome } of [
  { signal: 'TERM', outcome: 'SIGTERM' },
  { signal: 'KILL', outcome: 'SIGKILL' },
  { signal: 'STOP', outcome: 'stopped by SIGSTOP' },
]) {
  tells(
    {
      id: `thread.directed.sig${signal.toLowerCase()}-acts-on-the-process`,
      statement: `SIG${signal} sent by tgkill(2) to one thread acts on the whole process.`,
      sources: [man('signal(7)', 'Signal dispositions'), kernelSource('kernel/signal.c', 'complete_signal')],
      tags: ['thread', ...tags],
      entries: ['THR-01', 'KIL-08'],
    },
    {
      script: `fork child { thread other { await never }; quietly { tgkill self other ${signal} }; await never }; wait child WUNTRACED; quietly { kill child KILL }; exit 0`,
      says: { main: [`wait child: ${outcome}`] },
    },
    [{ what: 'it is ignored', replace: [`other ${signal}`, 'other WINCH; open never; exit 9'] }],
  );
}

tells(
  {
    id: 'signal.send.tgsigqueueinfo-forgeries-are-for-oneself',
    statement:
      'rt_tgsigqueueinfo(2) to another thread with a si_code ≥ 0 or SI_TKILL is EPERM; it reaches just the thread it names.',
    sources: [man('rt_sigqueueinfo(2)'), kernelSource('kernel/signal.c', 'do_rt_tgsigqueueinfo')],
    tags: ['siginfo', 'permission', ...tags],
    entries: ['KIL-09'],
  },
  {
    script: `quietly { block USR1 34 }; fork child { pause }; tgsigqueue child child USR1 1 SI_USER; tgsigqueue child child USR1 1 SI_KERNEL;
      tgsigqueue child child USR1 1 SI_TKILL; tgsigqueue child child 34 1; tgsigqueue child self 34 1; tgsigqueue 0 child 34 1;
      tgsigqueue self tid USR1 1 SI_KERNEL; sigpoll USR1; tgsigqueue self tid 34 7; sigpoll 34;
      thread t { sigpoll 34; open looked; await end }; await looked; tgsigqueue self tid 34 8; open end; join t; sigpoll 34; exit 0`,
    says: {
      main: [
        'tgsigqueue child child USR1 1 SI_USER: EPERM',
        'tgsigqueue child child USR1 1 SI_KERNEL: EPERM',
        'tgsigqueue child child USR1 1 SI_TKILL: EPERM',
        'tgsigqueue child child 34 1: 0',
        'tgsigqueue child self 34 1: ESRCH',
        'tgsigqueue 0 child 34 1: EINVAL',
        'tgsigqueue self tid USR1 1 SI_KERNEL: 0',
        'sigpoll USR1: USR1 SI_KERNEL',
        'tgsigqueue self tid 34 7: 0',
        'sigpoll 34: 34 SI_QUEUE 7 from self',
        'tgsigqueue self tid 34 8: 0',
        'join t: 0',
        'sigpoll 34: 34 SI_QUEUE 8 from self',
      ],
      t: ['sigpoll 34: EAGAIN'],
    },
  },
  [
    {
      what: 'it is sent to oneself',
      replace: ['tgsigqueue child child USR1 1 SI_USER', 'tgsigqueue self tid USR1 1 SI_USER'],
    },
  ],
);

tells(
  {
    id: 'signal.send.sigqueueinfo-forgeries-are-for-oneself',
    statement:
      'rt_sigqueueinfo(2) to another process with a si_code of the kernel (≥ 0) or SI_TKILL is EPERM, for root too; to oneself anything goes, another si_pid with it.',
    sources: [man('rt_sigqueueinfo(2)', 'ERRORS'), kernelSource('kernel/signal.c', 'do_rt_sigqueueinfo')],
    tags,
    entries: ['KIL-09'],
  },
  {
    script: `quietly { block USR1 }; fork child { pause }; sigqueue child USR1 1 SI_USER; sigqueue child USR1 1 SI_KERNEL; sigqueue child USR1 1 SI_TKILL; sigqueue child USR1 1 SI_QUEUE;
      sigqueue self USR1 1 SI_KERNEL; sigpoll USR1; sigqueue self USR1 9 SI_QUEUE 4242; sigpoll USR1; exit 0`,
    says: {
      main: [
        'sigqueue child USR1 1 SI_USER: EPERM',
        'sigqueue child USR1 1 SI_KERNEL: EPERM',
        'sigqueue child USR1 1 SI_TKILL: EPERM',
        'sigqueue child USR1 1 SI_QUEUE: 0',
        'sigqueue self USR1 1 SI_KERNEL: 0',
        'sigpoll USR1: USR1 SI_KERNEL',
        'sigqueue self USR1 9 SI_QUEUE 4242: 0',
        'sigpoll USR1: USR1 SI_QUEUE 9 from 4242',
      ],
    },
  },
  [{ what: 'it is sent to oneself', replace: ['sigqueue child USR1 1 SI_USER', 'sigqueue self USR1 1 SI_USER'] }],
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
    id: 'signal.send.sigkill-beats-a-fork-storm',
    statement:
      'One SIGKILL to a process group ends all of a fork storm: a fork that meets a pending signal is restarted, no child escapes.',
    sources: [man('fork(2)'), kernelSource('kernel/fork.c', 'copy_process')],
    tags: ['group', ...tags],
    entries: ['KIL-13', 'INT-07'],
  },
  {
    as: 'init',
    script: `fork storm { setpgid; quietly { fork twin { quietly { repeat 100000 { fork leaf { exit 0 }; wait leaf } } }; fork more { quietly { repeat 100000 { fork leaf { exit 0 }; wait leaf } } } ; open storming; repeat 100000 { fork leaf { exit 0 }; wait leaf } } };
      await storming; call kill -storm KILL; quietly { reap }; exit 0`,
    says: { main: ['call kill -storm KILL: 0'] },
  },
  [
    {
      what: 'a part of it has a group of its own, and never ends',
      replace: [
        'fork twin { quietly { repeat 100000 { fork leaf { exit 0 }; wait leaf } } };',
        'fork twin { setpgid; open apart; pause }; await apart;',
      ],
    },
  ],
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
    id: 'signal.send.sigkill-wins',
    statement: 'SIGKILL sent to oneself never returns, and wins over whatever else is pending.',
    sources: [man('signal(7)'), kernelSource('kernel/signal.c', 'complete_signal')],
    tags,
    entries: ['KIL-15'],
  },
  {
    script: `fork child { quietly { block all; kill self TERM; kill self SEGV; kill self 34 }; kill self KILL; say alive }; wait child; exit 0`,
    says: { main: ['wait child: SIGKILL'], child: [] },
  },
  [{ what: 'it is SIGINT', replace: ['kill self KILL', 'unblock INT; kill self INT'] }],
);

tells(
  {
    id: 'signal.send.sigkill-wins-over-what-a-stopped-process-has-pending',
    statement:
      'SIGKILL ends a stopped process before all that is pending for it and not blocked: a lower number, a caught signal, one of its thread alone.',
    sources: [
      man('signal(7)'),
      kernelSource('kernel/signal.c', 'complete_signal'),
      kernelSource('kernel/signal.c', 'get_signal'),
    ],
    tags,
    entries: ['KIL-15'],
  },
  {
    script: `fork child { quietly { limit RLIMIT_CORE 0; on USR1; on INT exit 4 }; ready; pause }; await child; kill child STOP; wait child WUNTRACED;
      kill child HUP; kill child INT; kill child USR1; tgkill child child SEGV; kill child KILL; wait child; exit 0`,
    says: {
      main: [
        'kill child STOP: 0',
        'wait child: stopped by SIGSTOP',
        'kill child HUP: 0',
        'kill child INT: 0',
        'kill child USR1: 0',
        'tgkill child child SEGV: 0',
        'kill child KILL: 0',
        'wait child: SIGKILL',
      ],
      child: [],
    },
  },
  [{ what: 'it is continued before', replace: ['kill child KILL; wait child', 'kill child CONT; wait child'] }],
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
