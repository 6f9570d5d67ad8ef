/**
 * Where core dumps go: /proc/sys/kernel/core_pattern and its companions, of core(5). They belong to the whole machine; every spec
 * leaves them as the kernel has them.
 */
import { actor, byKernel, kernelSource, man, spec } from '../../src/harness/index.ts';

const naming = man('core(5)', 'Naming of core dump files');
const piping = man('core(5)', 'Piping core dumps to a program');
const source = kernelSource('fs/coredump.c', 'format_corename');
const ended = { by: 'exit', code: 0 };
const sysctl = '/proc/sys/kernel';
const directory = '/tmp/pattern';

type Guest = Parameters<Parameters<typeof spec>[1]>[0]['guest'];

/** With a core_pattern, in a directory for what comes of it; both go again. `before` are further commands. */
const withPattern = async (guest: Guest, pattern: string, body: () => Promise<void>, before = ''): Promise<void> => {
  await guest.exec(
    `rm -rf ${directory}; mkdir -m 777 ${directory}; echo '${pattern}' > ${sysctl}/core_pattern; ${before}`,
  );
  try {
    await body();
  } finally {
    await guest.exec(
      `echo core > ${sysctl}/core_pattern; echo 0 > ${sysctl}/core_pipe_limit; echo 0 > ${sysctl}/core_uses_pid
       echo 0 > /proc/sys/fs/suid_dumpable; rm -rf ${directory}`,
    );
  }
};

/** The names of the files there, and what they are. */
const files = async (guest: Guest): Promise<readonly string[]> =>
  (await guest.exec(`ls ${directory}`)).stdout.split('\n').filter((name) => name !== '');

const quit = 'limit RLIMIT_CORE -1; fork w { kill self QUIT }; wait w; exit 0';

for (const { id, statement, pattern, script, file } of [
  {
    id: 'path-and-percent',
    statement: 'A core_pattern with slashes is a path, and %% in it is a percent sign.',
    pattern: `${directory}/a%%b`,
    script: quit,
    file: 'a%b',
  },
  {
    id: 'signal-and-ids',
    statement: 'In core_pattern %s is the number of the signal, %u and %g are the real user and group.',
    pattern: `${directory}/s%s-u%u-g%g`,
    script: quit.replace(
      'kill self QUIT',
      'call setresuid 1000 1000 1000; call prctl PR_SET_DUMPABLE 1; kill self ABRT',
    ),
    file: 's6-u1000-g0',
  },
  {
    id: 'names',
    statement: 'In core_pattern %e is the name of the thread, %E the path of the program with ! for /.',
    pattern: `${directory}/e%e-E%E`,
    script: quit,
    file: 'eactor-E!kernspec!bin!actor',
  },
  {
    id: 'limit-and-dumpable',
    statement: 'In core_pattern %c is the soft limit of core files and %d the dumpable flag.',
    pattern: `${directory}/c%c-d%d`,
    script: quit.replace('RLIMIT_CORE -1', 'RLIMIT_CORE 99999999'),
    file: 'c99999999-d1',
  },
  {
    id: 'unknown-letters-are-dropped',
    statement: 'An unknown letter behind % in core_pattern is left out, and so is a single % at the end.',
    pattern: `${directory}/x%Zy%`,
    script: quit,
    file: 'xy',
  },
])
  spec(
    {
      id: `core.pattern.${id}`,
      statement,
      sources: [naming, source],
      tags: ['core'],
      entries: ['COR-02'],
    },
    async ({ guest, expect }) => {
      await withPattern(guest, pattern, async () => {
        const fixture = await guest.process(actor(script));
        expect(await fixture.finished()).toEqual(ended);
        expect(fixture.transcript().at(-1)).toMatch(/^wait w: SIG\w+ \(core dumped\)$/);
        expect(await files(guest)).toEqual([file]);
      });
    },
    [
      { what: 'without a dump', replace: ['limit RLIMIT_CORE', 'limit RLIMIT_CORE 0; limit RLIMIT_NOFILE'] },
      { what: 'another pattern', replace: [`echo '${pattern}'`, `echo '${pattern}.%h'`] },
    ],
  );

spec(
  {
    id: 'core.pattern.pids-of-both-namespaces',
    statement:
      'In core_pattern %p and %i are the numbers of process and thread in their own pid namespace, %P and %I in the initial one.',
    sources: [naming, source],
    tags: ['core', 'container'],
    entries: ['COR-02'],
  },
  async ({ guest, expect }) => {
    await withPattern(guest, `${directory}/%p.%i.%P.%I`, async () => {
      const init = await guest.pidNamespace(
        actor(
          `limit RLIMIT_CORE -1; fork w { thread t { await go; tgkill self tid QUIT }; open go; join t }; wait w; exit 0`,
        ),
      );
      expect(await init.finished()).toEqual(ended);
      expect(init.transcript().at(-1)).toBe('wait w: SIGQUIT (core dumped)');
      const trace = await init.kernelTrace();
      const births = trace.filter(({ name }) => name === 'sched_process_fork').map(({ fields }) => fields['child_pid']);
      const [process, thread] = births.slice(-2);
      expect(await files(guest)).toEqual([`2.3.${process}.${thread}`]);
    });
  },
  [{ what: 'outside of a namespace', namespace: 'none' }],
);

spec(
  {
    id: 'core.pattern.core-uses-pid',
    statement:
      "With core_uses_pid 1 and no %p in the pattern the file gets the pid, that of the process's own namespace, as a suffix.",
    sources: [naming, source],
    tags: ['core', 'container'],
    entries: ['COR-02'],
  },
  async ({ guest, expect }) => {
    await withPattern(
      guest,
      `${directory}/core`,
      async () => {
        const init = await guest.pidNamespace(actor(quit));
        expect(await init.finished()).toEqual(ended);
        expect(await files(guest)).toEqual(['core.2']);
      },
      `echo 1 > ${sysctl}/core_uses_pid`,
    );
  },
  [
    { what: 'outside of a namespace', namespace: 'none' },
    { what: 'core_uses_pid is 0', replace: ['echo 1 >', 'echo 0 >'] },
  ],
);

spec(
  {
    id: 'core.pattern.empty-means-none',
    statement: 'With an empty core_pattern and core_uses_pid 0 there is no dump.',
    sources: [naming, source],
    tags: ['core'],
    entries: ['COR-01'],
  },
  async ({ guest, expect }) => {
    await withPattern(guest, '', async () => {
      const fixture = await guest.process(actor(`chdir ${directory}; ${quit}`));
      expect(await fixture.finished()).toEqual(ended);
      expect(fixture.transcript().at(-1)).toBe('wait w: SIGQUIT');
      expect(await files(guest)).toEqual([]);
    });
  },
  [{ what: 'it is a name', replace: ["echo ''", 'echo core'] }],
);

spec(
  {
    id: 'core.pattern.is-of-the-machine',
    statement: 'core_pattern is one for the machine: what an init of a pid namespace writes is what everybody reads.',
    sources: [naming, kernelSource('fs/coredump.c', 'core_pattern')],
    tags: ['core', 'container'],
    entries: ['COR-08'],
  },
  async ({ guest, expect }) => {
    await withPattern(guest, 'before', async () => {
      const init = await guest.pidNamespace(
        actor(`write ${sysctl}/core_pattern inside; read ${sysctl}/core_pattern; exit 0`),
      );
      expect(await init.finished()).toEqual(ended);
      expect(init.transcript()).toEqual([
        `write ${sysctl}/core_pattern inside: 0`,
        `read ${sysctl}/core_pattern: inside`,
      ]);
      expect((await guest.exec(`cat ${sysctl}/core_pattern`)).stdout).toBe('inside\n');
    });
  },
  [{ what: 'it may not', replace: ['write /proc', 'call setresuid 1000 1000 1000; write /proc'] }],
);

spec(
  {
    id: 'core.pattern.written-from-a-user-namespace-by-root-alone',
    statement:
      'In a new user namespace a process whose user is root outside may write core_pattern; one whose user is another outside may not.',
    sources: [kernelSource('fs/proc/proc_sysctl.c', 'proc_sys_permission'), naming],
    tags: ['core', 'container'],
    entries: ['COR-08'],
  },
  async ({ guest, expect }) => {
    await withPattern(guest, 'before', async () => {
      const write = `write ${sysctl}/core_pattern inside`;
      const fixture = await guest.process(
        actor(`fork a { call unshare CLONE_NEWUSER; write /proc/self/uid_map 0 0 1; ${write} }; wait a; read ${sysctl}/core_pattern
          fork b {
            call setresuid 1000 1000 1000; call prctl PR_SET_DUMPABLE 1; call unshare CLONE_NEWUSER
            write /proc/self/uid_map 0 1000 1; ${write}2
          }
          wait b; read ${sysctl}/core_pattern; exit 0`),
      );
      expect(await fixture.finished()).toEqual(ended);
      expect(fixture.transcript('a')).toEqual([
        'call unshare CLONE_NEWUSER: 0',
        'write /proc/self/uid_map 0 0 1: 0',
        `${write}: 0`,
      ]);
      expect(fixture.transcript('b').slice(2)).toEqual([
        'call unshare CLONE_NEWUSER: 0',
        'write /proc/self/uid_map 0 1000 1: 0',
        `${write}2: EACCES`,
      ]);
      expect(fixture.transcript().at(-1)).toBe(`read ${sysctl}/core_pattern: inside`);
    });
  },
  [{ what: 'the second stays root', replace: ['setresuid 1000 1000 1000', 'setresuid 0 0 0'] }],
);

/** A handler that writes down what it is given and who it is, and reads the dump. */
const handler = `cat > ${directory}/handler <<'END'
#!/bin/busybox sh
PATH=/kernspec/bin:/usr/sbin:/usr/bin:/sbin:/bin
out=${directory}/out
echo "arguments $*" > $out
echo "uid $(busybox id -u)" >> $out
[ "$(busybox readlink /proc/self/ns/pid)" = "$(busybox readlink /proc/1/ns/pid)" ] && echo 'initial pid namespace' >> $out
echo "directory $(busybox pwd)" >> $out
# PF_KTHREAD is bit 21 of the flags. (include/linux/sched.h)
echo "of a kernel thread $(( $(busybox cut -d ' ' -f 9 /proc/$PPID/stat) >> 21 & 1 ))" >> $out
echo "descriptor 3 $(busybox readlink /proc/self/fd/3)" >> $out
echo "dumping $(busybox grep CoreDumping /proc/$1/status | busybox cut -f 2) state $(busybox grep '^State' /proc/$1/status | busybox cut -f 2)" >> $out
echo "magic $(busybox head -c 4 | busybox tail -c 3)" >> $out
busybox cat > /dev/null
END
chmod 755 ${directory}/handler; echo 4 > ${sysctl}/core_pipe_limit`;

/** What the handler has written down. */
const handled = async (guest: Guest): Promise<readonly string[]> =>
  (await guest.exec(`cat ${directory}/out`)).stdout.trim().split('\n');

spec(
  {
    id: 'core.pattern.handler-runs-as-root-of-the-machine',
    statement:
      'A program behind | in core_pattern runs as root and child of a kernel thread in the initial pid namespace, in the root directory, for a crash in any pid namespace by any user, and reads the dump.',
    sources: [piping, kernelSource('fs/coredump.c', 'umh_coredump_setup')],
    tags: ['core', 'container', 'star'],
    entries: ['COR-03'],
  },
  async ({ guest, expect }) => {
    await withPattern(
      guest,
      `|${directory}/handler %P %p %s %u`,
      async () => {
        const init = await guest.pidNamespace(
          actor(
            'fork w { call setresuid 1000 1000 1000; call prctl PR_SET_DUMPABLE 1; kill self QUIT }; wait w; exit 0',
          ),
        );
        expect(await init.finished()).toEqual(ended);
        expect(init.transcript()).toEqual(['wait w: SIGQUIT (core dumped)']);
        const lines = await handled(guest);
        expect(lines[0]).toMatch(/^arguments \d+ 2 3 1000$/);
        expect(lines[0]).not.toMatch(/^arguments 2 /);
        expect(lines).toEqual(
          expect.arrayContaining([
            'uid 0',
            'initial pid namespace',
            'directory /',
            'of a kernel thread 1',
            'magic ELF',
          ]),
        );
      },
      handler,
    );
  },
  [
    { what: 'outside of a namespace', namespace: 'none' },
    { what: 'it dies without a dump', replace: ['kill self QUIT', 'kill self TERM'] },
  ],
);

spec(
  {
    id: 'core.pattern.handler-runs-with-a-limit-of-zero',
    statement:
      'A handler behind | gets the dump even with a RLIMIT_CORE of 0, and the wait status has the core flag; with one of 1 it does not.',
    sources: [piping, kernelSource('fs/coredump.c', 'do_coredump')],
    tags: ['core'],
    entries: ['COR-03'],
  },
  async ({ guest, expect }) => {
    await withPattern(
      guest,
      `|${directory}/handler %P`,
      async () => {
        const fixture = await guest.process(
          actor(`fork v { limit RLIMIT_CORE 1; kill self QUIT }; wait v; exists ${directory}/out
            fork w { limit RLIMIT_CORE 0; kill self QUIT }; wait w; exists ${directory}/out; exit 0`),
        );
        expect(await fixture.finished()).toEqual(ended);
        expect(fixture.transcript()).toEqual([
          'wait v: SIGQUIT',
          `exists ${directory}/out: ENOENT`,
          'wait w: SIGQUIT (core dumped)',
          `exists ${directory}/out: 0`,
        ]);
      },
      handler,
    );
  },
  [{ what: 'both have the limit 0', replace: ['RLIMIT_CORE 1', 'RLIMIT_CORE 0'] }],
);

spec(
  {
    id: 'core.pattern.process-is-there-while-the-handler-reads',
    statement:
      'While its dump is read the process is in /proc with CoreDumping 1; with a core_pipe_limit it is reaped after the handler has ended.',
    sources: [piping, man('proc_pid_status(5)'), kernelSource('fs/coredump.c', 'wait_for_dump_helpers')],
    tags: ['core'],
    entries: ['COR-03'],
  },
  async ({ guest, expect }) => {
    await withPattern(
      guest,
      `|${directory}/handler %P`,
      async () => {
        const fixture = await guest.process(actor(`fork w { kill self QUIT }; wait w; read ${directory}/out; exit 0`));
        expect(await fixture.finished()).toEqual(ended);
        // What the handler has written last was there when wait returned.
        expect(fixture.transcript().at(-1)).toMatch(/dumping 1 state [RSD] .* magic ELF$/);
      },
      handler,
    );
  },
  [{ what: 'it dies without a dump', replace: ['kill self QUIT', 'kill self TERM'] }],
);

spec(
  {
    id: 'core.pattern.pidfd-for-the-handler',
    statement: 'For %F the handler gets a pidfd of the process as descriptor 3.',
    sources: [kernelSource('fs/coredump.c', 'umh_coredump_setup'), man('core(5)')],
    tags: ['core', 'pidfd'],
    entries: ['COR-04'],
  },
  async ({ guest, expect }) => {
    await withPattern(
      guest,
      `|${directory}/handler %P %F`,
      async () => {
        const fixture = await guest.process(actor('fork w { kill self QUIT }; wait w; exit 0'));
        expect(await fixture.finished()).toEqual(ended);
        const lines = await handled(guest);
        expect(lines[0]).toMatch(/^arguments \d+ 3$/);
        expect(lines).toContain('descriptor 3 anon_inode:[pidfd]');
      },
      handler,
    );
  },
  [{ what: 'it is not asked for', replace: ['%P %F', '%P 3'] }],
);

spec(
  {
    id: 'core.pattern.handler-that-is-not-there',
    statement: 'When the program behind | cannot be run there is no dump and no core flag.',
    sources: [piping, kernelSource('fs/coredump.c', 'do_coredump')],
    tags: ['core'],
    entries: ['COR-03'],
  },
  async ({ guest, expect }) => {
    await withPattern(
      guest,
      `|${directory}/nothing %P`,
      async () => {
        const fixture = await guest.process(actor(`chdir ${directory}; ${quit}`));
        expect(await fixture.finished()).toEqual(ended);
        expect(fixture.transcript().at(-1)).toBe('wait w: SIGQUIT');
        expect(await files(guest)).toEqual(['handler']);
      },
      handler,
    );
  },
  [{ what: 'it is there', replace: ['/nothing %P', '/handler %P'] }],
);

spec(
  {
    id: 'core.pattern.sigkill-ends-a-dump',
    statement:
      'A process that waits for the handler to read its dump is there until SIGKILL comes, which is then its status; SIGTERM is discarded.',
    sources: [
      piping,
      kernelSource('kernel/signal.c', 'prepare_signal'),
      kernelSource('fs/coredump.c', 'dump_interrupted'),
    ],
    tags: ['core', 'container'],
    entries: ['COR-03'],
  },
  async ({ guest, expect }) => {
    await withPattern(
      guest,
      `|${directory}/slow %P`,
      async () => {
        const fixture = await guest.process(
          actor(`fork w { hog 4; kill self QUIT }; until S w; field /proc/@w/status CoreDumping; kill w TERM
            field /proc/@w/status ShdPnd; state w; kill w KILL; wait w; write ${directory}/fifo x; exit 0`),
        );
        expect(await fixture.finished()).toEqual(ended);
        expect(fixture.transcript().slice(0, -1)).toEqual([
          'until S w: S',
          'field /proc/@w/status CoreDumping: 1',
          'kill w TERM: 0',
          'field /proc/@w/status ShdPnd: 0000000000000000',
          'state w: S',
          'kill w KILL: 0',
          'wait w: SIGKILL',
        ]);
      },
      `mkfifo ${directory}/fifo; printf '#!/bin/busybox sh\nexec /bin/busybox head -c 1 ${directory}/fifo\n' > ${directory}/slow; chmod 755 ${directory}/slow`,
    );
  },
  [{ what: 'the handler reads', replace: [`head -c 1 ${directory}/fifo`, 'cat'] }],
);

for (const { id, statement, value, pattern, file } of [
  {
    id: 'suid-dumpable-2-needs-an-absolute-path',
    statement:
      'With fs.suid_dumpable 2 a process that has given up root leaves no dump where core_pattern is no absolute path.',
    value: 2,
    pattern: 'relative',
    file: undefined,
  },
  {
    id: 'suid-dumpable-2-dumps-for-root',
    statement:
      'With fs.suid_dumpable 2 and an absolute path the dump of a process that has given up root belongs to root.',
    value: 2,
    pattern: `${directory}/absolute`,
    file: '600 0',
  },
  {
    id: 'suid-dumpable-1-dumps-for-the-user',
    statement: 'With fs.suid_dumpable 1 the dump of a process that has given up root belongs to its user.',
    value: 1,
    pattern: `${directory}/absolute`,
    file: '600 1000',
  },
])
  spec(
    {
      id: `core.pattern.${id}`,
      statement,
      sources: [man('proc_sys_fs(5)', 'suid_dumpable'), kernelSource('fs/coredump.c', 'do_coredump')],
      tags: ['core'],
      entries: ['COR-01'],
    },
    async ({ guest, expect }) => {
      await withPattern(
        guest,
        pattern,
        async () => {
          const fixture = await guest.process(
            actor(`chdir ${directory}; ${quit.replace('kill self', 'call setresuid 1000 1000 1000; kill self')}`),
          );
          expect(await fixture.finished()).toEqual(ended);
          expect(fixture.transcript().at(-1)).toBe(`wait w: SIGQUIT${file === undefined ? '' : ' (core dumped)'}`);
          expect((await guest.exec(`cd ${directory} && stat -c '%a %u' *`)).stdout.trim()).toBe(file ?? '');
        },
        `echo ${value} > /proc/sys/fs/suid_dumpable`,
      );
    },
    [{ what: 'another setting', replace: [`echo ${value} >`, `echo ${file === undefined ? 1 : 0} >`] }],
  );

spec(
  {
    id: 'core.pattern.suid-dumpable-2-replaces-nothing',
    statement: 'With fs.suid_dumpable 2 a process that has given up root leaves no dump where there is a file already.',
    sources: [man('proc_sys_fs(5)', 'suid_dumpable'), kernelSource('fs/coredump.c', 'do_coredump')],
    tags: ['core'],
    entries: ['COR-01'],
  },
  async ({ guest, expect }) => {
    await withPattern(
      guest,
      `${directory}/absolute`,
      async () => {
        const fixture = await guest.process(
          actor(quit.replace('kill self', 'call setresuid 1000 1000 1000; kill self')),
        );
        expect(await fixture.finished()).toEqual(ended);
        expect(fixture.transcript().at(-1)).toBe('wait w: SIGQUIT');
        expect((await guest.exec(`cat ${directory}/absolute`)).stdout).toBe('mine\n');
      },
      `echo 2 > /proc/sys/fs/suid_dumpable; echo mine > ${directory}/absolute`,
    );
  },
  [{ what: 'it gives up nothing', replace: ['setresuid 1000 1000 1000', 'setresuid 0 0 0'] }],
);

spec(
  {
    id: 'core.pattern.pidfd-tells-of-a-dump-to-a-handler',
    statement:
      'When a handler has been given a pidfd, PIDFD_GET_INFO tells afterwards that the process has dumped, as a user may read it.',
    sources: [kernelSource('fs/pidfs.c', 'pidfs_coredump')],
    tags: ['core', 'pidfd'],
    entries: ['COR-07'],
    expected: byKernel(
      {
        '<6.11': 'ENOTTY',
        '>=6.11 <6.13': 'EINVAL',
        '>=6.13 <6.15': 'ESRCH',
        '>=6.15 <6.16': 'exit 131',
        '>=6.16': 'exit 131, dump 5',
      },
      {
        '>=6.13 <6.15': { commit: 'cdda1f26e74b', title: 'pidfd: add ioctl to retrieve pid info' },
        '>=6.15 <6.16': { commit: '7477d7dce48a', title: 'pidfs: allow to retrieve exit information' },
        '>=6.16': { commit: '1d8db6fd698d', title: 'pidfs, coredump: add PIDFD_INFO_COREDUMP' },
      },
    ),
  },
  async ({ guest, expect, expected, observe }) => {
    await withPattern(
      guest,
      `|${directory}/handler %P %F`,
      async () => {
        const fixture = await guest.process(
          actor('clone w CLONE_PIDFD { kill self QUIT }; wait w; dump-info $w; exit 0'),
        );
        expect(await fixture.finished()).toEqual(ended);
        observe(fixture.transcript().at(-1));
        expect(fixture.transcript()).toEqual(['wait w: SIGQUIT (core dumped)', `dump-info $w: ${expected}`]);
      },
      handler,
    );
  },
  [{ what: 'it dies without a dump', replace: ['kill self QUIT', 'kill self TERM'] }],
);

spec(
  {
    id: 'core.pattern.socket-paths-are-checked',
    statement:
      'From 6.17 on a core_pattern that begins with @ must name a socket by an absolute path without `..`, and is refused otherwise.',
    sources: [kernelSource('fs/coredump.c', 'check_coredump_socket'), naming],
    tags: ['core'],
    entries: ['COR-05'],
    expected: byKernel({ '<6.17': 'accepted', '>=6.17': 'refused' }),
  },
  async ({ guest, expect, expected, observe }) => {
    await withPattern(guest, 'before', async () => {
      const attempt = async (pattern: string): Promise<string> => {
        const { code } = await guest.exec(`echo '${pattern}' > ${sysctl}/core_pattern`);
        return code === 0 ? 'accepted' : 'refused';
      };
      const seen = [await attempt('@bad'), await attempt('@@/x/../y'), await attempt('@/run/socket')];
      observe(seen);
      expect(seen).toEqual([expected, expected, 'accepted']);
    });
  },
  [{ what: 'the last attempt fails', replace: ["echo '@/run/socket'", 'false'] }],
);
