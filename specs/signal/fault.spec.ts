/** Signals that the kernel forces on a thread: faults and filters. (sigaction(2), force_sig_info_to_task()) */
import { actor, byKernel, kernelSource, man, signalResult, signalsTo, spec, tells } from '../../src/harness/index.ts';

const tags = ['disposition'];

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
