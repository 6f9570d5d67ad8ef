/** What a new program has of the old: execve(2). */
import { kernelSource, man, tells } from '../../src/harness/index.ts';

const exec = [man('execve(2)'), kernelSource('fs/exec.c', 'begin_new_exec')];
const tags = ['birth'];

tells(
  {
    id: 'process.exec.resets-handlers-and-keeps-the-ignored',
    statement: 'execve(2) gives caught signals their default back and leaves ignored ones ignored, SIGCHLD with them.',
    sources: [...exec, kernelSource('kernel/signal.c', 'flush_signal_handlers')],
    tags: ['star', 'exec', ...tags],
    entries: ['FEX-01'],
  },
  {
    script: `quietly { on USR1; on TERM; ignore USR2 CHLD HUP }; exec-actor { disposition USR1; disposition TERM; disposition USR2; disposition CHLD; disposition HUP; disposition INT; exit 0 }`,
    says: {
      main: [
        'disposition USR1: default',
        'disposition TERM: default',
        'disposition USR2: ignored',
        'disposition CHLD: ignored',
        'disposition HUP: ignored',
        'disposition INT: default',
      ],
    },
  },
  [{ what: 'one is not ignored', replace: ['ignore USR2 CHLD HUP', 'ignore USR2 HUP'] }],
);

tells(
  {
    id: 'process.exec.of-a-thread-takes-over-the-process',
    statement:
      'execve(2) by a thread that is not the leader ends all others; the new image has the pid of the process.',
    sources: [man('execve(2)', 'multithreaded'), kernelSource('fs/exec.c', 'de_thread')],
    tags: ['exec', 'thread', ...tags],
    entries: ['FEX-03'],
  },
  {
    script: `fork child { thread idle { await never }; thread other { exec-actor { same; field /proc/self/status Threads; exit 6 } }; await never }; wait child; exit 0`,
    says: { main: ['wait child: exit 6'], other: ['same: pid is tid', 'field /proc/self/status Threads: 1'] },
  },
  [{ what: 'it does not exec', replace: ['exec-actor { same;', 'same; repeat 1 {'] }],
);

tells(
  {
    id: 'process.exec.exit-signal-becomes-sigchld',
    statement: 'After execve(2) the exit signal is SIGCHLD, whatever clone(2) was told: a plain wait works.',
    sources: [man('clone(2)', 'The child termination signal'), kernelSource('fs/exec.c', 'begin_new_exec')],
    tags: ['exec', 'wait'],
    entries: ['FEX-07'],
  },
  {
    script: `quietly { block USR1 CHLD }; clone child 0 exit USR1 { exec-actor { exit 4 } }; until Z child; quietly { waitid P_PID child WEXITED|WNOWAIT|__WALL }; pending; wait child; exit 0`,
    says: { main: ['until Z child: Z', 'pending: CHLD', 'wait child: exit 4'] },
  },
  [{ what: 'it does not exec', replace: ['exec-actor { exit 4 }', 'exit 4'] }],
);

tells(
  {
    id: 'process.exec.of-the-parent-makes-exit-signals-sigchld',
    statement: 'When the parent has called execve(2) since, a child ends with SIGCHLD, whatever clone(2) was told.',
    sources: [man('clone(2)', 'The child termination signal'), kernelSource('kernel/signal.c', 'do_notify_parent')],
    tags: ['exec', 'wait'],
    entries: ['FEX-07'],
  },
  {
    as: 'init',
    script: `quietly { block USR1 CHLD }; clone child 0 exit USR1 { pause }; exec-actor { quietly { kill all KILL; wait any __WALL }; pending; exit 0 }`,
    says: { main: ['pending: CHLD'] },
  },
  [{ what: 'it does not exec', replace: ['exec-actor {', 'repeat 1 {'] }],
);

tells(
  {
    id: 'process.exec.leaves-the-handlers-of-others-alone',
    statement:
      'execve(2) in a process that shares its table of dispositions (CLONE_SIGHAND) gives it one of its own: the other one keeps its handlers.',
    sources: [man('clone(2)', 'CLONE_SIGHAND'), kernelSource('fs/exec.c', 'unshare_sighand')],
    tags: ['disposition', ...tags],
  },
  {
    script: `quietly { on USR1 }; vfork child CLONE_SIGHAND { default USR2; exec-actor { disposition USR1; exit 4 } }; wait child; disposition USR1; exit 0`,
    says: {
      child: ['default USR2: 0', 'disposition USR1: default'],
      main: ['vfork child CLONE_SIGHAND: 0', 'wait child: exit 4', 'disposition USR1: caught'],
    },
  },
  [{ what: 'the child resets it itself', replace: ['default USR2', 'default USR1'] }],
);
