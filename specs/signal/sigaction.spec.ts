/** sigaction(2): what it refuses, what it keeps, and what its flags do. */
import { byKernel, kernelSource, man, tells } from '../../src/harness/index.ts';

const refuses = [man('sigaction(2)', 'ERRORS'), kernelSource('kernel/signal.c', 'do_sigaction')];
const tags = ['disposition'];

tells(
  {
    id: 'signal.disposition.sigkill-and-sigstop-refuse-even-the-default',
    statement: 'sigaction(2) for SIGKILL and SIGSTOP fails with EINVAL even with SIG_DFL; to ask for theirs succeeds.',
    sources: refuses,
    tags: ['star', ...tags],
    entries: ['SIG-01'],
  },
  {
    script: 'default KILL; default STOP; disposition KILL; disposition STOP; default TERM; exit 0',
    says: {
      main: [
        'default KILL: EINVAL',
        'default STOP: EINVAL',
        'disposition KILL: default',
        'disposition STOP: default',
        'default TERM: 0',
      ],
    },
  },
  [{ what: 'it is SIGTSTP', replace: ['default STOP', 'default TSTP'] }],
);

tells(
  {
    id: 'signal.disposition.mask-cannot-hold-sigkill-and-sigstop',
    statement: 'SIGKILL and SIGSTOP are taken out of sa_mask when it is set, without an error.',
    sources: [man('sigaction(2)', 'sa_mask'), kernelSource('kernel/signal.c', 'do_sigaction')],
    tags: ['mask', ...tags],
    entries: ['SIG-06'],
  },
  {
    script: 'on USR1 blocking KILL blocking STOP blocking HUP; action-mask USR1; exit 0',
    says: { main: ['on USR1 blocking KILL blocking STOP blocking HUP: 0', 'action-mask USR1: HUP'] },
  },
  [{ what: 'SIGHUP is not blocked', replace: [' blocking HUP', ' blocking INT'] }],
);

tells(
  {
    id: 'signal.disposition.numbers-out-of-range-are-refused',
    statement:
      'rt_sigaction(2) takes the signals 1 to 64, 32 and 33 with them; 0, −1 and 65, and a set of another size than 8, are EINVAL.',
    sources: [man('sigaction(2)', 'ERRORS'), kernelSource('kernel/signal.c', '__do_sys_rt_sigaction')],
    tags,
    entries: ['SIG-02'],
  },
  {
    script:
      'sigaction 0 8; sigaction -1 8; sigaction 65 8; sigaction 1 8; sigaction 32 8; sigaction 33 8; sigaction 64 8; sigaction 1 4; sigaction 1 16; exit 0',
    says: {
      main: [
        'sigaction 0 8: EINVAL',
        'sigaction -1 8: EINVAL',
        'sigaction 65 8: EINVAL',
        'sigaction 1 8: 0',
        'sigaction 32 8: 0',
        'sigaction 33 8: 0',
        'sigaction 64 8: 0',
        'sigaction 1 4: EINVAL',
        'sigaction 1 16: EINVAL',
      ],
    },
  },
  [{ what: '64 instead of 65', replace: ['sigaction 65 8', 'sigaction 64 8'] }],
);

tells(
  {
    id: 'signal.disposition.unknown-flags-are-cleared',
    statement:
      'Flags that the kernel does not know are not there when sigaction(2) is asked afterwards; 5.10 kept them.',
    sources: [
      man('sigaction(2)', 'Dynamically probing for flag bits'),
      kernelSource('kernel/signal.c', 'do_sigaction'),
    ],
    tags,
    entries: ['SIG-07'],
    expected: byKernel(
      { '<5.11': '0x404', '>=5.11': '0x4' },
      {
        '>=5.11': {
          commit: '23acdc76f179',
          title: 'signal: clear non-uapi flag bits when passing/returning sa_flags',
        },
      },
    ),
  },
  { script: 'flags USR1 0x404; exit 0', says: (flags) => ({ main: [`flags USR1 0x404: ${flags}`] }) },
  [{ what: 'the flag is SA_NODEFER', replace: ['0x404', '0x40000004'] }],
);

tells(
  {
    id: 'signal.disposition.every-unknown-flag-is-cleared',
    statement:
      "Of all flags that are not for user space, the kernel's own SA_IMMUTABLE with them, sigaction(2) keeps none, and the action can still be changed; 5.10 kept all but those that x86 marks an ABI with.",
    sources: [
      kernelSource('kernel/signal.c', 'do_sigaction'),
      kernelSource('arch/x86/kernel/signal_compat.c', 'sigaction_compat_abi'),
    ],
    tags,
    entries: ['SIG-07'],
    expected: byKernel(
      { '<5.11': '0x20fff7fc', '>=5.11': '0x4' },
      {
        '>=5.11': {
          commit: '23acdc76f179',
          title: 'signal: clear non-uapi flag bits when passing/returning sa_flags',
        },
      },
    ),
  },
  {
    script: 'flags USR1 0x23fff7fc; disposition USR1; default USR1; disposition USR1; exit 0',
    says: (flags) => ({
      main: [
        `flags USR1 0x23fff7fc: ${flags}`,
        'disposition USR1: ignored',
        'default USR1: 0',
        'disposition USR1: default',
      ],
    }),
  },
  [{ what: 'SA_NODEFER is among them', replace: ['0x23fff7fc', '0x63fff7fc'] }],
);

tells(
  {
    id: 'signal.disposition.every-known-flag-is-kept',
    statement:
      'The flags of sigaction(2) are there when it is asked afterwards: NOCLDSTOP, NOCLDWAIT, SIGINFO, EXPOSE_TAGBITS, RESTORER, ONSTACK, RESTART, NODEFER, RESETHAND.',
    sources: [man('sigaction(2)'), kernelSource('kernel/signal.c', 'do_sigaction')],
    tags,
    entries: ['SIG-07'],
  },
  { script: 'flags USR1 0xdc000807; exit 0', says: { main: ['flags USR1 0xdc000807: 0xdc000807'] } },
  [{ what: 'one is not set', replace: ['0xdc000807', '0x5c000807'] }],
);

for (const { name, prepare, state, waited, pending } of [
  { name: 'default', prepare: '', state: 'Z', waited: 'exit 7', pending: 'CHLD' },
  { name: 'ignored', prepare: 'ignore CHLD;', state: '-', waited: 'ECHILD', pending: 'none' },
  { name: 'nocldwait', prepare: 'on CHLD nocldwait;', state: '-', waited: 'ECHILD', pending: 'CHLD' },
]) {
  tells(
    {
      id: `signal.sigchld.${name}-leaves-${state === 'Z' ? 'a-zombie' : 'no-zombie'}`,
      statement: `With SIGCHLD ${name === 'nocldwait' ? 'caught with SA_NOCLDWAIT' : name === 'ignored' ? 'ignored' : 'at its default'}, a dead child ${
        state === 'Z' ? 'is a zombie' : 'is gone'
      }, wait(2) gives ${waited}, and a blocked SIGCHLD is ${pending === 'none' ? 'not even generated' : 'pending'}.`,
      sources: [
        man('wait(2)', 'NOTES'),
        man('sigaction(2)', 'SA_NOCLDWAIT'),
        kernelSource('kernel/signal.c', 'do_notify_parent'),
      ],
      tags: ['star', 'zombie', ...tags],
      entries: name === 'nocldwait' ? ['SIG-09'] : ['SIG-08'],
    },
    {
      // A zombie that nobody waits for goes before waitid(2) can look, but not before /proc can.
      script: `quietly { block CHLD; ${prepare} fork child { exit 7 }; waitid P_PID child WEXITED|WNOWAIT }; until Z- child; pending; wait child; exit 0`,
      says: {
        main: [
          `until Z- child: ${state}`,
          `pending: ${pending}`,
          waited === 'ECHILD' ? 'wait child: ECHILD' : `wait child: ${waited}`,
        ],
      },
    },
    [
      name === 'default'
        ? { what: 'it is ignored', replace: ['block CHLD;', 'block CHLD; ignore CHLD;'] }
        : { what: 'it is at its default', replace: [prepare, ''] },
    ],
  );
}

tells(
  {
    id: 'signal.sigchld.tells-of-stop-and-continue',
    statement: 'A parent that catches SIGCHLD is told when its child stops, continues and ends.',
    sources: [man('sigaction(2)', 'SA_NOCLDSTOP'), kernelSource('kernel/signal.c', 'do_notify_parent_cldstop')],
    tags: ['job', ...tags],
    entries: ['SIG-10', 'INF-03'],
  },
  {
    script: `quietly { block CHLD; on CHLD; fork child { pause } }; quietly { kill child STOP }; sigwait CHLD; quietly { kill child CONT }; sigwait CHLD; quietly { kill child KILL }; sigwait CHLD; wait child; exit 0`,
    says: {
      main: [
        'sigwait CHLD: CHLD CLD_STOPPED 19 from child',
        'sigwait CHLD: CHLD CLD_CONTINUED 18 from child',
        'sigwait CHLD: CHLD CLD_KILLED 9 from child',
        'wait child: SIGKILL',
      ],
    },
  },
  [{ what: 'SA_NOCLDSTOP', replace: ['on CHLD;', 'on CHLD nocldstop;'] }],
);

tells(
  {
    id: 'signal.sigchld.nocldstop-tells-of-the-end-alone',
    statement:
      'With SA_NOCLDSTOP, SIGCHLD comes neither for a stop nor for a continue, and wait(2) with WUNTRACED and WCONTINUED works all the same.',
    sources: [man('sigaction(2)', 'SA_NOCLDSTOP'), kernelSource('kernel/signal.c', 'do_notify_parent_cldstop')],
    tags: ['job', ...tags],
    entries: ['SIG-10', 'JOB-11'],
  },
  {
    script: `quietly { block CHLD; on CHLD nocldstop; fork child { pause }; kill child STOP }; wait child WUNTRACED; pending; quietly { kill child CONT }; wait child WCONTINUED; pending; quietly { kill child KILL }; sigwait CHLD; exit 0`,
    says: {
      main: [
        'wait child: stopped by SIGSTOP',
        'pending: none',
        'wait child: continued',
        'pending: none',
        'sigwait CHLD: CHLD CLD_KILLED 9 from child',
      ],
    },
  },
  [{ what: 'no SA_NOCLDSTOP', replace: [' nocldstop', ''] }],
);

tells(
  {
    id: 'signal.disposition.blocked-is-never-ignored',
    statement: 'A blocked signal is kept although it is ignored: sigtimedwait() fetches it, and unblocking drops it.',
    sources: [man('signal(7)'), kernelSource('kernel/signal.c', 'sig_ignored')],
    tags: ['star', ...tags],
    entries: ['SIG-11', 'SWT-01'],
  },
  {
    script: `quietly { ignore USR1; block USR1 }; kill self USR1; pending; sigpoll USR1; kill self USR1; pending; unblock USR1; pending; block USR1; sigpoll USR1; exit 0`,
    says: {
      main: [
        'kill self USR1: 0',
        'pending: USR1',
        'sigpoll USR1: USR1 SI_USER from self',
        'kill self USR1: 0',
        'pending: USR1',
        'unblock USR1: 0',
        'pending: none',
        'block USR1: 0',
        'sigpoll USR1: EAGAIN',
      ],
    },
  },
  [{ what: 'it is not blocked', replace: ['; block USR1 }', ' }'] }],
);

tells(
  {
    id: 'signal.disposition.is-shared-by-threads',
    statement: "Dispositions belong to the process: what one thread's sigaction(2) sets holds for all.",
    sources: [man('signal(7)', 'Signal dispositions'), kernelSource('kernel/fork.c', 'copy_sighand')],
    tags: ['thread', ...tags],
    entries: ['SIG-13'],
  },
  {
    script: `thread other { ignore USR1; on USR2; open set }; await set; disposition USR1; disposition USR2; quietly { kill self USR1 }; kill self USR2; exit 0`,
    says: {
      main: [
        'disposition USR1: ignored',
        'disposition USR2: caught',
        'signal USR2: SI_USER from self',
        'kill self USR2: 0',
      ],
      other: ['ignore USR1: 0', 'on USR2: 0'],
    },
  },
  [{ what: 'the main thread sets its own', replace: ['await set;', 'await set; default USR1;'] }],
);

tells(
  {
    id: 'signal.disposition.is-copied-by-fork',
    statement: 'A child made by fork(2) has the dispositions of its parent; what it changes is its own.',
    sources: [man('signal(7)', 'Signal dispositions'), kernelSource('kernel/fork.c', 'copy_sighand')],
    tags,
    entries: ['FEX-02'],
  },
  {
    script: `quietly { ignore USR1; on USR2 }; fork child { disposition USR1; disposition USR2; default USR1 USR2; exit 0 }; quietly { wait child }; disposition USR1; disposition USR2; exit 0`,
    says: {
      child: ['disposition USR1: ignored', 'disposition USR2: caught', 'default USR1: 0', 'default USR2: 0'],
      main: ['disposition USR1: ignored', 'disposition USR2: caught'],
    },
  },
  [
    {
      what: 'a thread instead of a child',
      replace: [
        'fork child { disposition USR1; disposition USR2; default USR1 USR2; exit 0 }; quietly { wait child }',
        'thread child { disposition USR1; disposition USR2; default USR1 USR2 }; join child',
      ],
    },
  ],
);
