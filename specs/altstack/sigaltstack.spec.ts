/** The alternate signal stack: sigaltstack(2). */
import { byKernel, kernelSource, man, tells } from '../../src/harness/index.ts';

const sources = [man('sigaltstack(2)'), kernelSource('kernel/signal.c', 'do_sigaltstack')];
const tags = ['altstack'];

tells(
  {
    id: 'altstack.size.below-minsigstksz-is-refused',
    statement: 'sigaltstack(2) refuses a stack smaller than 2048 bytes with ENOMEM, and takes one of 2048.',
    sources,
    tags,
    entries: ['STK-01'],
  },
  {
    script: 'altstack 2047 0; altstack 2048 0; altstack 65536 0; exit 0',
    says: { main: ['altstack 2047 0: ENOMEM', 'altstack 2048 0: 0', 'altstack 65536 0: 0'] },
  },
  [
    { what: 'it is large enough', replace: ['altstack 2047', 'altstack 65535'] },
    { what: 'it is smaller', replace: ['altstack 2048', 'altstack 2040'] },
  ],
);

tells(
  {
    id: 'altstack.flags.unknown-ones-are-refused',
    statement: 'sigaltstack(2) takes SS_DISABLE and SS_AUTODISARM (0x80000000), and refuses other flags with EINVAL.',
    sources,
    tags,
    entries: ['STK-01'],
  },
  {
    script: 'altstack 65536 8; altstack 65536 0x80000000; altstack 0 2; exit 0',
    says: { main: ['altstack 65536 8: EINVAL', 'altstack 65536 0x80000000: 0', 'altstack 0 2: 0'] },
  },
  [{ what: 'no flag', replace: ['altstack 65536 8', 'altstack 65536 0'] }],
);

tells(
  {
    id: 'altstack.fork.keeps-it',
    statement: 'A child made by fork(2) keeps the alternate stack.',
    sources: [man('sigaltstack(2)', 'NOTES'), kernelSource('kernel/fork.c', 'copy_process')],
    tags,
    entries: ['STK-01'],
  },
  {
    script: 'quietly { altstack 65536 0 }; fork child { altstack?; exit 0 }; quietly { wait child }; exit 0',
    says: { child: ['altstack?: set'] },
  },
  [{ what: 'there is none', replace: ['altstack 65536 0', 'altstack 0 2'] }],
);

tells(
  {
    id: 'altstack.exec.drops-it',
    statement: 'execve(2) drops the alternate stack.',
    sources: [man('execve(2)'), kernelSource('fs/exec.c', 'begin_new_exec')],
    tags,
    entries: ['STK-01', 'FEX-01'],
  },
  {
    script: 'altstack 65536 0; altstack?; exec-actor { altstack?; exit 0 }',
    says: { main: ['altstack 65536 0: 0', 'altstack?: set', 'altstack?: disabled'] },
  },
  [
    {
      what: 'the new image sets one',
      replace: ['exec-actor { altstack?', 'exec-actor { quietly { altstack 65536 0 }; altstack?'],
    },
  ],
);

tells(
  {
    id: 'altstack.thread.begins-without',
    statement: 'A new thread begins without an alternate stack.',
    sources: [man('sigaltstack(2)', 'NOTES'), kernelSource('kernel/fork.c', 'copy_process')],
    tags: ['thread', ...tags],
    entries: ['STK-01'],
  },
  {
    script: 'quietly { altstack 65536 0 }; thread other { altstack? }; join other; exit 0',
    says: { other: ['altstack?: disabled'], main: ['join other: 0'] },
  },
  [{ what: 'the thread sets one', replace: ['{ altstack? }', '{ quietly { altstack 65536 0 }; altstack? }'] }],
);

tells(
  {
    id: 'altstack.handler.runs-on-it',
    statement: 'A handler with SA_ONSTACK runs on the alternate stack; one without runs on the ordinary one.',
    sources: [man('sigaltstack(2)'), kernelSource('arch/x86/kernel/signal.c', 'get_sigframe')],
    tags,
    entries: ['STK-03'],
  },
  {
    script:
      'quietly { altstack 65536 0; on USR1 onstack where; on USR2 where }; kill self USR1; kill self USR2; exit 0',
    says: {
      main: [
        'signal USR1: SI_USER from self, on the alternate stack',
        'kill self USR1: 0',
        'signal USR2: SI_USER from self, on the ordinary stack',
        'kill self USR2: 0',
      ],
    },
  },
  [{ what: 'SA_ONSTACK is missing', replace: ['USR1 onstack', 'USR1'] }],
);

for (const { id, statement, flags, result, break: broken } of [
  {
    id: 'altstack.change.refused-while-it-is-in-use',
    statement: 'A handler that runs on the alternate stack cannot change it: EPERM.',
    flags: '0',
    result: 'EPERM',
    break: { what: 'the handler runs on the ordinary one', replace: ['USR1 onstack', 'USR1'] as const },
  },
  {
    id: 'altstack.autodisarm.handler-may-change-it',
    statement:
      'With SS_AUTODISARM there is no alternate stack while a handler runs on it; the handler may change it, and afterwards it is as before.',
    flags: '0x80000000',
    result: '0',
    break: { what: 'without the flag', replace: ['0x80000000', '0'] as const },
  },
]) {
  tells(
    {
      id,
      statement,
      sources: [man('sigaltstack(2)', 'ERRORS'), kernelSource('kernel/signal.c', 'do_sigaltstack')],
      tags,
      entries: ['STK-03'],
    },
    {
      script: `quietly { altstack 65536 ${flags}; on USR1 onstack disables }; kill self USR1; altstack?; exit 0`,
      says: {
        main: [
          `signal USR1: SI_USER from self, disables the alternate stack: ${result}`,
          'kill self USR1: 0',
          'altstack?: set',
        ],
      },
    },
    [broken],
  );
}

tells(
  {
    id: 'altstack.overflow.handler-runs-only-on-it',
    statement: 'When the stack overflows, a SIGSEGV handler runs on the alternate stack; without one SIGSEGV kills.',
    sources: [man('sigaltstack(2)', 'DESCRIPTION'), kernelSource('kernel/signal.c', 'signal_setup_done')],
    tags: ['fault', ...tags],
    entries: ['STK-03', 'SIG-16'],
  },
  {
    script: `quietly { limit RLIMIT_CORE 0; limit RLIMIT_STACK 1048576 };
      fork with { quietly { altstack 65536 0; on SEGV onstack exit 3 }; overflow }; wait with;
      fork without { quietly { on SEGV exit 3 }; overflow }; wait without; exit 0`,
    says: { main: ['wait with: exit 3', 'wait without: SIGSEGV'] },
  },
  [{ what: 'SA_ONSTACK is missing', replace: ['SEGV onstack', 'SEGV'] }],
);

tells(
  {
    id: 'altstack.auxv.minsigstksz-is-told',
    statement: 'The auxiliary vector has AT_MINSIGSTKSZ, and the frame of a handler is no larger; on 5.10 it had not.',
    sources: [man('getauxval(3)', 'AT_MINSIGSTKSZ'), kernelSource('arch/x86/kernel/signal.c', 'get_sigframe_size')],
    tags,
    entries: ['STK-02'],
    expected: byKernel(
      { '<5.14': 'absent', '>=5.14': 'enough' },
      { '>=5.14': { commit: '1c33bb050750', title: 'x86/elf: Support a new ELF aux vector AT_MINSIGSTKSZ' } },
    ),
  },
  { script: 'minsigstksz; exit 0', says: (outcome) => ({ main: [`minsigstksz: ${outcome}`] }) },
  [{ what: 'another entry is read', replace: ['minsigstksz;', 'altstack?;'] }],
);
