/** What a siginfo_t says of where a signal comes from: sigaction(2) "The siginfo_t argument". */
import { actor, byKernel, kernelSource, man, signalsTakenBy, signalsTo, spec, tells } from '../../src/harness/index.ts';

const page = man('sigaction(2)', 'The siginfo_t argument to a SA_SIGINFO handler');
const tags = ['siginfo'];

tells(
  {
    id: 'signal.info.sigpipe-names-its-writer',
    statement: 'SIGPIPE comes with SI_USER and the pid of the process that wrote, as if it had sent it to itself.',
    sources: [page, man('pipe(7)'), kernelSource('fs/pipe.c', 'pipe_write')],
    tags,
    entries: ['INF-02'],
  },
  {
    script: 'quietly { on PIPE }; broken-pipe; exit 0',
    says: { main: ['signal PIPE: SI_USER from self', 'broken-pipe: EPIPE'] },
  },
  [{ what: 'it is sent by sigqueue', replace: ['broken-pipe', 'sigqueue self PIPE 1; broken-pipe'] }],
);

for (const { fault, signal, code, what } of [
  { fault: 'divide', signal: 'FPE', code: 'FPE_INTDIV', what: 'a division by zero' },
  { fault: 'ud2', signal: 'ILL', code: 'ILL_ILLOPN', what: 'an undefined instruction' },
  { fault: 'int3', signal: 'TRAP', code: 'SI_KERNEL', what: 'a breakpoint' },
]) {
  tells(
    {
      id: `signal.info.sig${signal.toLowerCase()}-of-the-processor`,
      statement: `On x86 ${what} is SIG${signal} with ${code}.`,
      sources: [page, kernelSource('arch/x86/kernel/traps.c', 'do_trap')],
      tags: ['fault', ...tags],
      entries: ['INF-09'],
    },
    {
      script: `quietly { on ${signal} exit 9 }; fault ${fault}; exit 0`,
      says: { main: [`signal ${signal}: ${code}`] },
      ends: { by: 'exit', code: 9 },
    },
    [{ what: 'it is sent by a user', replace: [`fault ${fault}`, `kill self ${signal}`] }],
  );
}

spec(
  {
    id: 'signal.info.sigsys-of-a-filter',
    statement:
      'SECCOMP_RET_TRAP sends SIGSYS with SYS_SECCOMP, the number of the system call, and the data of the filter as si_errno.',
    sources: [man('seccomp(2)', 'SECCOMP_RET_TRAP'), kernelSource('kernel/signal.c', 'force_sig_seccomp')],
    tags: ['seccomp', ...tags],
    entries: ['INF-10'],
    needs: ['CONFIG_SECCOMP_FILTER'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(actor('quietly { on SYS; seccomp getppid trap }; call getppid; exit 0'));
    expect(await fixture.finished()).toEqual({ by: 'exit', code: 0 });
    // 110 is getppid(2), 42 the data that the actor's filters return. (arch/x86/entry/syscalls/syscall_64.tbl)
    expect(await fixture.event({ ev: 'signal' })).toMatchObject({ signo: 31, code: 1, syscall: 110, si_errno: 42 });
    expect(fixture.transcript()[0]).toBe('signal SYS: SYS_SECCOMP');
  },
  [{ what: 'the filter makes it fail', replace: ['getppid trap', 'getppid errno'] }],
);

spec(
  {
    id: 'signal.info.sigsys-of-a-filter-that-kills',
    statement:
      'SECCOMP_RET_KILL_PROCESS is a SIGSYS of the kernel that its process takes, although it blocks and ignores it; up to 5.14 it ends the process without any signal.',
    sources: [man('seccomp(2)', 'SECCOMP_RET_KILL_PROCESS'), kernelSource('kernel/signal.c', 'force_sig_seccomp')],
    tags: ['seccomp', 'trace', ...tags],
    entries: ['INF-10'],
    needs: ['CONFIG_SECCOMP_FILTER'],
    expected: byKernel<{ sent: readonly number[]; taken: readonly number[] }>(
      { '<5.15': { sent: [], taken: [] }, '>=5.15': { sent: [1], taken: [31] } },
      {
        '>=5.15': {
          commit: '307d522f5eb8',
          title: 'signal/seccomp: Refactor seccomp signal and coredump generation',
        },
      },
    ),
  },
  async ({ guest, expect, expected, observe }) => {
    const fixture = await guest.process(
      actor(
        'fork v { say here; quietly { call prctl PR_SET_DUMPABLE 0; ignore SYS; block SYS; seccomp getpgrp kill }; call getpgrp; exit 3 }; wait v; exit 0',
      ),
    );
    expect(await fixture.finished()).toEqual({ by: 'exit', code: 0 });
    expect(fixture.transcript()).toEqual(['wait v: SIGSYS']);
    const victim = fixture.seen({ ev: 'say', who: 'v' })[0]?.pid ?? 0;
    const trace = await fixture.kernelTrace();
    const sent = signalsTo(trace, victim);
    const seen = { sent: sent.map(({ code }) => code), taken: signalsTakenBy(trace, victim) };
    observe(seen);
    expect(seen).toEqual(expected);
    expect(sent.filter(({ sig, res, by }) => sig !== 31 || res !== 0 || by !== victim)).toEqual([]);
  },
  [
    { what: 'the call fails', replace: ['seccomp getpgrp kill', 'seccomp getpgrp errno'] },
    { what: 'it sends the signal itself', replace: ['ignore SYS; block SYS;', 'kill self SYS;'] },
  ],
);

tells(
  {
    id: 'signal.info.sigsys-of-syscall-user-dispatch',
    statement:
      'A system call that syscall user dispatch gives back is SIGSYS with SYS_USER_DISPATCH; 5.10 has no such thing.',
    sources: [
      man('PR_SET_SYSCALL_USER_DISPATCH(2const)'),
      kernelSource('kernel/entry/syscall_user_dispatch.c', 'trigger_sigsys'),
    ],
    tags,
    entries: ['INF-11'],
    expected: byKernel(
      {
        '<5.11': ['user-dispatch getppid: EINVAL'],
        '>=5.11': ['signal SYS: SYS_USER_DISPATCH', 'user-dispatch getppid: 0'],
      },
      { '>=5.11': { commit: '1446e1df9eb1', title: 'kernel: Implement selective syscall userspace redirection' } },
    ),
  },
  {
    script: 'quietly { on SYS }; user-dispatch getppid; exit 0',
    says: (lines) => ({ main: lines }),
  },
  [
    {
      what: 'SIGSYS has another sender first',
      replace: ['user-dispatch getppid', 'kill self SYS; user-dispatch getppid'],
    },
  ],
);

tells(
  {
    id: 'signal.info.sigchld-of-a-namespace-init',
    statement: "SIGCHLD for the init of a pid namespace names it by its number in the parent's namespace.",
    sources: [page, kernelSource('kernel/signal.c', 'do_notify_parent')],
    tags: ['container', ...tags],
    entries: ['INF-06'],
  },
  {
    script: `quietly { block CHLD; call unshare CLONE_NEWPID }; fork one { fork in { pause }; exit 5 }; sigwait CHLD; exit 0`,
    says: { main: ['sigwait CHLD: CHLD CLD_EXITED 5 from one'] },
  },
  [{ what: 'it ends otherwise', replace: ['exit 5', 'exit 6'] }],
);

tells(
  {
    id: 'signal.info.sigchld-after-setns',
    statement:
      "SIGCHLD for a child that was born in a namespace its parent has joined by setns(2) names it by its number in the parent's own namespace, for its end as for its stop.",
    sources: [
      page,
      man('setns(2)', 'CLONE_NEWPID'),
      kernelSource('kernel/signal.c', 'do_notify_parent'),
      kernelSource('kernel/signal.c', 'do_notify_parent_cldstop'),
    ],
    tags: ['container', ...tags],
    entries: ['INF-06'],
  },
  {
    script: `quietly { block CHLD }; clone one CLONE_NEWPID { open up; pause }; await up; quietly { open-file /proc/@one/ns/pid O_RDONLY > ns }; call setns $ns CLONE_NEWPID;
      fork inner { call getpid; quietly { kill self STOP } }; sigwait CHLD; quietly { kill inner KILL }; sigwait CHLD; exit 0`,
    says: {
      inner: ['call getpid: 2'],
      main: [
        'call setns $ns CLONE_NEWPID: 0',
        'sigwait CHLD: CHLD CLD_STOPPED 19 from inner',
        'sigwait CHLD: CHLD CLD_KILLED 9 from inner',
      ],
    },
  },
  [{ what: 'it joins nothing', replace: ['call setns $ns CLONE_NEWPID', 'call setns $ns CLONE_NEWUTS'] }],
);

tells(
  {
    id: 'signal.info.pids-are-those-of-the-receivers-namespace',
    statement:
      'Within a pid namespace, SIGCHLD for an end, a stop and a continuation, SIGPIPE and a signal of kill(2) name processes by their numbers there.',
    sources: [
      page,
      kernelSource('kernel/signal.c', 'do_notify_parent'),
      kernelSource('kernel/signal.c', 'do_notify_parent_cldstop'),
      kernelSource('kernel/signal.c', '__send_signal_locked'),
    ],
    tags: ['container', ...tags],
    entries: ['INF-04', 'INF-06'],
  },
  {
    as: 'init',
    script: `quietly { block CHLD; on PIPE; on USR1 opens got }; fork child { pause }; quietly { kill child STOP }; sigwait CHLD; quietly { kill child CONT }; sigwait CHLD; quietly { kill child KILL }; sigwait CHLD; quietly { wait child };
      broken-pipe; fork other { kill parent USR1; exit 0 }; await got; exit 0`,
    says: {
      main: [
        'sigwait CHLD: CHLD CLD_STOPPED 19 from child',
        'sigwait CHLD: CHLD CLD_CONTINUED 18 from child',
        'sigwait CHLD: CHLD CLD_KILLED 9 from child',
        'signal PIPE: SI_USER from self',
        'broken-pipe: EPIPE',
        'signal USR1: SI_USER from other',
      ],
    },
  },
  [{ what: 'it is ended by another signal', replace: ['kill child KILL', 'kill child TERM'] }],
);

tells(
  {
    id: 'signal.info.queued-from-outside-has-pid-0',
    statement:
      'A signal queued from an ancestor pid namespace has si_pid 0, whatever its sender has put there, and keeps SI_QUEUE and its value.',
    sources: [
      page,
      man('pid_namespaces(7)'),
      man('rt_sigqueueinfo(2)'),
      kernelSource('kernel/signal.c', 'send_signal_locked'),
    ],
    tags: ['container', ...tags],
    entries: ['INF-04'],
  },
  {
    script: `quietly { call unshare CLONE_NEWPID }; fork one { quietly { block USR1 USR2 34 35 }; open up; sigwait USR1; sigwait USR2; sigwait 34; sigwait 35; exit 5 };
      await up; quietly { call pidfd_open one 0 > p }; sigqueue one USR1 7; sigqueue one USR2 8 SI_QUEUE 4242; pidfd-queue $p 34 9; tgsigqueue one one 35 10; wait one; exit 0`,
    says: {
      one: [
        'sigwait USR1: USR1 SI_QUEUE 7 from 0',
        'sigwait USR2: USR2 SI_QUEUE 8 from 0',
        'sigwait 34: 34 SI_QUEUE 9 from 0',
        'sigwait 35: 35 SI_QUEUE 10 from 0',
      ],
      main: [
        'sigqueue one USR1 7: 0',
        'sigqueue one USR2 8 SI_QUEUE 4242: 0',
        'pidfd-queue $p 34 9: 0',
        'tgsigqueue one one 35 10: 0',
        'wait one: exit 5',
      ],
    },
  },
  [
    { what: 'no namespace', replace: ['CLONE_NEWPID', 'CLONE_NEWUTS'] },
    { what: 'one is sent by kill(2)', replace: ['sigqueue one USR1 7', 'kill one USR1'] },
  ],
);

tells(
  {
    id: 'signal.info.queued-inside-keeps-the-pid-it-was-given',
    statement:
      'Within a pid namespace other than the initial one, a queued signal keeps the si_pid that its sender has put there.',
    sources: [page, man('rt_sigqueueinfo(2)'), kernelSource('kernel/signal.c', 'send_signal_locked')],
    tags: ['container', ...tags],
    entries: ['INF-04'],
  },
  {
    as: 'init',
    script: `quietly { block USR1 USR2 }; fork other { sigqueue parent USR1 7; sigqueue parent USR2 8 SI_QUEUE 4242; exit 3 }; wait other; sigpoll USR1; sigpoll USR2; exit 0`,
    says: {
      main: [
        'wait other: exit 3',
        'sigpoll USR1: USR1 SI_QUEUE 7 from other',
        'sigpoll USR2: USR2 SI_QUEUE 8 from 4242',
      ],
    },
  },
  [{ what: 'another number', replace: ['SI_QUEUE 4242', 'SI_QUEUE 4243'] }],
);

tells(
  {
    id: 'signal.info.uid-is-mapped-into-the-user-namespace',
    statement:
      "si_uid is the sender's uid in the receiver's user namespace, 65534 where it has none there; up to 7.2 a sender without a uid in its own was 65534 outside, too.",
    sources: [
      man('user_namespaces(7)', 'Unmapped user and group IDs'),
      kernelSource('kernel/signal.c', '__send_signal_locked'),
    ],
    tags: ['container', ...tags],
    entries: ['INF-07'],
    expected: byKernel({ '<7.3': ' uid 65534', '>=7.3': '' }),
  },
  {
    script: `quietly { block USR2 }; fork child { quietly { block USR1; call unshare CLONE_NEWUSER }; open up; sigwait USR1; kill parent USR2; exit 0 };
      await up; kill child USR1; wait child; sigpoll USR2; exit 0`,
    says: (uid) => ({
      child: ['sigwait USR1: USR1 SI_USER from parent uid 65534', 'kill parent USR2: 0'],
      main: ['kill child USR1: 0', 'wait child: exit 0', `sigpoll USR2: USR2 SI_USER from child${uid}`],
    }),
  },
  [{ what: 'no user namespace', replace: ['block USR1; call unshare CLONE_NEWUSER', 'block USR1'] }],
);

tells(
  {
    id: 'signal.info.uid-is-the-number-of-the-map',
    statement:
      "si_uid of a signal is the number that the sender's uid has in the receiver's user namespace, inwards and outwards, by kill(2) and by sigqueue(3).",
    sources: [
      man('user_namespaces(7)', 'User and group ID mappings: uid_map and gid_map'),
      kernelSource('kernel/signal.c', 'send_signal_locked'),
    ],
    tags: ['container', ...tags],
    entries: ['INF-07'],
  },
  {
    script: `quietly { block USR2 34 }; fork child { quietly { block USR1 34; call unshare CLONE_NEWUSER }; write /proc/self/uid_map 7 0 1; call getuid; open up; sigwait USR1; sigwait 34; kill parent USR2; sigqueue parent 34 6; exit 0 };
      await up; kill child USR1; sigqueue child 34 5; wait child; sigpoll USR2; sigpoll 34; exit 0`,
    says: {
      child: [
        'write /proc/self/uid_map 7 0 1: 0',
        'call getuid: 7',
        'sigwait USR1: USR1 SI_USER from parent uid 7',
        'sigwait 34: 34 SI_QUEUE 5 from parent uid 7',
        'kill parent USR2: 0',
        'sigqueue parent 34 6: 0',
      ],
      main: [
        'kill child USR1: 0',
        'sigqueue child 34 5: 0',
        'wait child: exit 0',
        'sigpoll USR2: USR2 SI_USER from child',
        'sigpoll 34: 34 SI_QUEUE 6 from child',
      ],
    },
  },
  [
    { what: 'another number', replace: ['uid_map 7 0 1', 'uid_map 8 0 1'] },
    { what: 'the sender has another uid', replace: ['await up;', 'await up; call setresuid 3000 0 0;'] },
  ],
);

tells(
  {
    id: 'signal.info.uid-of-a-child-is-the-number-of-the-map',
    statement:
      "SIGCHLD and waitid(2) tell a child's uid by its number in the user namespace of the parent, for its end as for its stop.",
    sources: [
      man('user_namespaces(7)', 'User and group ID mappings: uid_map and gid_map'),
      kernelSource('kernel/signal.c', 'do_notify_parent'),
      kernelSource('kernel/signal.c', 'do_notify_parent_cldstop'),
      kernelSource('kernel/exit.c', 'wait_task_zombie'),
      kernelSource('kernel/exit.c', 'wait_task_stopped'),
    ],
    tags: ['container', ...tags],
    entries: ['INF-07'],
  },
  {
    script: `quietly { block CHLD };
      fork mapped { quietly { call unshare CLONE_NEWUSER; write /proc/self/uid_map 7 0 1 }; fork inner { await go; kill self STOP; exit 3 };
        open go; sigwait CHLD; waitid P_PID inner WSTOPPED; kill inner KILL; sigwait CHLD; waitid P_PID inner WEXITED; exit 4 };
      sigwait CHLD; waitid P_PID mapped WEXITED; exit 0`,
    says: {
      mapped: [
        'sigwait CHLD: CHLD CLD_STOPPED 19 from inner uid 7',
        'waitid P_PID inner WSTOPPED: CLD_STOPPED 19 from inner uid 7',
        'kill inner KILL: 0',
        'sigwait CHLD: CHLD CLD_KILLED 9 from inner uid 7',
        'waitid P_PID inner WEXITED: CLD_KILLED 9 from inner uid 7',
      ],
      main: ['sigwait CHLD: CHLD CLD_EXITED 4 from mapped', 'waitid P_PID mapped WEXITED: CLD_EXITED 4 from mapped'],
    },
  },
  [{ what: 'another number', replace: ['uid_map 7 0 1', 'uid_map 8 0 1'] }],
);

tells(
  {
    id: 'signal.info.perf-event-sends-trap-perf',
    statement:
      'A perf event with sigtrap sends SIGTRAP with TRAP_PERF and the value it was opened with; up to 5.12 perf_event_open(2) refuses it.',
    sources: [man('perf_event_open(2)', 'sigtrap'), kernelSource('kernel/signal.c', 'send_sig_perf')],
    tags: ['perf', ...tags],
    entries: ['INF-13'],
    expected: byKernel(
      { '<5.13': 'E2BIG', '>=5.13': 'TRAP_PERF 77' },
      { '>=5.13': { commit: '97ba62b27867', title: 'perf: Add support for SIGTRAP on perf events' } },
    ),
  },
  {
    script: 'quietly { on TRAP }; perf-trap 77; exit 0',
    says: (outcome) => ({
      main: outcome === 'E2BIG' ? ['perf-trap 77: E2BIG'] : ['perf-trap 77: 0', `signal TRAP: ${outcome}`],
    }),
  },
  [
    { what: 'nothing is written', replace: ['perf-trap 77', 'perf-trap 77 none'] },
    { what: 'another value', replace: ['perf-trap 77', 'perf-trap 78'] },
  ],
);
