/** When a process leaves a core dump, and what is in it: core(5). The core_pattern of the machine is `core`, as the kernel has it. */
import { actor, byKernel, kernelSource, man, spec } from '../../src/harness/index.ts';

const page = man('core(5)');
const source = kernelSource('fs/coredump.c', 'do_coredump');
const ended = { by: 'exit', code: 0 };

/** In a directory of its own, on a tmpfs, that goes again, whatever has become of the names in it. */
const inDirectory = (script: string): string =>
  `quietly { mkdir /tmp/dump }; quietly { chdir /tmp/dump }; limit RLIMIT_CORE -1; ${script}
  quietly { unlink core; rmdir core; unlink other; rmdir other; chdir / }; quietly { rmdir /tmp/dump }; exit 0`;

/** A claim about one script there; its transcript, without the first line, is the claim. */
const simple = (
  claim: {
    readonly id: string;
    readonly statement: string;
    readonly entries?: readonly string[];
    readonly tags?: readonly string[];
  },
  script: string,
  lines: readonly string[],
  breaks: readonly { readonly what: string; readonly replace: readonly [string, string] }[],
): void =>
  spec(
    { sources: [page, source], ...claim, tags: ['core', ...(claim.tags ?? [])] },
    async ({ guest, expect }) => {
      const fixture = await guest.process(actor(inDirectory(script)));
      expect(await fixture.finished()).toEqual(ended);
      expect(fixture.transcript().slice(1)).toEqual(lines);
    },
    breaks,
  );

const quit = 'fork w { kill self QUIT }; wait w; core-file core';
const dumped = ['wait w: SIGQUIT (core dumped)', 'core-file core: QUIT SI_USER of w, 1 thread, 0600 of 0'];
const notDumped = ['wait w: SIGQUIT', 'core-file core: ENOENT'];

simple(
  {
    id: 'core.dump.with-a-limit-it-is-made',
    statement: 'With a RLIMIT_CORE above 0 SIGQUIT leaves an ELF core of mode 0600, and the wait status says so.',
    entries: ['COR-01'],
  },
  quit,
  dumped,
  [
    { what: 'the limit is 0', replace: ['limit RLIMIT_CORE -1', 'limit RLIMIT_CORE 0'] },
    { what: 'another signal', replace: ['kill self QUIT', 'kill self TERM'] },
  ],
);

simple(
  {
    id: 'core.dump.limit-of-zero-prevents-it',
    statement: 'With a RLIMIT_CORE of 0 there is no dump: the wait status has no core flag, and no file appears.',
    entries: ['COR-01'],
  },
  `limit RLIMIT_CORE 0; ${quit}`,
  ['limit RLIMIT_CORE 0: 0', ...notDumped],
  [{ what: 'the limit is higher', replace: ['limit RLIMIT_CORE 0', 'limit RLIMIT_CORE 100000000'] }],
);

simple(
  {
    id: 'core.dump.limit-below-a-page-prevents-it',
    statement: 'With a RLIMIT_CORE of 4095 bytes, less than a page, there is no dump.',
    entries: ['COR-01'],
  },
  `limit RLIMIT_CORE 4095; ${quit}`,
  ['limit RLIMIT_CORE 4095: 0', ...notDumped],
  [{ what: 'no such limit', replace: ['limit RLIMIT_CORE 4095', 'limit RLIMIT_CORE -1'] }],
);

spec(
  {
    id: 'core.dump.limit-truncates-it',
    statement: 'A dump is cut off where RLIMIT_CORE is reached.',
    sources: [page, kernelSource('fs/coredump.c', 'dump_emit')],
    tags: ['core'],
    entries: ['COR-01'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor(inDirectory('fork w { limit RLIMIT_CORE 16384; kill self QUIT }; wait w; core-file core')),
    );
    expect(await fixture.finished()).toEqual(ended);
    expect(fixture.transcript().slice(1)).toEqual([
      'wait w: SIGQUIT (core dumped)',
      'core-file core: QUIT SI_USER of w, 1 thread, 0600 of 0, truncated',
    ]);
    const [file] = fixture.seen({ ev: 'core-file' });
    expect(file?.['size']).toBeLessThanOrEqual(16384);
  },
  [{ what: 'a higher limit', replace: ['RLIMIT_CORE 16384', 'RLIMIT_CORE 100000000'] }],
);

simple(
  {
    id: 'core.dump.undumpable-process-leaves-none',
    statement: 'A process with PR_SET_DUMPABLE 0 leaves no dump, and its wait status has no core flag.',
    entries: ['COR-01'],
  },
  quit.replace('kill self QUIT', 'call prctl PR_SET_DUMPABLE 0; kill self QUIT'),
  notDumped,
  [{ what: 'it is dumpable', replace: ['PR_SET_DUMPABLE 0', 'PR_SET_DUMPABLE 1'] }],
);

simple(
  {
    id: 'core.dump.exec-makes-dumpable-again',
    statement: 'execve makes a process that had PR_SET_DUMPABLE 0 dumpable again.',
    entries: ['COR-01'],
  },
  quit.replace('kill self QUIT', 'call prctl PR_SET_DUMPABLE 0; exec-actor { kill self QUIT }'),
  dumped,
  [{ what: 'no execve', replace: ['exec-actor', 'quietly'] }],
);

simple(
  {
    id: 'core.dump.changed-uid-makes-undumpable',
    statement:
      'A process that has given up root is not dumpable any more and leaves no dump, even where it could write one.',
    entries: ['COR-01'],
  },
  quit.replace('kill self QUIT', 'call setresuid 1000 1000 1000; call prctl PR_GET_DUMPABLE; kill self QUIT'),
  notDumped,
  [{ what: 'it gives up nothing', replace: ['setresuid 1000 1000 1000', 'setresuid 0 0 0'] }],
);

simple(
  {
    id: 'core.dump.needs-a-writable-directory',
    statement: 'A process that may not create a file in its working directory leaves no dump.',
    entries: ['COR-01'],
  },
  quit.replace('kill self QUIT', 'call setresuid 1000 1000 1000; call prctl PR_SET_DUMPABLE 1; kill self QUIT'),
  notDumped,
  [{ what: 'it may', replace: ['setresuid 1000 1000 1000', 'setresuid 0 0 0'] }],
);

simple(
  {
    id: 'core.dump.overwrites-a-file',
    statement: 'A dump replaces the content of a regular file of its owner that is already there.',
    entries: ['COR-01'],
  },
  'quietly { fork first { kill self ABRT }; wait first }; core-file core; fork w { kill self QUIT }; wait w; core-file core',
  ['core-file core: ABRT SI_USER of first, 1 thread, 0600 of 0', ...dumped],
  [{ what: 'no second dump', replace: ['kill self QUIT', 'kill self TERM'] }],
);

simple(
  {
    id: 'core.dump.replaces-a-symbolic-link',
    statement: 'When `core` is a symbolic link, the dump takes its place and nothing is written where it points.',
    entries: ['COR-01'],
  },
  `symlink other core; ${quit}; exists other`,
  ['symlink other core: 0', ...dumped, 'exists other: ENOENT'],
  [{ what: 'something is in the way', replace: ['symlink other core', 'mkdir core'] }],
);

simple(
  {
    id: 'core.dump.leaves-another-link-alone',
    statement: 'When `core` has a second name, the dump is a new file, and what has the second name stays as it was.',
    entries: ['COR-01'],
  },
  `quietly { fork first { kill self ABRT }; wait first }; link core other; ${quit}; core-file other`,
  ['link core other: 0', ...dumped, 'core-file other: ABRT SI_USER of first, 1 thread, 0600 of 0'],
  [{ what: 'the second name is a symbolic link', replace: ['link core other', 'symlink core other'] }],
);

simple(
  {
    id: 'core.dump.not-over-a-directory',
    statement: 'When `core` is a directory there is no dump.',
    entries: ['COR-01'],
  },
  'mkdir core; fork w { kill self QUIT }; wait w; rmdir core',
  ['mkdir core: 0', 'wait w: SIGQUIT', 'rmdir core: 0'],
  [{ what: 'the directory has another name', replace: ['mkdir core', 'mkdir other'] }],
);

const dumping = ['QUIT', 'ILL', 'TRAP', 'ABRT', 'BUS', 'FPE', 'SEGV', 'XCPU', 'XFSZ', 'SYS'];
const ending = [
  'HUP',
  'INT',
  'KILL',
  'USR1',
  'USR2',
  'PIPE',
  'ALRM',
  'TERM',
  'STKFLT',
  'VTALRM',
  'PROF',
  'IO',
  'PWR',
  '34',
  '64',
];

for (const { id, statement, signals, suffix, replace } of [
  {
    id: 'ten-signals-dump',
    statement:
      'The signals whose default action is "core" leave a dump: QUIT ILL TRAP ABRT BUS FPE SEGV XCPU XFSZ SYS.',
    signals: dumping,
    suffix: ' (core dumped)',
    replace: ['kill self ILL', 'kill self INT'] as const,
  },
  {
    id: 'other-fatal-signals-do-not-dump',
    statement: 'No signal whose default action is "term" leaves a dump, real-time signals included.',
    signals: ending,
    suffix: '',
    replace: ['kill self INT', 'kill self ILL'] as const,
  },
])
  simple(
    { id: `core.dump.${id}`, statement, entries: ['COR-01', 'SIG-15'] },
    signals.map((signal) => `fork w { kill self ${signal} }; wait w`).join('; '),
    signals.map((signal) => `wait w: SIG${signal}${suffix}`),
    [{ what: 'another signal', replace }],
  );

simple(
  {
    id: 'core.dump.caught-signal-leaves-none',
    statement: 'A SIGQUIT that is caught or ignored leaves no dump.',
    entries: ['COR-01'],
  },
  'fork w { on QUIT; ignore ABRT; kill self QUIT; kill self ABRT; exit 3 }; wait w; core-file core',
  ['wait w: exit 3', 'core-file core: ENOENT'],
  [{ what: 'one is neither', replace: ['ignore ABRT', 'default ABRT'] }],
);

simple(
  {
    id: 'core.dump.fault-tells-its-siginfo',
    statement: 'The dump after a fault has the signal and the siginfo of the fault.',
    entries: ['COR-01'],
  },
  'fork w { crash }; wait w; core-file core; fork v { fault ud2 }; wait v; core-file core; fork u { fault divide }; wait u; core-file core',
  [
    'wait w: SIGSEGV (core dumped)',
    'core-file core: SEGV SEGV_MAPERR of w, 1 thread, 0600 of 0',
    'wait v: SIGILL (core dumped)',
    'core-file core: ILL ILL_ILLOPN of v, 1 thread, 0600 of 0',
    'wait u: SIGFPE (core dumped)',
    'core-file core: FPE FPE_INTDIV of u, 1 thread, 0600 of 0',
  ],
  [{ what: 'kill sends it', replace: ['crash', 'kill self SEGV'] }],
);

simple(
  {
    id: 'core.dump.has-every-thread',
    statement: 'The dump of a process has a state for each of its threads, first that of the one the signal killed.',
    entries: ['COR-01'],
  },
  'fork w { thread a { pause }; thread b { pause }; tgkill self tid QUIT }; wait w; core-file core',
  ['wait w: SIGQUIT (core dumped)', 'core-file core: QUIT SI_TKILL of w, 3 threads, 0600 of 0'],
  [{ what: 'one thread fewer', replace: ['thread b { pause }; ', ''] }],
);

simple(
  {
    id: 'core.dump.thread-that-dies-comes-first',
    statement: 'When another thread than the leader dies of a signal, the dump begins with that thread.',
    entries: ['COR-01'],
  },
  'fork w { thread a { await go; tgkill self tid ABRT }; open go; join a }; wait w; core-file core',
  ['wait w: SIGABRT (core dumped)', 'core-file core: ABRT SI_TKILL of another, 2 threads, 0600 of 0'],
  [{ what: 'it is the leader', replace: ['open go; join a', 'tgkill self self ABRT'] }],
);

simple(
  {
    id: 'core.dump.parent-is-told-cld-dumped',
    statement: 'SIGCHLD and waitid say CLD_DUMPED with the signal when a child has left a dump.',
    entries: ['COR-01', 'INF-03'],
  },
  'block CHLD; fork w { kill self QUIT }; sigwait CHLD; waitid P_PID w WEXITED',
  ['block CHLD: 0', 'sigwait CHLD: CHLD CLD_DUMPED 3 from w', 'waitid P_PID w WEXITED: CLD_DUMPED 3 from w'],
  [{ what: 'without a dump', replace: ['fork w {', 'fork w { limit RLIMIT_CORE 0;'] }],
);

spec(
  {
    id: 'core.dump.vfork-parent-of-one-that-dumps',
    statement:
      'When a vfork child, which shares the memory of its parent, dies of a signal with a dump, its parent goes on; up to 5.15 it was killed too.',
    sources: [kernelSource('fs/coredump.c', 'zap_threads'), page],
    tags: ['core'],
    entries: ['COR-01'],
    expected: byKernel({ '<5.16': 'SIGQUIT', '>=5.16': 'exit 3' }),
  },
  async ({ guest, expect, expected, observe }) => {
    const fixture = await guest.process(
      actor(inDirectory('fork w { vfork c { kill self QUIT }; exit 3 }; wait w; exists core')),
    );
    expect(await fixture.finished()).toEqual(ended);
    const lines = fixture.transcript().slice(1);
    observe(lines);
    expect(lines).toEqual([`wait w: ${expected}`, 'exists core: 0']);
  },
  [{ what: 'it ends without a dump', replace: ['kill self QUIT', 'exit 0'] }],
);

spec(
  {
    id: 'core.dump.filter-chooses-memory',
    statement:
      'A coredump_filter of 0, which a child inherits and execve keeps, leaves the contents of memory out of the dump.',
    sources: [
      man('core(5)', 'Controlling which mappings are written to the core dump'),
      kernelSource('fs/coredump.c', 'vma_dump_size'),
    ],
    tags: ['core'],
    entries: ['COR-01'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor(
        inDirectory(`read /proc/self/coredump_filter; ${quit}; write /proc/self/coredump_filter 0
          fork w { exec-actor { read /proc/self/coredump_filter; kill self QUIT } }; wait w; core-file core`),
      ),
    );
    expect(await fixture.finished()).toEqual(ended);
    expect(fixture.transcript().slice(1)).toEqual([
      'read /proc/self/coredump_filter: 00000033',
      ...dumped,
      'write /proc/self/coredump_filter 0: 0',
      ...dumped,
    ]);
    expect(fixture.transcript('w')).toContain('read /proc/self/coredump_filter: 00000000');
    const sizes = fixture.seen({ ev: 'core-file' }).map((event) => Number(event['size']));
    expect(Number(sizes[1])).toBeLessThan(Number(sizes[0]) / 2);
  },
  [{ what: 'the filter is left alone', replace: ['coredump_filter 0', 'coredump_filter 0x33'] }],
);

spec(
  {
    id: 'core.dump.init-leaves-none-by-a-signal',
    statement:
      'An init of a pid namespace does not end of SIGQUIT, SIGABRT or SIGSEGV that a member sends, and leaves no dump.',
    sources: [man('pid_namespaces(7)'), kernelSource('kernel/signal.c', 'sig_task_ignored')],
    tags: ['core', 'container'],
    entries: ['COR-06'],
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(
      actor(inDirectory('fork m { kill init QUIT; kill init ABRT; kill init SEGV }; wait m; core-file core')),
    );
    expect(await init.finished()).toEqual(ended);
    expect(init.transcript().slice(1)).toEqual(['wait m: exit 0', 'core-file core: ENOENT']);
  },
  [{ what: 'it sends to itself', replace: ['kill init QUIT', 'kill self QUIT'] }],
);

spec(
  {
    id: 'core.dump.init-that-faults-dumps',
    statement: 'An init of a pid namespace that writes to memory it does not have dies of SIGSEGV and leaves a dump.',
    sources: [page, kernelSource('kernel/signal.c', 'force_sig_info_to_task')],
    tags: ['core', 'container'],
    entries: ['COR-06'],
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(
      actor('quietly { mkdir /tmp/dump }; quietly { chdir /tmp/dump }; limit RLIMIT_CORE -1; crash; exit 0'),
    );
    expect(await init.finished()).toEqual({ by: 'signal', signal: 'SIGSEGV', core: true });
    const file = await guest.exec('head -c 4 /tmp/dump/core | tail -c 3; rm -r /tmp/dump');
    expect(file.stdout).toBe('ELF');
  },
  [{ what: 'the limit is 0', replace: ['limit RLIMIT_CORE -1', 'limit RLIMIT_CORE 0'] }],
);

spec(
  {
    id: 'core.dump.pidfd-tells-status-and-no-file',
    statement:
      'PIDFD_GET_INFO tells the status of a process that has been reaped; of a dump to a file it tells nothing.',
    sources: [kernelSource('fs/pidfs.c', 'pidfd_info'), kernelSource('fs/pidfs.c', 'pidfs_coredump')],
    tags: ['core', 'pidfd'],
    entries: ['COR-07'],
    expected: byKernel(
      {
        '<6.11': ['ENOTTY', 'ENOTTY', 'ENOTTY'],
        '>=6.11 <6.13': ['EINVAL', 'EINVAL', 'EINVAL'],
        '>=6.13 <6.15': ['ESRCH', 'ESRCH', 'ESRCH'],
        '>=6.15 <6.16': ['exit 131', 'exit 3', 'exit 1792'],
        '>=6.16 <6.19': ['exit 131, dump 0', 'exit 3, dump 0', 'exit 1792, dump 0'],
        '>=6.19': ['exit 131', 'exit 3', 'exit 1792'],
      },
      {
        '>=6.11 <6.13': { commit: '5b08bd408534', title: 'pidfs: allow retrieval of namespace file descriptors' },
        '>=6.13 <6.15': { commit: 'cdda1f26e74b', title: 'pidfd: add ioctl to retrieve pid info' },
        '>=6.15 <6.16': { commit: '7477d7dce48a', title: 'pidfs: allow to retrieve exit information' },
        '>=6.19': {
          commit: 'fe0e6ce3fd65bac9854b3b0c25dcb083f9b7beb0',
          title: 'pidfs: fix PIDFD_INFO_COREDUMP handling',
        },
        '>=6.16 <6.19': {
          commit: '1d8db6fd698de1f73b1a7d72aea578fdd18d9a87',
          title: 'pidfs, coredump: add PIDFD_INFO_COREDUMP',
        },
      },
    ),
  },
  async ({ guest, expect, expected, observe }) => {
    const fixture = await guest.process(
      actor(
        inDirectory(`clone a CLONE_PIDFD { kill self QUIT }; wait a; dump-info $a
          clone b CLONE_PIDFD { limit RLIMIT_CORE 0; kill self QUIT }; wait b; dump-info $b
          clone c CLONE_PIDFD { exit 7 }; wait c; dump-info $c`),
      ),
    );
    expect(await fixture.finished()).toEqual(ended);
    const told = fixture
      .transcript()
      .filter((line) => line.startsWith('dump-info'))
      .map((line) => line.replace(/^.*?: /, ''));
    observe(told);
    expect(told).toEqual(expected);
    expect(fixture.transcript().filter((line) => line.startsWith('wait'))).toEqual([
      'wait a: SIGQUIT (core dumped)',
      'wait b: SIGQUIT',
      'wait c: exit 7',
    ]);
  },
  [{ what: 'the limit is 0', replace: ['limit RLIMIT_CORE -1', 'limit RLIMIT_CORE 0'] }],
);
