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
  [{ what: 'it is 1', replace: ['cgroup.kill 2', 'cgroup.freeze 0'] }],
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
