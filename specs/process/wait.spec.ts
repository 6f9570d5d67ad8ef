/** Waiting for children: wait(2), waitid(2), zombies. */
import { kernelSource, man, tells } from '../../src/harness/index.ts';

const wait = man('wait(2)');
const tags = ['wait'];

tells(
  {
    id: 'process.wait.zombie-stays-until-waited-for',
    statement: 'A child that has ended is a zombie until it is waited for; then it is gone, and wait(2) is ECHILD.',
    sources: [wait, kernelSource('kernel/exit.c', 'wait_task_zombie')],
    tags: ['zombie', ...tags],
    entries: ['WAI-01'],
  },
  {
    script: `fork child { await go; exit 3 }; wait child WNOHANG; open go; until Z child; state child; wait child; state child; wait child; exit 0`,
    says: {
      main: [
        'wait child WNOHANG: 0',
        'until Z child: Z',
        'state child: Z',
        'wait child: exit 3',
        'state child: -',
        'wait child: ECHILD',
      ],
    },
  },
  [
    { what: 'SIGCHLD is ignored', replace: ['fork child {', 'ignore CHLD; fork child {'] },
    { what: 'it exits with another code', replace: ['exit 3', 'exit 4'] },
  ],
);

tells(
  {
    id: 'process.wait.zombie-keeps-its-number',
    statement: 'The pid of a zombie is taken, for clone3(2) with set_tid, until it is waited for; then it is free.',
    sources: [wait, kernelSource('kernel/exit.c', 'release_task'), kernelSource('kernel/pid.c', 'alloc_pid')],
    tags: ['zombie', ...tags],
    entries: ['WAI-13'],
  },
  {
    as: 'init',
    script: `clone a 0 pid 500 { exit 0 }; until Z a; clone b 0 pid 500 { exit 0 }; wait a; clone b 0 pid 500 { exit 3 }; wait b; exit 0`,
    says: { main: ['until Z a: Z', 'clone b 0 pid 500: EEXIST', 'wait a: exit 0', 'wait b: exit 3'] },
  },
  [{ what: 'it is waited for before', replace: ['until Z a;', 'until Z a; wait a;'] }],
);

tells(
  {
    id: 'process.wait.zombie-counts-against-nproc',
    statement: 'A zombie counts against RLIMIT_NPROC of its user until it is waited for.',
    sources: [man('getrlimit(2)', 'RLIMIT_NPROC'), kernelSource('kernel/exit.c', 'release_task')],
    tags: ['zombie', ...tags],
    entries: ['WAI-13'],
  },
  {
    script: `quietly { limit RLIMIT_NPROC 2; call setresuid 4013 4013 4013 }; fork a { exit 1 }; until Z a; fork b { exit 2 }; wait a; fork b { exit 3 }; wait b; exit 0`,
    says: { main: ['until Z a: Z', 'fork b: EAGAIN', 'wait a: exit 1', 'wait b: exit 3'] },
  },
  [{ what: 'there is room for another', replace: ['RLIMIT_NPROC 2', 'RLIMIT_NPROC 3'] }],
);

tells(
  {
    id: 'process.wait.wnowait-leaves-it-waitable',
    statement: 'waitid(2) with WNOWAIT tells of a dead child and leaves it to be waited for again.',
    sources: [man('waitid(2)'), kernelSource('kernel/exit.c', 'wait_task_zombie')],
    tags,
    entries: ['WAI-03'],
  },
  {
    script: `fork child { exit 3 }; waitid P_PID child WEXITED|WNOWAIT; state child; waitid P_PID child WEXITED|WNOWAIT; waitid P_PID child WEXITED; waitid P_PID child WEXITED; exit 0`,
    says: {
      main: [
        'waitid P_PID child WEXITED|WNOWAIT: CLD_EXITED 3 from child',
        'state child: Z',
        'waitid P_PID child WEXITED|WNOWAIT: CLD_EXITED 3 from child',
        'waitid P_PID child WEXITED: CLD_EXITED 3 from child',
        'waitid P_PID child WEXITED: ECHILD',
      ],
    },
  },
  [{ what: 'no WNOWAIT', replace: ['waitid P_PID child WEXITED|WNOWAIT; state', 'waitid P_PID child WEXITED; state'] }],
);

tells(
  {
    id: 'process.wait.wnowait-leaves-stop-and-continuation',
    statement: 'waitid(2) with WNOWAIT tells of a stop or a continuation and leaves it to be waited for again, once.',
    sources: [
      man('waitid(2)'),
      kernelSource('kernel/exit.c', 'wait_task_stopped'),
      kernelSource('kernel/exit.c', 'wait_task_continued'),
    ],
    tags: ['job', ...tags],
    entries: ['WAI-03'],
  },
  {
    script: `fork child { pause }; quietly { kill child STOP }; waitid P_PID child WSTOPPED|WNOWAIT; waitid P_PID child WSTOPPED; waitid P_PID child WSTOPPED|WNOHANG;
      quietly { kill child CONT }; waitid P_PID child WCONTINUED|WNOWAIT; waitid P_PID child WCONTINUED; waitid P_PID child WCONTINUED|WNOHANG; exit 0`,
    says: {
      main: [
        'waitid P_PID child WSTOPPED|WNOWAIT: CLD_STOPPED 19 from child',
        'waitid P_PID child WSTOPPED: CLD_STOPPED 19 from child',
        'waitid P_PID child WSTOPPED|WNOHANG: nothing',
        'waitid P_PID child WCONTINUED|WNOWAIT: CLD_CONTINUED 18 from child',
        'waitid P_PID child WCONTINUED: CLD_CONTINUED 18 from child',
        'waitid P_PID child WCONTINUED|WNOHANG: nothing',
      ],
    },
  },
  [
    { what: 'the stop is taken twice', replace: ['WSTOPPED|WNOWAIT', 'WSTOPPED'] },
    { what: 'the continuation is taken twice', replace: ['WCONTINUED|WNOWAIT', 'WCONTINUED'] },
  ],
);

tells(
  {
    id: 'process.wait.uid-of-the-child-is-told',
    statement:
      "SIGCHLD and waitid(2) tell the child's real uid as it is at the time, for its end as for its stop and continuation.",
    sources: [man('sigaction(2)', 'si_uid'), kernelSource('kernel/signal.c', 'do_notify_parent')],
    tags: ['siginfo', ...tags],
    entries: ['INF-03'],
  },
  {
    script: `quietly { block CHLD }; fork child { quietly { call setresuid 3000 3001 3002 }; kill self STOP; await go; exit 3 };
      sigwait CHLD; waitid P_PID child WSTOPPED; kill child CONT; sigwait CHLD; waitid P_PID child WCONTINUED|WNOHANG;
      open go; waitid P_PID child WEXITED|WNOWAIT; sigwait CHLD; waitid P_PID child WEXITED; exit 0`,
    says: {
      main: [
        'sigwait CHLD: CHLD CLD_STOPPED 19 from child uid 3000',
        'waitid P_PID child WSTOPPED: CLD_STOPPED 19 from child uid 3000',
        'kill child CONT: 0',
        'sigwait CHLD: CHLD CLD_CONTINUED 18 from child uid 3000',
        'waitid P_PID child WCONTINUED|WNOHANG: CLD_CONTINUED 18 from child uid 3000',
        'waitid P_PID child WEXITED|WNOWAIT: CLD_EXITED 3 from child uid 3000',
        'sigwait CHLD: CHLD CLD_EXITED 3 from child uid 3000',
        'waitid P_PID child WEXITED: CLD_EXITED 3 from child uid 3000',
      ],
    },
  },
  [{ what: 'the child keeps its uid', replace: ['quietly { call setresuid 3000 3001 3002 }; ', ''] }],
);

tells(
  {
    id: 'process.wait.stop-signal-is-told',
    statement:
      'SIGCHLD, wait(2) and waitid(2) name the signal that stopped a child: SIGSTOP, SIGTSTP, SIGTTIN or SIGTTOU.',
    sources: [man('sigaction(2)', 'si_status'), kernelSource('kernel/signal.c', 'do_notify_parent_cldstop')],
    tags: ['siginfo', 'job', ...tags],
    entries: ['INF-03', 'WAI-11'],
  },
  {
    // In a process group of its own, which is not orphaned: its parent is in another one of the same session.
    script: `quietly { block CHLD };
      fork a { quietly { setpgid; kill self TSTP } }; sigwait CHLD; waitid P_PID a WSTOPPED|WNOWAIT; wait a WUNTRACED;
      quietly { kill a KILL; wait a; sigwait CHLD };
      fork b { quietly { setpgid; kill self TTIN } }; sigwait CHLD; wait b WUNTRACED; quietly { kill b KILL; wait b; sigwait CHLD };
      fork c { quietly { setpgid; kill self TTOU } }; sigwait CHLD; wait c WUNTRACED; quietly { kill c KILL; wait c; sigwait CHLD };
      exit 0`,
    says: {
      main: [
        'sigwait CHLD: CHLD CLD_STOPPED 20 from a',
        'waitid P_PID a WSTOPPED|WNOWAIT: CLD_STOPPED 20 from a',
        'wait a: stopped by SIGTSTP',
        'sigwait CHLD: CHLD CLD_STOPPED 21 from b',
        'wait b: stopped by SIGTTIN',
        'sigwait CHLD: CHLD CLD_STOPPED 22 from c',
        'wait c: stopped by SIGTTOU',
      ],
    },
  },
  [{ what: 'it is stopped by SIGSTOP', replace: ['kill self TSTP', 'kill self STOP'] }],
);

tells(
  {
    id: 'process.wait.group-of-the-child-counts',
    statement:
      "waitid(P_PGID) and waitpid(−pgid) wait for children of that process group alone; 0 stands for the caller's own, and a group without a child of the caller's is ECHILD.",
    sources: [man('waitid(2)', 'P_PGID'), kernelSource('kernel/exit.c', 'eligible_pid')],
    tags: ['group', ...tags],
  },
  {
    script: `fork mine { exit 1 }; fork leader { quietly { setpgid }; open set; exit 2 }; await set; until Z mine; until Z leader;
      waitid P_PGID leader WEXITED|WNOWAIT; quietly { call wait4 -leader 0 WNOHANG 0 }; waitid P_PGID leader WEXITED;
      waitid P_PGID 0 WEXITED; waitid P_PGID 0 WEXITED; exit 0`,
    says: {
      main: [
        'until Z mine: Z',
        'until Z leader: Z',
        'waitid P_PGID leader WEXITED|WNOWAIT: CLD_EXITED 2 from leader',
        'waitid P_PGID leader WEXITED: ECHILD',
        'waitid P_PGID 0 WEXITED: CLD_EXITED 1 from mine',
        'waitid P_PGID 0 WEXITED: ECHILD',
      ],
    },
  },
  [{ what: 'the child stays in the group', replace: ['quietly { setpgid }; open set', 'open set'] }],
);

tells(
  {
    id: 'process.wait.waitid-wnohang-zeroes-its-answer',
    statement:
      'waitid(2) with WNOHANG and nothing to tell returns 0 with si_signo and si_pid 0; without any option it is EINVAL.',
    sources: [man('waitid(2)'), kernelSource('kernel/exit.c', '__do_sys_waitid')],
    tags,
    entries: ['WAI-03'],
  },
  {
    script: `fork child { pause }; waitid P_PID child WEXITED|WNOHANG; waitid P_PID child 0; waitid P_PID child WNOHANG; waitid P_ALL 0 WEXITED|0x40; exit 0`,
    says: {
      main: [
        'waitid P_PID child WEXITED|WNOHANG: nothing',
        'waitid P_PID child 0: EINVAL',
        'waitid P_PID child WNOHANG: EINVAL',
        'waitid P_ALL 0 WEXITED|0x40: EINVAL',
      ],
    },
  },
  [{ what: 'it has ended', replace: ['fork child { pause };', 'fork child { exit 1 }; until Z child;'] }],
);

tells(
  {
    id: 'process.wait.bad-pids-are-told-apart',
    statement: 'wait4(2) of INT_MIN is ESRCH, of a pid that is no child ECHILD, with an unknown option EINVAL.',
    sources: [wait, kernelSource('kernel/exit.c', 'kernel_wait4')],
    tags,
    entries: ['WAI-04', 'WAI-01'],
  },
  {
    script: `fork child { pause }; wait INT_MIN; wait 1; wait self; wait -4194000; wait child 0x40; wait child 0x10; exit 0`,
    says: {
      main: [
        'wait INT_MIN: ESRCH',
        'wait 1: ECHILD',
        'wait self: ECHILD',
        'wait -4194000: ECHILD',
        'wait child 0x40: EINVAL',
        'wait child 0x10: EINVAL',
      ],
    },
  },
  [{ what: 'the option is known', replace: ['wait child 0x40', 'wait child WNOHANG'] }],
);

tells(
  {
    id: 'process.wait.with-sigchld-ignored-waits-for-all',
    statement: 'With SIGCHLD ignored, wait(2) blocks until all children have ended, and is then ECHILD.',
    sources: [man('wait(2)', 'NOTES'), kernelSource('kernel/exit.c', '__do_wait')],
    tags,
    entries: ['WAI-05', 'SIG-08'],
  },
  {
    script: `quietly { ignore CHLD; pipe p }; fork first { exit 1 }; fork last { until - first; exit 2 }; quietly { call close $p.w }; wait any; at-end $p.r; exit 0`,
    says: { main: ['wait any: ECHILD', 'at-end $p.r: end of file'], last: ['until - first: -'] },
  },
  [{ what: 'SIGCHLD is at its default', replace: ['ignore CHLD; pipe', 'pipe'] }],
);

tells(
  {
    id: 'process.wait.any-thread-may-wait',
    statement: 'A thread may wait for the child of another thread of its process.',
    sources: [wait, kernelSource('kernel/exit.c', 'do_wait_thread')],
    tags: ['thread', ...tags],
    entries: ['WAI-06'],
  },
  {
    script: `fork child { exit 4 }; thread other { wait child }; join other; exit 0`,
    says: { other: ['wait child: exit 4'], main: ['join other: 0'] },
  },
  [{ what: 'the main thread has waited', replace: ['exit 4 };', 'exit 4 }; quietly { wait child };'] }],
);

tells(
  {
    id: 'process.wait.wnothread-sees-own-children-alone',
    statement: 'With __WNOTHREAD a thread waits for its own children alone: ECHILD for those of another thread.',
    sources: [man('wait(2)', '__WNOTHREAD'), kernelSource('kernel/exit.c', '__do_wait')],
    tags: ['thread', ...tags],
    entries: ['WAI-06'],
  },
  {
    script: `fork child { exit 4 }; thread other { wait child __WNOTHREAD }; join other; wait child __WNOTHREAD; exit 0`,
    says: { other: ['wait child __WNOTHREAD: ECHILD'], main: ['join other: 0', 'wait child: exit 4'] },
  },
  [{ what: 'no __WNOTHREAD', replace: ['{ wait child __WNOTHREAD }', '{ wait child }'] }],
);

tells(
  {
    id: 'process.wait.sigchld-coalesces',
    statement: 'Five children that end while SIGCHLD is blocked leave one SIGCHLD and five zombies.',
    sources: [
      man('signal(7)', 'Queueing and delivery semantics for standard signals'),
      kernelSource('kernel/signal.c', 'legacy_queue'),
    ],
    tags: ['star', 'zombie', ...tags],
    entries: ['WAI-07'],
  },
  {
    script: `quietly { block CHLD; fork a { exit 1 }; until Z a; fork b { exit 2 }; until Z b; fork c { exit 3 }; until Z c; fork d { exit 4 }; until Z d; fork e { exit 5 }; until Z e; waitid P_PID e WEXITED|WNOWAIT };
      sigpoll CHLD; sigpoll CHLD; wait any WNOHANG; wait any WNOHANG; wait any WNOHANG; wait any WNOHANG; wait any WNOHANG; wait any WNOHANG; exit 0`,
    says: {
      main: [
        'sigpoll CHLD: CHLD CLD_EXITED 1 from a',
        'sigpoll CHLD: EAGAIN',
        'wait a: exit 1',
        'wait b: exit 2',
        'wait c: exit 3',
        'wait d: exit 4',
        'wait e: exit 5',
        'wait any WNOHANG: ECHILD',
      ],
    },
  },
  [{ what: 'one is taken in between', replace: ['until Z c;', 'until Z c; sigpoll CHLD;'] }],
);

tells(
  {
    id: 'process.wait.leader-is-not-waitable-before-its-threads',
    statement:
      'A process whose main thread has ended is shown as a zombie, but cannot be waited for until its last thread has ended.',
    sources: [
      kernelSource('kernel/exit.c', 'wait_consider_task'),
      kernelSource('include/linux/sched/signal.h', 'delay_group_leader'),
    ],
    tags: ['thread', 'zombie', ...tags],
    entries: ['WAI-08', 'THR-03'],
  },
  {
    script: `fork child { thread other { until Z self; open dead; await end; exit 7 }; exit-thread 3 }; await dead; quietly { until Z child }; state child; wait child WNOHANG; open end; wait child; exit 0`,
    says: { main: ['state child: Z', 'wait child WNOHANG: 0', 'wait child: exit 7'] },
  },
  [
    {
      what: 'the other thread ends first',
      replace: [
        'until Z self; open dead; await end; exit 7 }; exit-thread 3',
        'exit-thread 7 }; quietly { join other }; open dead; exit-thread 3',
      ],
    },
  ],
);

tells(
  {
    id: 'process.wait.stops-are-told-only-when-asked-for',
    statement: 'A stopped child is reported only with WUNTRACED, a continued one only with WCONTINUED, and each once.',
    sources: [wait, kernelSource('kernel/exit.c', 'wait_task_stopped')],
    tags: ['job', ...tags],
    entries: ['WAI-11'],
  },
  {
    script: `fork child { pause }; quietly { kill child STOP }; until T child; wait child WNOHANG; wait child WNOHANG|WCONTINUED; wait child WNOHANG|WUNTRACED; wait child WNOHANG|WUNTRACED;
      quietly { kill child CONT }; wait child WNOHANG|WUNTRACED; wait child WNOHANG|WCONTINUED; wait child WNOHANG|WCONTINUED; exit 0`,
    says: {
      main: [
        'until T child: T',
        'wait child WNOHANG: 0',
        'wait child WNOHANG|WCONTINUED: 0',
        'wait child: stopped by SIGSTOP',
        'wait child WNOHANG|WUNTRACED: 0',
        'wait child WNOHANG|WUNTRACED: 0',
        'wait child: continued',
        'wait child WNOHANG|WCONTINUED: 0',
      ],
    },
  },
  [{ what: 'it is not continued', replace: ['quietly { kill child CONT };', ''] }],
);

tells(
  {
    id: 'process.wait.waitid-tells-only-what-it-was-asked-for',
    statement:
      'waitid(2) with WEXITED says nothing of a stop or a continuation; WSTOPPED nothing of a continuation, WCONTINUED nothing of a stop.',
    sources: [
      man('waitid(2)'),
      kernelSource('kernel/exit.c', 'wait_task_stopped'),
      kernelSource('kernel/exit.c', 'wait_task_continued'),
    ],
    tags: ['job', ...tags],
    entries: ['WAI-11'],
  },
  {
    script: `fork child { pause }; quietly { kill child STOP }; until T child; waitid P_PID child WEXITED|WNOHANG; waitid P_PID child WEXITED|WCONTINUED|WNOHANG; waitid P_PID child WSTOPPED|WNOHANG;
      quietly { kill child CONT }; waitid P_PID child WEXITED|WNOHANG; waitid P_PID child WEXITED|WSTOPPED|WNOHANG; waitid P_PID child WCONTINUED|WNOHANG; exit 0`,
    says: {
      main: [
        'until T child: T',
        'waitid P_PID child WEXITED|WNOHANG: nothing',
        'waitid P_PID child WEXITED|WCONTINUED|WNOHANG: nothing',
        'waitid P_PID child WSTOPPED|WNOHANG: CLD_STOPPED 19 from child',
        'waitid P_PID child WEXITED|WNOHANG: nothing',
        'waitid P_PID child WEXITED|WSTOPPED|WNOHANG: nothing',
        'waitid P_PID child WCONTINUED|WNOHANG: CLD_CONTINUED 18 from child',
      ],
    },
  },
  [{ what: 'it is not continued', replace: ['quietly { kill child CONT };', ''] }],
);

tells(
  {
    id: 'process.wait.by-group-finds-its-members',
    statement: 'wait4(−pgid) and wait4(0) wait for children of that group and of one’s own group.',
    sources: [wait, kernelSource('kernel/exit.c', 'eligible_pid')],
    tags: ['group', ...tags],
  },
  {
    script: `fork a { setpgid; exit 1 }; fork b { exit 2 }; until Z a; until Z b; wait 0 WNOHANG; wait 0 WNOHANG; wait -a WNOHANG; wait -a WNOHANG; exit 0`,
    says: {
      main: [
        'until Z a: Z',
        'until Z b: Z',
        'wait b: exit 2',
        'wait 0 WNOHANG: ECHILD',
        'wait a: exit 1',
        'wait -a WNOHANG: ECHILD',
      ],
    },
  },
  [{ what: 'both are in one group', replace: ['{ setpgid; exit 1 }', '{ exit 1 }'] }],
);

tells(
  {
    id: 'process.wait.exit-signal-decides-who-waits',
    statement:
      'A clone(2) child with another exit signal than SIGCHLD sends that one, and is waited for with __WCLONE or __WALL alone.',
    sources: [man('clone(2)', 'The child termination signal'), kernelSource('kernel/exit.c', 'eligible_child')],
    tags,
    entries: ['FEX-06'],
  },
  {
    script: `quietly { block USR1 CHLD }; clone child 0 exit USR1 { exit 4 }; until Z child; quietly { waitid P_PID child WEXITED|WNOWAIT|__WALL }; pending; wait child WNOHANG; wait child WNOHANG|__WCLONE; clone other 0 exit 0 { exit 5 }; until Z other; pending; wait other WNOHANG; wait other __WALL; exit 0`,
    says: {
      main: [
        'until Z child: Z',
        'pending: USR1',
        'wait child WNOHANG: ECHILD',
        'wait child: exit 4',
        'until Z other: Z',
        'pending: USR1',
        'wait other WNOHANG: ECHILD',
        'wait other: exit 5',
      ],
    },
  },
  [{ what: 'it is SIGCHLD', replace: ['exit USR1 {', 'exit CHLD {'] }],
);

tells(
  {
    id: 'process.wait.pidfd-waits-for-that-one',
    statement: 'waitid(P_PIDFD) waits for exactly that process; with a nonblocking pidfd it is EAGAIN while it lives.',
    sources: [man('waitid(2)', 'P_PIDFD'), kernelSource('kernel/exit.c', 'pidfd_get_task')],
    tags: ['pidfd', ...tags],
    entries: ['WAI-10'],
  },
  {
    script: `clone a CLONE_PIDFD { exit 1 }; clone b CLONE_PIDFD { await go; exit 2 }; quietly { call pidfd_open b PIDFD_NONBLOCK > nb }; waitid P_PIDFD $nb WEXITED; waitid P_PIDFD $a WEXITED; open go; waitid P_PIDFD $b WEXITED; waitid P_PIDFD $b WEXITED; exit 0`,
    says: {
      main: [
        'waitid P_PIDFD $nb WEXITED: EAGAIN',
        'waitid P_PIDFD $a WEXITED: CLD_EXITED 1 from a',
        'waitid P_PIDFD $b WEXITED: CLD_EXITED 2 from b',
        'waitid P_PIDFD $b WEXITED: ECHILD',
      ],
    },
  },
  [
    {
      what: 'the pidfds change places',
      replace: ['waitid P_PIDFD $a WEXITED; open go;', 'open go; waitid P_PIDFD $b WEXITED;'],
    },
  ],
);

tells(
  {
    id: 'process.wait.rusage-counts-only-what-was-waited-for',
    statement: 'RUSAGE_CHILDREN counts a child only once it was waited for.',
    sources: [man('getrusage(2)', 'RUSAGE_CHILDREN'), kernelSource('kernel/exit.c', 'wait_task_zombie')],
    tags,
  },
  {
    script: `fork child { quietly { cpu-ms 60 }; exit 0 }; until Z child; children-cpu 30; wait child; children-cpu 30; exit 0`,
    says: {
      main: ['until Z child: Z', 'children-cpu 30: less', 'wait child: exit 0', 'children-cpu 30: at least'],
    },
  },
  [
    {
      what: 'it is asked before the child is waited for',
      replace: ['wait child; children-cpu 30', 'children-cpu 30; wait child'],
    },
  ],
);

tells(
  {
    id: 'process.wait.rusage-tells-user-from-system-time',
    statement: 'RUSAGE_CHILDREN has the time that children spent in user mode and that in the kernel, each by itself.',
    sources: [man('getrusage(2)', 'ru_utime'), kernelSource('kernel/exit.c', 'wait_task_zombie')],
    tags,
  },
  {
    script: `fork one { fork thinker { quietly { cpu-ms 400 user }; exit 0 }; quietly { wait thinker }; children-cpu 40 user; exit 0 }; quietly { wait one };
      fork two { fork caller { quietly { cpu-ms 400 system }; exit 0 }; quietly { wait caller }; children-cpu 40 system; exit 0 }; quietly { wait two }; exit 0`,
    says: { one: ['children-cpu 40 user: at least'], two: ['children-cpu 40 system: at least'] },
  },
  [
    { what: 'the first one is not waited for', replace: ['quietly { wait thinker }; ', ''] },
    { what: 'the second one is not waited for', replace: ['quietly { wait caller }; ', ''] },
  ],
);
