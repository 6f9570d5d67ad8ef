/** Killing, freezing and counting by cgroup v2: cgroups(7), Documentation/admin-guide/cgroup-v2.rst. */
import { byKernel, kernelSource, man, tells } from '../../src/harness/index.ts';

const kill = [man('cgroups(7)'), kernelSource('kernel/cgroup/cgroup.c', 'cgroup_kill_write')];
const freezer = [man('cgroups(7)'), kernelSource('kernel/cgroup/freezer.c', 'cgroup_do_freeze')];
const tags = ['cgroup', 'container'];
const group = '/sys/fs/cgroup/spec';
const killCommit = { '>=5.14': { commit: '661ee6280931', title: 'cgroup: introduce cgroup.kill' } };

tells(
  {
    id: 'cgroup.kill.kills-the-whole-subtree',
    statement:
      'Writing 1 to cgroup.kill kills all members of the subtree, stopped ones with them; 5.10 has no such file.',
    sources: kill,
    tags,
    entries: ['CGR-01'],
    expected: byKernel({ '<5.14': ['ENOENT', 'exit 5', 'exit 6'], '>=5.14': ['0', 'SIGKILL', 'SIGKILL'] }, killCommit),
  },
  {
    script: `quietly { mkdir ${group}; mkdir ${group}/below }; fork a { quietly { write ${group}/cgroup.procs 0 }; open a1; kill self STOP; exit 5 }; await a1; until T a; fork b { quietly { write ${group}/below/cgroup.procs 0 }; open b1; await end; exit 6 }; await b1;
      write ${group}/cgroup.kill 1; quietly { kill a CONT; open end }; wait a; wait b; quietly { rmdir ${group}/below; rmdir ${group} }; exit 0`,
    says: ([written, a, b]) => ({
      main: [
        'until T a: T',
        `write ${group}/cgroup.kill 1: ${written ?? ''}`,
        `wait a: ${a ?? ''}`,
        `wait b: ${b ?? ''}`,
      ],
    }),
  },
  [{ what: 'one is elsewhere', replace: [`write ${group}/below/cgroup.procs 0`, 'mask'] }],
);

tells(
  {
    id: 'cgroup.kill.takes-1-alone',
    statement: 'cgroup.kill takes 1 and nothing else: 0 and 2 are ERANGE.',
    sources: kill,
    tags,
    entries: ['CGR-01'],
    expected: byKernel({ '<5.14': 'ENOENT', '>=5.14': 'ERANGE' }, killCommit),
  },
  {
    script: `quietly { mkdir ${group} }; write ${group}/cgroup.kill 0; write ${group}/cgroup.kill 2; rmdir ${group}; exit 0`,
    says: (error) => ({
      main: [`write ${group}/cgroup.kill 0: ${error}`, `write ${group}/cgroup.kill 2: ${error}`, `rmdir ${group}: 0`],
    }),
  },
  [{ what: 'it is 1', replace: ['cgroup.kill 2', 'cgroup.kill 1'] }],
);

tells(
  {
    id: 'cgroup.kill.from-outside-ends-a-namespace-init',
    statement: 'cgroup.kill written outside of a pid namespace ends its init.',
    sources: [...kill, kernelSource('kernel/signal.c', 'send_signal_locked')],
    tags: ['star', ...tags],
    entries: ['CGR-02', 'INI-20'],
    expected: byKernel({ '<5.14': 'exit 5', '>=5.14': 'SIGKILL' }, killCommit),
  },
  {
    script: `quietly { mkdir ${group}; call unshare CLONE_NEWPID }; fork one { quietly { write ${group}/cgroup.procs 0 }; open up; await end; exit 5 }; await up; quietly { write ${group}/cgroup.kill 1; open end }; wait one; quietly { rmdir ${group} }; exit 0`,
    says: (end) => ({ main: [`wait one: ${end}`] }),
  },
  [{ what: 'the init is elsewhere', replace: [`write ${group}/cgroup.procs 0`, 'mask'] }],
);

tells(
  {
    id: 'cgroup.kill.from-inside-spares-the-init',
    statement: 'cgroup.kill written by a member of the pid namespace kills the other members, but not the init.',
    sources: [...kill, kernelSource('kernel/signal.c', 'sig_task_ignored')],
    tags: ['star', 'errata', ...tags],
    entries: ['CGR-03', 'INI-20'],
    expected: byKernel({ '<5.14': 'exit 6', '>=5.14': 'SIGKILL' }, killCommit),
  },
  {
    as: 'init',
    script: `quietly { mkdir ${group} }; fork writer { await up; quietly { write ${group}/cgroup.kill 1 }; open end; exit 0 }; quietly { write ${group}/cgroup.procs 0 }; fork sibling { open up; await end; exit 6 }; wait writer; wait sibling; quietly { write /sys/fs/cgroup/cgroup.procs 0; rmdir ${group} }; exit 33`,
    ends: { by: 'exit', code: 33 },
    says: (end) => ({ main: ['wait writer: exit 0', `wait sibling: ${end}`] }),
  },
  [{ what: 'it is no init', namespace: 'none' }],
);

tells(
  {
    id: 'cgroup.freeze.holds-and-lets-go',
    statement:
      'A frozen process is shown in state S and does nothing; a signal with a handler waits until it is thawed; the parent is told nothing.',
    sources: freezer,
    tags,
    entries: ['CGR-04', 'PRC-05'],
  },
  {
    script: `quietly { block CHLD; mkdir ${group} }; fork child { quietly { write ${group}/cgroup.procs 0; on USR1 exit 6 }; open up; await end; exit 5 }; await up; quietly { write ${group}/cgroup.freeze 1 }; until-frozen ${group}; state child; kill child USR1; field ${group}/cgroup.events frozen; wait child WNOHANG|WUNTRACED; pending; write ${group}/cgroup.freeze 0; wait child; quietly { rmdir ${group} }; exit 0`,
    says: {
      main: [
        `until-frozen ${group}: frozen`,
        'state child: S',
        'kill child USR1: 0',
        `field ${group}/cgroup.events frozen: 1`,
        'wait child WNOHANG|WUNTRACED: 0',
        'pending: none',
        `write ${group}/cgroup.freeze 0: 0`,
        'wait child: exit 6',
      ],
    },
  },
  [{ what: 'the signal has no handler', replace: ['on USR1 exit 6', 'mask'] }],
);

for (const signal of ['KILL', 'TERM']) {
  tells(
    {
      id: `cgroup.freeze.sig${signal.toLowerCase()}-ends-a-frozen-process`,
      statement: `A frozen process dies at once of SIG${signal}${signal === 'TERM' ? ' without a handler' : ''}, without being thawed.`,
      sources: [...freezer, kernelSource('kernel/signal.c', 'do_freezer_trap')],
      tags,
      entries: ['CGR-05'],
    },
    {
      script:
        `quietly { mkdir ${group} }; fork child { quietly { write ${group}/cgroup.procs 0 }; open up; await end; exit 5 }; await up; quietly { write ${group}/cgroup.freeze 1; until-frozen ${group} }; kill child ${signal}; wait child; field ${group}/cgroup.freeze 1; quietly { write ${group}/cgroup.freeze 0; rmdir ${group} }; exit 0`.replace(
          `field ${group}/cgroup.freeze 1; `,
          '',
        ),
      says: { main: [`kill child ${signal}: 0`, `wait child: SIG${signal}`] },
    },
    [
      {
        what: 'it is thawed and ends by itself',
        replace: [
          `kill child ${signal};`,
          `write ${group}/cgroup.freeze 0; open end; until Z child; kill child ${signal};`,
        ],
      },
    ],
  );
}

tells(
  {
    id: 'cgroup.freeze.stop-is-seen-after-the-thaw',
    statement: 'A SIGSTOP to a frozen process is seen when it is thawed; a SIGCONT before that leaves it running.',
    sources: freezer,
    tags: ['job', ...tags],
    entries: ['CGR-10'],
  },
  {
    script: `quietly { mkdir ${group} }; fork child { quietly { write ${group}/cgroup.procs 0 }; open up; await end; exit 5 }; await up; quietly { write ${group}/cgroup.freeze 1; until-frozen ${group}; kill child STOP }; wait child WUNTRACED|WNOHANG; quietly { write ${group}/cgroup.freeze 0 }; wait child WUNTRACED; quietly { kill child CONT; open end }; wait child; quietly { rmdir ${group} }; exit 0`,
    says: { main: ['wait child WUNTRACED|WNOHANG: 0', 'wait child: stopped by SIGSTOP', 'wait child: exit 5'] },
  },
  [
    {
      what: 'it is continued before the thaw',
      replace: ['kill child STOP }', 'kill child STOP; kill child CONT; open end }'],
    },
  ],
);

tells(
  {
    id: 'cgroup.events.zombies-do-not-populate',
    statement:
      'A zombie does not keep its cgroup populated: events says 0, cgroup.procs is empty, rmdir(2) succeeds, and /proc/PID/cgroup still has its path.',
    sources: [man('cgroups(7)', 'cgroup.events'), kernelSource('kernel/cgroup/cgroup.c', 'cgroup_task_exit')],
    tags: ['zombie', ...tags],
    entries: ['CGR-06'],
  },
  {
    script: `quietly { mkdir ${group} }; fork child { quietly { write ${group}/cgroup.procs 0 }; open up; await end; exit 5 }; await up; field ${group}/cgroup.events populated; open end; until Z child; field ${group}/cgroup.events populated; read ${group}/cgroup.procs; read /proc/@child/cgroup; rmdir ${group}; wait child; exit 0`,
    says: {
      main: [
        `field ${group}/cgroup.events populated: 1`,
        'until Z child: Z',
        `field ${group}/cgroup.events populated: 0`,
        `read ${group}/cgroup.procs: `,
        'read /proc/@child/cgroup: 0::/spec',
        `rmdir ${group}: 0`,
        'wait child: exit 5',
      ],
    },
  },
  [{ what: 'the child stays', replace: ['open end; until Z child;', 'until S child;'] }],
);

tells(
  {
    id: 'cgroup.pids.max-refuses-fork-and-counts-zombies',
    statement: 'At pids.max fork(2) is EAGAIN; a zombie counts until it is waited for.',
    sources: [man('cgroups(7)', 'pids'), kernelSource('kernel/cgroup/pids.c', 'pids_can_fork')],
    tags: ['zombie', ...tags],
    entries: ['CGR-07', 'WAI-13'],
  },
  {
    script: `quietly { mkdir ${group}; write ${group}/pids.max 2 }; fork child { quietly { write ${group}/cgroup.procs 0 }; fork a { exit 1 }; quietly { until Z a }; read ${group}/pids.current; fork b { exit 2 }; wait a; fork c { exit 3 }; wait c; exit 5 }; wait child; quietly { rmdir ${group} }; exit 0`,
    says: {
      child: [`read ${group}/pids.current: 2`, 'fork b: EAGAIN', 'wait a: exit 1', 'wait c: exit 3'],
      main: ['wait child: exit 5'],
    },
  },
  [{ what: 'there is room', replace: ['pids.max 2', 'pids.max 9'] }],
);

tells(
  {
    id: 'cgroup.kill.ends-the-frozen-with-all-their-threads',
    statement: 'cgroup.kill ends processes that are frozen, with all their threads, without a thaw.',
    sources: kill,
    tags,
    entries: ['CGR-01', 'CGR-05'],
    expected: byKernel({ '<5.14': ['ENOENT', 'exit 5'], '>=5.14': ['0', 'SIGKILL'] }, killCommit),
  },
  {
    script:
      `quietly { mkdir ${group} }; fork a { quietly { write ${group}/cgroup.procs 0 }; thread t { await never }; open up; await end; exit 5 }; await up;
      quietly { write ${group}/cgroup.freeze 1; until-frozen ${group} }; write ${group}/cgroup.kill 1; field ${group}/cgroup.freeze 1;
      quietly { open end; until ZST a; write ${group}/cgroup.freeze 0 }; wait a; quietly { rmdir ${group} }; exit 0`.replace(
        ` field ${group}/cgroup.freeze 1;`,
        '',
      ),
    says: ([written, end]) => ({ main: [`write ${group}/cgroup.kill 1: ${written ?? ''}`, `wait a: ${end ?? ''}`] }),
  },
  [{ what: 'it is elsewhere', replace: [`write ${group}/cgroup.procs 0`, 'mask'] }],
);

tells(
  {
    id: 'cgroup.kill.is-for-domains-alone',
    statement: 'cgroup.kill of a threaded cgroup is EOPNOTSUPP: it ends whole processes.',
    sources: kill,
    tags: ['thread', ...tags],
    entries: ['CGR-01'],
    expected: byKernel({ '<5.14': 'ENOENT', '>=5.14': 'EOPNOTSUPP' }, killCommit),
  },
  {
    script: `quietly { mkdir ${group}; mkdir ${group}/t; write ${group}/t/cgroup.type threaded }; write ${group}/t/cgroup.kill 1; quietly { rmdir ${group}/t; rmdir ${group} }; exit 0`,
    says: (error) => ({ main: [`write ${group}/t/cgroup.kill 1: ${error}`] }),
  },
  [{ what: 'it is a domain', replace: ['cgroup.type threaded', 'cgroup.freeze 0'] }],
);

tells(
  {
    id: 'cgroup.freeze.reaches-the-subtree',
    statement:
      'Freezing a cgroup freezes those below it: they are told to be frozen, and cannot be thawed by themselves before their ancestor.',
    sources: freezer,
    tags,
    entries: ['CGR-11'],
  },
  {
    script: `quietly { mkdir ${group}; mkdir ${group}/below }; fork a { quietly { write ${group}/below/cgroup.procs 0; on USR1 exit 6 }; open up; await end; exit 5 }; await up;
      quietly { write ${group}/cgroup.freeze 1 }; until-frozen ${group}; field ${group}/below/cgroup.events frozen; read ${group}/below/cgroup.freeze;
      quietly { write ${group}/below/cgroup.freeze 1; write ${group}/below/cgroup.freeze 0; kill a USR1 }; field ${group}/below/cgroup.events frozen; wait a WNOHANG;
      write ${group}/cgroup.freeze 0; wait a; quietly { rmdir ${group}/below; rmdir ${group} }; exit 0`,
    says: {
      main: [
        `until-frozen ${group}: frozen`,
        `field ${group}/below/cgroup.events frozen: 1`,
        `read ${group}/below/cgroup.freeze: 0`,
        `field ${group}/below/cgroup.events frozen: 1`,
        'wait a WNOHANG: 0',
        `write ${group}/cgroup.freeze 0: 0`,
        'wait a: exit 6',
      ],
    },
  },
  [
    {
      what: 'the one below is frozen itself',
      replace: [
        `write ${group}/below/cgroup.freeze 1; write ${group}/below/cgroup.freeze 0; kill`,
        `write ${group}/below/cgroup.freeze 1; kill`,
      ],
    },
  ],
);

tells(
  {
    id: 'cgroup.freeze.of-its-own-outlasts-that-of-its-ancestor',
    statement: 'A cgroup that is frozen itself stays so when its frozen ancestor is thawed.',
    sources: freezer,
    tags,
    entries: ['CGR-11'],
  },
  {
    script: `quietly { mkdir ${group}; mkdir ${group}/below }; fork a { quietly { write ${group}/below/cgroup.procs 0; on USR1 exit 6 }; open up; await end; exit 5 }; await up;
      quietly { write ${group}/below/cgroup.freeze 1; until-frozen ${group}/below; write ${group}/cgroup.freeze 1; until-frozen ${group}; write ${group}/cgroup.freeze 0; kill a USR1 };
      field ${group}/cgroup.events frozen; field ${group}/below/cgroup.events frozen; wait a WNOHANG; write ${group}/below/cgroup.freeze 0; wait a; field ${group}/below/cgroup.events frozen;
      quietly { rmdir ${group}/below; rmdir ${group} }; exit 0`,
    says: {
      main: [
        `field ${group}/cgroup.events frozen: 0`,
        `field ${group}/below/cgroup.events frozen: 1`,
        'wait a WNOHANG: 0',
        `write ${group}/below/cgroup.freeze 0: 0`,
        'wait a: exit 6',
        `field ${group}/below/cgroup.events frozen: 0`,
      ],
    },
  },
  [
    {
      what: 'it is not frozen itself',
      replace: [`write ${group}/below/cgroup.freeze 1; until-frozen ${group}/below; `, ''],
    },
  ],
);

tells(
  {
    id: 'cgroup.freeze.moving-in-freezes-and-moving-out-thaws',
    statement: 'A process that is moved into a frozen cgroup is frozen; moved out of it, it goes on.',
    sources: [...freezer, kernelSource('kernel/cgroup/freezer.c', 'cgroup_freezer_migrate_task')],
    tags,
    entries: ['CGR-11'],
  },
  {
    script: `quietly { mkdir ${group}; write ${group}/cgroup.freeze 1 }; fork a { quietly { on USR1 exit 6 }; open up; await end; exit 5 }; await up;
      write ${group}/cgroup.procs @a; until-frozen ${group}; kill a USR1; wait a WNOHANG; write /sys/fs/cgroup/cgroup.procs @a; wait a;
      quietly { write ${group}/cgroup.freeze 0; rmdir ${group} }; exit 0`,
    says: {
      main: [
        `write ${group}/cgroup.procs @a: 0`,
        `until-frozen ${group}: frozen`,
        'kill a USR1: 0',
        'wait a WNOHANG: 0',
        'write /sys/fs/cgroup/cgroup.procs @a: 0',
        'wait a: exit 6',
      ],
    },
  },
  [
    {
      what: 'it stays there',
      replace: [`write /sys/fs/cgroup/cgroup.procs @a`, `write ${group}/cgroup.procs @a; kill a KILL`],
    },
  ],
);

tells(
  {
    id: 'cgroup.freeze.child-is-born-frozen',
    statement: 'A process that is cloned into a frozen cgroup does nothing before the thaw.',
    sources: [...freezer, kernelSource('kernel/cgroup/cgroup.c', 'cgroup_post_fork')],
    tags: ['clone', ...tags],
    entries: ['CGR-11', 'CGR-08'],
  },
  {
    script: `quietly { mkdir ${group}; write ${group}/cgroup.freeze 1; open-file ${group} O_RDONLY > dir }; clone a CLONE_INTO_CGROUP cgroup $dir { exit 5 };
      until-frozen ${group}; wait a WNOHANG; write ${group}/cgroup.freeze 0; wait a; quietly { rmdir ${group} }; exit 0`,
    says: {
      main: [
        `until-frozen ${group}: frozen`,
        'wait a WNOHANG: 0',
        `write ${group}/cgroup.freeze 0: 0`,
        'wait a: exit 5',
      ],
    },
  },
  [{ what: 'the cgroup is not frozen', replace: ['cgroup.freeze 1;', 'cgroup.freeze 0;'] }],
);

tells(
  {
    id: 'cgroup.events.changes-are-told-by-poll',
    statement:
      'poll(2) of cgroup.events tells POLLPRI and POLLERR after populated or frozen has changed, until it is read again.',
    sources: [man('cgroups(7)', 'cgroup.events'), kernelSource('kernel/cgroup/freezer.c', 'cgroup_update_frozen')],
    tags,
    entries: ['CGR-06'],
  },
  {
    script: `quietly { mkdir ${group}; watch ${group}/cgroup.events > a }; poll $a; fork child { quietly { write ${group}/cgroup.procs 0 }; open up; await end; exit 5 }; await up; quietly { await-change $a }; poll $a;
      quietly { watch ${group}/cgroup.events > b }; poll $b; quietly { write ${group}/cgroup.freeze 1; until-frozen ${group}; await-change $b }; poll $b;
      quietly { write ${group}/cgroup.freeze 0; open end; wait child; rmdir ${group} }; exit 0`,
    says: {
      main: [
        'poll $a: POLLIN',
        'poll $a: POLLIN POLLPRI POLLERR',
        'poll $b: POLLIN',
        'poll $b: POLLIN POLLPRI POLLERR',
      ],
    },
  },
  [
    {
      what: 'nobody enters',
      replace: [
        `write ${group}/cgroup.procs 0 }; open up; await end; exit 5 }; await up; quietly { await-change $a }`,
        `mask }; open up; await end; exit 5 }; await up`,
      ],
    },
    {
      what: 'nothing is frozen',
      replace: [`write ${group}/cgroup.freeze 1; until-frozen ${group}; await-change $b`, 'mask'],
    },
  ],
);

tells(
  {
    id: 'cgroup.pids.limit-of-an-ancestor-counts',
    statement:
      "fork(2) is EAGAIN at an ancestor's pids.max, too; threads count; pids.events of the cgroup that was full counts the refusal, and on kernels up to 6.10 that of the forking process.",
    sources: [man('cgroups(7)', 'pids'), kernelSource('kernel/cgroup/pids.c', 'pids_try_charge')],
    tags: ['thread', ...tags],
    entries: ['CGR-09'],
    expected: byKernel(
      { '<6.11': ['0', '1'], '>=6.11': ['1', '0'] },
      { '>=6.11': { commit: '385a635cacfe', title: 'cgroup/pids: Make event counters hierarchical' } },
    ),
  },
  {
    script: `quietly { mkdir ${group}; mkdir ${group}/below; write ${group}/cgroup.subtree_control +pids; write ${group}/pids.max 2 };
      fork child { quietly { write ${group}/below/cgroup.procs 0 }; read ${group}/below/pids.max; thread t { await end }; read ${group}/pids.current;
        fork b { exit 2 }; field ${group}/pids.events max; field ${group}/below/pids.events max; exit 5 };
      wait child; quietly { rmdir ${group}/below; rmdir ${group} }; exit 0`,
    says: ([above, below]) => ({
      child: [
        `read ${group}/below/pids.max: max`,
        `read ${group}/pids.current: 2`,
        'fork b: EAGAIN',
        `field ${group}/pids.events max: ${above ?? ''}`,
        `field ${group}/below/pids.events max: ${below ?? ''}`,
      ],
      main: ['wait child: exit 5'],
    }),
  },
  [
    {
      what: 'it has left the cgroup',
      replace: [
        'thread t { await end };',
        'thread t { await done }; open done; join t; quietly { write /sys/fs/cgroup/cgroup.procs 0 };',
      ],
    },
  ],
);

tells(
  {
    id: 'cgroup.pids.moving-in-is-not-limited',
    statement: 'pids.max limits births alone: a process can be moved into a full cgroup, and cannot fork there.',
    sources: [man('cgroups(7)', 'pids'), kernelSource('kernel/cgroup/pids.c', 'pids_can_attach')],
    tags,
    entries: ['CGR-09'],
  },
  {
    script: `quietly { mkdir ${group}; write ${group}/pids.max 0 }; fork child { write ${group}/cgroup.procs 0; read ${group}/pids.current; fork b { exit 2 }; exit 5 }; wait child; quietly { rmdir ${group} }; exit 0`,
    says: {
      child: [`write ${group}/cgroup.procs 0: 0`, `read ${group}/pids.current: 1`, 'fork b: EAGAIN'],
      main: ['wait child: exit 5'],
    },
  },
  [{ what: 'there is room', replace: ['pids.max 0', 'pids.max 9'] }],
);
