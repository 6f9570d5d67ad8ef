/** Which requests ptrace(2) takes, of whom, in which state. */
import { byKernel, kernelSource, man, tells } from '../../src/harness/index.ts';

const errors = man('ptrace(2)', 'ERRORS');
const tags = ['ptrace', 'permission'];

/** A child of the caller's that is seized and then interrupted. */
const stopped =
  'fork child { pause }; quietly { call ptrace PTRACE_SEIZE child 0 0; call ptrace PTRACE_INTERRUPT child 0 0; wait child __WALL }';

tells(
  {
    id: 'ptrace.seize.address-and-unknown-options-are-refused',
    statement: 'PTRACE_SEIZE with an address, or with options that there are not, is EIO, and traces nobody.',
    sources: [man('ptrace(2)', 'PTRACE_SEIZE'), kernelSource('kernel/ptrace.c', 'ptrace_attach')],
    tags,
  },
  {
    script: `fork child { pause }; call ptrace PTRACE_SEIZE child 8 0; call ptrace PTRACE_SEIZE child 0 4096; field /proc/@child/status TracerPid; call ptrace PTRACE_SEIZE child 0 0; exit 0`,
    says: {
      main: [
        'call ptrace PTRACE_SEIZE child 8 0: EIO',
        'call ptrace PTRACE_SEIZE child 0 4096: EIO',
        'field /proc/@child/status TracerPid: 0',
        'call ptrace PTRACE_SEIZE child 0 0: 0',
      ],
    },
  },
  [
    { what: 'no address', replace: ['child 8 0', 'child 0 0'] },
    { what: 'known options', replace: ['child 0 4096', 'child 0 1'] },
  ],
);

tells(
  {
    id: 'ptrace.options.unknown-ones-are-refused',
    statement: 'PTRACE_SETOPTIONS with options that there are not is EINVAL.',
    sources: [errors, kernelSource('kernel/ptrace.c', 'ptrace_setoptions')],
    tags,
  },
  {
    script: `${stopped}; call ptrace PTRACE_SETOPTIONS child 0 4096; call ptrace PTRACE_SETOPTIONS child 0 PTRACE_O_TRACEEXIT; exit 0`,
    says: {
      main: [
        'call ptrace PTRACE_SETOPTIONS child 0 4096: EINVAL',
        'call ptrace PTRACE_SETOPTIONS child 0 PTRACE_O_TRACEEXIT: 0',
      ],
    },
  },
  [{ what: 'known options', replace: ['child 0 4096', 'child 0 1'] }],
);

tells(
  {
    id: 'ptrace.attach.zombies-and-nobody',
    statement: 'A zombie cannot be traced (EPERM), nor can a process that there is not (ESRCH).',
    sources: [errors, kernelSource('kernel/ptrace.c', 'ptrace_attach')],
    tags: ['zombie', ...tags],
  },
  {
    script: `fork child { exit 5 }; until Z child; call ptrace PTRACE_SEIZE child 0 0; call ptrace PTRACE_ATTACH child 0 0; wait child; call ptrace PTRACE_SEIZE child 0 0; exit 0`,
    says: {
      main: [
        'until Z child: Z',
        'call ptrace PTRACE_SEIZE child 0 0: EPERM',
        'call ptrace PTRACE_ATTACH child 0 0: EPERM',
        'wait child: exit 5',
        'call ptrace PTRACE_SEIZE child 0 0: ESRCH',
      ],
    },
  },
  [{ what: 'it has not ended yet', replace: ['{ exit 5 }; until Z child', '{ await go; exit 5 }; until S child'] }],
);

tells(
  {
    id: 'ptrace.traceme.twice-is-refused',
    statement: 'A process that is traced cannot ask for it again by PTRACE_TRACEME: EPERM.',
    sources: [man('ptrace(2)', 'PTRACE_TRACEME'), kernelSource('kernel/ptrace.c', 'ptrace_traceme')],
    tags,
  },
  {
    script: `fork child { call ptrace PTRACE_TRACEME 0 0 0; call ptrace PTRACE_TRACEME 0 0 0; exit 5 }; wait child; exit 0`,
    says: {
      child: ['call ptrace PTRACE_TRACEME 0 0 0: 0', 'call ptrace PTRACE_TRACEME 0 0 0: EPERM'],
      main: ['wait child: exit 5'],
    },
  },
  [{ what: 'it was not traced', replace: ['{ call ptrace PTRACE_TRACEME 0 0 0;', '{'] }],
);

tells(
  {
    id: 'ptrace.request.needs-a-tracee-of-ones-own-that-is-stopped',
    statement:
      'A request for a process that is not traced, that runs, or that another process or another thread of the tracer traces is ESRCH.',
    sources: [errors, kernelSource('kernel/ptrace.c', 'ptrace_check_attach')],
    tags: ['thread', ...tags],
  },
  {
    script: `fork free { pause }; call ptrace PTRACE_CONT free 0 0; quietly { call ptrace PTRACE_SEIZE free 0 0 }; call ptrace PTRACE_CONT free 0 0;
      ${stopped}; fork other { call ptrace PTRACE_CONT child 0 0; exit 0 }; wait other; thread t { call ptrace PTRACE_CONT child 0 0 }; join t; state child; call ptrace PTRACE_CONT child 0 0; exit 0`,
    says: {
      other: ['call ptrace PTRACE_CONT child 0 0: ESRCH'],
      t: ['call ptrace PTRACE_CONT child 0 0: ESRCH'],
      main: [
        'call ptrace PTRACE_CONT free 0 0: ESRCH',
        'call ptrace PTRACE_CONT free 0 0: ESRCH',
        'wait other: exit 0',
        'join t: 0',
        'state child: t',
        'call ptrace PTRACE_CONT child 0 0: 0',
      ],
    },
  },
  [
    {
      what: 'the thread that traces asks',
      replace: ['thread t { call ptrace PTRACE_CONT child 0 0 }; join t', 'call ptrace PTRACE_CONT child 0 0'],
    },
  ],
);

tells(
  {
    id: 'ptrace.request.set-syscall-info',
    statement:
      'PTRACE_SET_SYSCALL_INFO is there from 6.16 on, EFAULT without anything to read, EINVAL with too little; before it is EIO.',
    sources: [man('ptrace(2)', 'PTRACE_SET_SYSCALL_INFO'), kernelSource('kernel/ptrace.c', 'ptrace_set_syscall_info')],
    tags,
    entries: ['PTR-10'],
    expected: byKernel({ '<6.16': ['EIO', 'EIO'], '>=6.16': ['EFAULT', 'EINVAL'] }),
  },
  {
    // 0x4212: PTRACE_SET_SYSCALL_INFO. (include/uapi/linux/ptrace.h)
    script: `${stopped}; call ptrace 0x4212 child 1000 0; call ptrace 0x4212 child 8 0; exit 0`,
    says: ([nowhere, small]) => ({
      main: [`call ptrace 0x4212 child 1000 0: ${nowhere}`, `call ptrace 0x4212 child 8 0: ${small}`],
    }),
  },
  [{ what: 'it runs', replace: ['; call ptrace PTRACE_INTERRUPT child 0 0; wait child __WALL', ''] }],
);

tells(
  {
    id: 'ptrace.request.no-such-signal',
    statement:
      'PTRACE_CONT and PTRACE_DETACH with a number that is no signal are EIO; the tracee stays stopped and traced.',
    sources: [errors, kernelSource('kernel/ptrace.c', 'ptrace_resume')],
    tags,
  },
  {
    script: `${stopped}; call ptrace PTRACE_CONT child 0 65; call ptrace PTRACE_DETACH child 0 65; state child; call ptrace PTRACE_DETACH child 0 0; exit 0`,
    says: {
      main: [
        'call ptrace PTRACE_CONT child 0 65: EIO',
        'call ptrace PTRACE_DETACH child 0 65: EIO',
        'state child: t',
        'call ptrace PTRACE_DETACH child 0 0: 0',
      ],
    },
  },
  [
    { what: 'it is one (PTRACE_CONT)', replace: ['PTRACE_CONT child 0 65', 'PTRACE_CONT child 0 64'] },
    { what: 'it is one (PTRACE_DETACH)', replace: ['PTRACE_DETACH child 0 65', 'PTRACE_DETACH child 0 64'] },
  ],
);

tells(
  {
    id: 'ptrace.request.interrupt-and-listen-are-for-the-seized',
    statement:
      'PTRACE_INTERRUPT and PTRACE_LISTEN of an attached tracee are EIO; PTRACE_LISTEN of a seized one needs a group-stop, else EIO.',
    sources: [man('ptrace(2)', 'PTRACE_LISTEN'), kernelSource('kernel/ptrace.c', 'ptrace_request')],
    tags,
    entries: ['PTR-05', 'PTR-06'],
  },
  {
    script: `fork a { pause }; quietly { call ptrace PTRACE_ATTACH a 0 0; wait a __WALL }; call ptrace PTRACE_INTERRUPT a 0 0; call ptrace PTRACE_LISTEN a 0 0;
      fork child { await go; kill self USR1 }; quietly { call ptrace PTRACE_SEIZE child 0 0 }; open go; wait child __WALL; call ptrace PTRACE_LISTEN child 0 0; exit 0`,
    says: {
      main: [
        'call ptrace PTRACE_INTERRUPT a 0 0: EIO',
        'call ptrace PTRACE_LISTEN a 0 0: EIO',
        'wait child: stopped by SIGUSR1',
        'call ptrace PTRACE_LISTEN child 0 0: EIO',
      ],
    },
  },
  [
    {
      what: 'both are seized',
      replace: ['PTRACE_ATTACH a 0 0', 'PTRACE_SEIZE a 0 0; call ptrace PTRACE_INTERRUPT a 0 0'],
    },
  ],
);
