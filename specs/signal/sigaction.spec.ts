/** sigaction(2): what it refuses, what it keeps, what it throws away, and what its flags do. */
import { actor, byKernel, kernelSource, man, signalResult, signalsTo, spec, tells } from '../../src/harness/index.ts';

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
    id: 'signal.disposition.ignoring-discards-what-is-pending',
    statement:
      'Setting SIG_IGN discards a pending signal, even a blocked one: it does not come when it is caught and unblocked later.',
    sources: [man('sigaction(2)'), kernelSource('kernel/signal.c', 'flush_sigqueue_mask')],
    tags,
    entries: ['SIG-03'],
  },
  {
    script: `quietly { block USR1 USR2; kill self USR1; tgkill self tid USR1; kill self USR2; ignore USR1 }; pending;
      quietly { on USR1; on USR2 }; unblock USR1 USR2; exit 0`,
    says: { main: ['pending: USR2', 'signal USR2: SI_USER from self', 'unblock USR1 USR2: 0'] },
  },
  [{ what: 'it is not ignored', replace: ['ignore USR1', 'default USR1'] }],
);

tells(
  {
    id: 'signal.disposition.ignoring-discards-from-every-thread',
    statement: 'Setting SIG_IGN discards what is pending for another thread alone; so does SIG_DFL where that ignores.',
    sources: [man('sigaction(2)'), kernelSource('kernel/signal.c', 'do_sigaction')],
    tags: ['thread', ...tags],
    entries: ['SIG-03', 'SIG-04'],
  },
  {
    script: `quietly { on USR1; on USR2; on CHLD; block USR1 USR2 CHLD }; thread other { await sent; pending; open seen; await set; pending };
      tgkill self other USR1; tgkill self other USR2; tgkill self other CHLD; open sent; await seen; ignore USR1; default CHLD; open set; join other; exit 0`,
    says: {
      other: ['pending: USR1 USR2 CHLD', 'pending: USR2'],
      main: [
        'tgkill self other USR1: 0',
        'tgkill self other USR2: 0',
        'tgkill self other CHLD: 0',
        'ignore USR1: 0',
        'default CHLD: 0',
        'join other: 0',
      ],
    },
  },
  [
    { what: 'another one is ignored', replace: ['ignore USR1', 'ignore HUP'] },
    { what: 'another one is set to its default', replace: ['default CHLD', 'default HUP'] },
  ],
);

tells(
  {
    id: 'signal.disposition.ignoring-discards-real-time-too',
    statement: 'Setting SIG_IGN discards all queued instances of a real-time signal.',
    sources: [man('sigaction(2)'), kernelSource('kernel/signal.c', 'flush_sigqueue_mask')],
    tags,
    entries: ['SIG-03'],
  },
  {
    script: `quietly { block 34; sigqueue self 34 1; sigqueue self 34 2; sigqueue self 34 3; ignore 34 }; pending; quietly { default 34 }; sigpoll 34; exit 0`,
    says: { main: ['pending: none', 'sigpoll 34: EAGAIN'] },
  },
  [{ what: 'it is not ignored', replace: ['ignore 34', 'default 34'] }],
);

tells(
  {
    id: 'signal.disposition.default-discards-what-it-ignores',
    statement:
      'Setting SIG_DFL discards a pending signal whose default is to be ignored (CHLD, CONT, URG, WINCH), and no other.',
    sources: [man('sigaction(2)'), kernelSource('kernel/signal.c', 'sig_handler_ignored')],
    tags,
    entries: ['SIG-04'],
  },
  {
    script: `quietly { on CHLD; on CONT; on URG; on WINCH; on USR1; on TSTP; block all; kill self CHLD; kill self CONT; kill self URG; kill self WINCH; kill self USR1; kill self PWR };
      pending; default CHLD CONT URG WINCH USR1 PWR; pending; exit 0`,
    says: {
      main: [
        'pending: USR1 CHLD CONT URG WINCH PWR',
        'default CHLD: 0',
        'default CONT: 0',
        'default URG: 0',
        'default WINCH: 0',
        'default USR1: 0',
        'default PWR: 0',
        'pending: USR1 PWR',
      ],
    },
  },
  [{ what: 'one keeps its handler', replace: ['default CHLD CONT URG', 'default CHLD CONT'] }],
);

tells(
  {
    id: 'signal.handler.blocks-its-own-signal',
    statement: 'While a handler runs, its signal is blocked, and what sa_mask adds; afterwards the mask is as before.',
    sources: [man('sigaction(2)', 'SA_NODEFER'), kernelSource('kernel/signal.c', 'signal_delivered')],
    tags,
    entries: ['SIG-05'],
  },
  {
    script: 'quietly { on USR1 mask blocking HUP }; kill self USR1; mask; exit 0',
    says: { main: ['signal USR1: SI_USER from self, blocked: HUP USR1', 'kill self USR1: 0', 'mask: none'] },
  },
  [
    { what: 'SA_NODEFER', replace: ['mask blocking', 'mask nodefer blocking'] },
    { what: 'an empty sa_mask', replace: [' blocking HUP', ''] },
  ],
);

tells(
  {
    id: 'signal.handler.nodefer-leaves-its-signal-open',
    statement: 'With SA_NODEFER the signal is not blocked while its handler runs.',
    sources: [man('sigaction(2)', 'SA_NODEFER'), kernelSource('kernel/signal.c', 'signal_delivered')],
    tags,
    entries: ['SIG-05'],
  },
  {
    script: 'quietly { on USR1 mask nodefer }; kill self USR1; exit 0',
    says: { main: ['signal USR1: SI_USER from self, blocked: none', 'kill self USR1: 0'] },
  },
  [{ what: 'no SA_NODEFER', replace: [' nodefer', ''] }],
);

tells(
  {
    id: 'signal.handler.resethand-resets-and-still-blocks',
    statement: 'SA_RESETHAND gives a signal that was caught its default back, and does not imply SA_NODEFER.',
    sources: [man('sigaction(2)', 'SA_RESETHAND'), kernelSource('kernel/signal.c', 'get_signal')],
    tags,
    entries: ['SIG-05'],
  },
  {
    script: 'quietly { on USR1 mask resethand }; kill self USR1; disposition USR1; kill self USR1; exit 0',
    ends: { by: 'signal', signal: 'SIGUSR1', core: false },
    says: {
      main: ['signal USR1: SI_USER from self, blocked: USR1', 'kill self USR1: 0', 'disposition USR1: default'],
    },
  },
  [{ what: 'no SA_RESETHAND', replace: [' resethand', ''] }],
);

tells(
  {
    id: 'signal.handler.resethand-resets-on-entry',
    statement:
      'SA_RESETHAND gives the signal its default back before the handler runs: with SA_NODEFER a handler that raises its signal dies of it.',
    sources: [man('sigaction(2)', 'SA_RESETHAND'), kernelSource('kernel/signal.c', 'get_signal')],
    tags,
    entries: ['SIG-05'],
  },
  {
    script: 'quietly { on USR1 resethand nodefer raise }; kill self USR1; exit 0',
    ends: { by: 'signal', signal: 'SIGUSR1', core: false },
    says: { main: ['signal USR1: SI_USER from self'] },
  },
  [{ what: 'its handler does not raise it', replace: [' raise', ''] }],
);

tells(
  {
    id: 'signal.handler.mask-never-holds-sigkill',
    statement:
      'SIGKILL and SIGSTOP in sa_mask are left out without an error: they stay unblocked while the handler runs.',
    sources: [man('sigaction(2)'), kernelSource('kernel/signal.c', 'do_sigaction')],
    tags,
    entries: ['SIG-06'],
  },
  {
    script: 'on USR1 mask blocking KILL blocking STOP blocking HUP; kill self USR1; exit 0',
    says: {
      main: [
        'on USR1 mask blocking KILL blocking STOP blocking HUP: 0',
        'signal USR1: SI_USER from self, blocked: HUP USR1',
        'kill self USR1: 0',
      ],
    },
  },
  [{ what: 'another signal is among them', replace: ['blocking STOP', 'blocking INT'] }],
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

for (const { name, signal, fault } of [
  { name: 'A segmentation fault', signal: 'SEGV', fault: 'crash' },
  { name: 'A division by zero', signal: 'FPE', fault: 'fault divide' },
  { name: 'An undefined instruction', signal: 'ILL', fault: 'fault ud2' },
  { name: 'An access past the end of a mapped file', signal: 'BUS', fault: 'fault past-end-of-file' },
  { name: 'A breakpoint', signal: 'TRAP', fault: 'fault int3' },
]) {
  for (const { how, prepare } of [
    { how: 'ignored', prepare: `ignore ${signal};` },
    { how: 'blocked', prepare: `on ${signal}; block ${signal};` },
  ]) {
    tells(
      {
        id: `signal.fault.${how}-sig${signal.toLowerCase()}-kills-anyway`,
        statement: `${name} whose SIG${signal} is ${how} kills the process; one sent by kill(2) does not.`,
        sources: [man('sigprocmask(2)', 'NOTES'), kernelSource('kernel/signal.c', 'force_sig_info_to_task')],
        tags: ['fault', ...tags],
        entries: ['SIG-14'],
      },
      {
        script: `fork child { quietly { limit RLIMIT_CORE 0; ${prepare} kill self ${signal} }; say alive; ${fault} }; wait child; exit 0`,
        says: { main: [`wait child: SIG${signal}`], child: [] },
      },
      [{ what: 'there is no fault', replace: [`; ${fault} }`, '; exit 0 }'] }],
    );
  }
}

tells(
  {
    id: 'signal.fault.caught-sigsegv-has-the-address',
    statement: 'A caught segmentation fault runs the handler, with SEGV_MAPERR and the address in siginfo.',
    sources: [man('sigaction(2)', 'si_addr'), kernelSource('kernel/signal.c', 'force_sig_fault')],
    tags: ['fault', ...tags],
    entries: ['INF-08', 'SIG-14'],
  },
  { script: 'quietly { on SEGV exit 0 }; crash', says: { main: ['signal SEGV: SEGV_MAPERR at 0x10'] } },
  [{ what: 'it is sent by kill', replace: ['crash', 'kill self SEGV'] }],
);

for (const { fault, signal, code, what, otherwise } of [
  {
    fault: 'read-only',
    signal: 'SEGV',
    code: 'SEGV_ACCERR',
    what: 'A write to a page that may only be read',
    otherwise: 'crash',
  },
  {
    fault: 'past-end-of-file',
    signal: 'BUS',
    code: 'BUS_ADRERR',
    what: 'An access to a mapped page behind the end of its file',
    otherwise: 'kill self BUS',
  },
]) {
  spec(
    {
      id: `signal.fault.${fault}-is-sig${signal.toLowerCase()}`,
      statement: `${what} is SIG${signal} with ${code} and the address of that page.`,
      sources: [man('sigaction(2)', 'si_addr'), kernelSource('kernel/signal.c', 'force_sig_fault')],
      tags: ['fault', ...tags],
      entries: ['INF-08'],
    },
    async ({ guest, expect }) => {
      const fixture = await guest.process(actor(`quietly { on ${signal} exit 9 }; fault ${fault}; exit 0`));
      expect(await fixture.finished()).toEqual({ by: 'exit', code: 9 });
      expect(fixture.transcript()).toHaveLength(1);
      // Where the page is, the kernel has chosen; what is touched is its first byte.
      expect(fixture.transcript()[0]).toMatch(new RegExp(`^signal ${signal}: ${code} at 0x[0-9a-f]+000$`));
    },
    [{ what: 'it is something else', replace: [`fault ${fault}`, otherwise] }],
  );
}

tells(
  {
    id: 'signal.disposition.forced-fatally-is-final',
    statement:
      'The action of a signal that the kernel has forced to be fatal can be neither set nor asked for any more, by anybody who shares it: sigaction(2) is EINVAL. Up to 5.15 it was left as it was.',
    sources: [
      kernelSource('kernel/signal.c', 'do_sigaction'),
      kernelSource('kernel/signal.c', 'force_sig_info_to_task'),
      man('seccomp(2)', 'SECCOMP_RET_KILL_PROCESS'),
    ],
    tags: ['seccomp', ...tags],
    entries: ['SIG-17'],
    expected: byKernel(
      { '<5.16': 'left', '>=5.16': 'final' },
      {
        '>=5.16': {
          commit: '00b06da29cf9',
          title: 'signal: Add SA_IMMUTABLE to ensure forced siganls do not get changed',
        },
      },
    ),
  },
  {
    // Without a dump, which up to 5.15 ends all who share the memory.
    script: `quietly { on SYS; call prctl PR_SET_DUMPABLE 0 }
      vfork child CLONE_SIGHAND { quietly { seccomp getpgrp kill }; call getpgrp; exit 0 }; wait child; disposition SYS; default SYS; ignore SYS; on SYS; ignore USR1; exit 0`,
    says: (outcome) => ({
      main: [
        'vfork child CLONE_SIGHAND: 0',
        'wait child: SIGSYS',
        ...(outcome === 'final'
          ? ['disposition SYS: EINVAL', 'default SYS: EINVAL', 'ignore SYS: EINVAL', 'on SYS: EINVAL']
          : ['disposition SYS: caught', 'default SYS: 0', 'ignore SYS: 0', 'on SYS: 0']),
        'ignore USR1: 0',
      ],
    }),
  },
  [{ what: 'the child has a table of its own', replace: ['child CLONE_SIGHAND', 'child 0'] }],
);

/** SYS_SECCOMP: a filter's. (sigaction(2)) */
const sysSeccomp = 1;

/** SA_IMMUTABLE, which is none of user space's. (include/linux/signal_types.h) */
const immutable = 0x00800000;

spec(
  {
    id: 'signal.disposition.filter-that-kills-delivers-sigsys',
    statement:
      'For SECCOMP_RET_KILL_PROCESS the kernel generates a SIGSYS with SYS_SECCOMP, which is delivered with its default action; 5.10 ended the process without a signal, as its trace shows.',
    sources: [man('seccomp(2)', 'SECCOMP_RET_KILL_PROCESS'), kernelSource('kernel/signal.c', 'force_sig_seccomp')],
    tags: ['seccomp', ...tags],
    entries: ['SIG-16'],
    expected: byKernel(
      { '<5.15': 'no signal', '>=5.15': 'generated and delivered' },
      {
        '>=5.15': { commit: '307d522f5eb8', title: 'signal/seccomp: Refactor seccomp signal and coredump generation' },
      },
    ),
  },
  async ({ guest, expect, expected }) => {
    const fixture = await guest.process(
      actor('quietly { on SYS; limit RLIMIT_CORE 0; seccomp getpgrp kill }; call getpgrp; exit 0'),
    );
    expect(await fixture.finished()).toEqual({ by: 'signal', signal: 'SIGSYS', core: false });
    const trace = await fixture.kernelTrace();
    const generated = signalsTo(trace, fixture.hostPid).filter(({ sig }) => sig === 31);
    const delivered = trace.filter(
      ({ name, pid, fields }) => name === 'signal_deliver' && pid === fixture.hostPid && fields['sig'] === 31,
    );
    const [made, taken] =
      expected === 'no signal'
        ? [[], []]
        : [[{ code: sysSeccomp, res: signalResult.delivered }], [{ code: sysSeccomp, handler: 0 }]];
    expect(generated.map(({ code, res }) => ({ code, res }))).toEqual(made);
    expect(delivered.map(({ fields }) => ({ code: fields['code'], handler: fields['sa_handler'] }))).toEqual(taken);
  },
  [
    { what: 'the filter traps', replace: ['getpgrp kill', 'getpgrp trap'] },
    { what: 'the filter makes it fail', replace: ['getpgrp kill', 'getpgrp errno'] },
  ],
);

spec(
  {
    id: 'signal.disposition.forced-fatally-is-marked',
    statement:
      'The action of a signal that the kernel has forced to be fatal bears SA_IMMUTABLE when it is delivered, as the trace shows; up to 5.15 there was no such mark.',
    sources: [kernelSource('kernel/signal.c', 'force_sig_info_to_task'), man('seccomp(2)', 'SECCOMP_RET_KILL_PROCESS')],
    tags: ['seccomp', ...tags],
    entries: ['SIG-17'],
    expected: byKernel(
      { '<5.16': false, '>=5.16': true },
      {
        '>=5.16': {
          commit: '00b06da29cf9',
          title: 'signal: Add SA_IMMUTABLE to ensure forced siganls do not get changed',
        },
      },
    ),
  },
  async ({ guest, expect, expected }) => {
    const fixture = await guest.process(
      actor('quietly { limit RLIMIT_CORE 0; seccomp getpgrp kill }; call getpgrp; exit 0'),
    );
    expect(await fixture.finished()).toEqual({ by: 'signal', signal: 'SIGSYS', core: false });
    const marked = (await fixture.kernelTrace())
      .filter(({ name, pid, fields }) => name === 'signal_deliver' && pid === fixture.hostPid && fields['sig'] === 31)
      .map(({ fields }) => (Number.parseInt(String(fields['sa_flags']), 16) & immutable) !== 0);
    expect(marked.includes(true)).toBe(expected);
  },
  [{ what: 'it is SIGSYS of a filter that traps', replace: ['getpgrp kill', 'getpgrp trap'] }],
);
