/** Counting and limiting processes by cgroup v2: pids.max. (cgroups(7), Documentation/admin-guide/cgroup-v2.rst) */
import { byKernel, kernelSource, man, tells } from '../../src/harness/index.ts';

const tags = ['cgroup', 'container'];
const group = '/sys/fs/cgroup/spec';

/** Of its own: its events are not to be counted elsewhere. */
const inside = '/sys/fs/cgroup/inside';

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
    id: 'cgroup.pids.max-holds-in-a-pid-namespace',
    statement: 'pids.max set outside of a pid namespace limits its members, and its init, as everybody else.',
    sources: [man('cgroups(7)', 'pids'), kernelSource('kernel/cgroup/pids.c', 'pids_can_fork')],
    tags: ['pidns', ...tags],
    entries: ['CGR-07', 'NS-22'],
  },
  {
    script: `quietly { mkdir ${inside}; write ${inside}/pids.max 2 }; clone one CLONE_NEWPID { quietly { write ${inside}/cgroup.procs 0 }; open in; await go; fork a { fork b { exit 2 }; exit 1 }; wait a; fork c { pause }; fork d { exit 3 }; exit 5 };
      await in; read ${inside}/pids.current; open go; wait one; quietly { rmdir ${inside} }; exit 0`,
    says: {
      a: ['fork b: EAGAIN'],
      one: ['wait a: exit 1', 'fork d: EAGAIN'],
      main: [`read ${inside}/pids.current: 1`, 'wait one: exit 5'],
    },
  },
  [{ what: 'there is room', replace: ['pids.max 2', 'pids.max 9'] }],
);

tells(
  {
    id: 'cgroup.pids.limit-of-an-ancestor-counts',
    statement:
      "fork(2) is EAGAIN at an ancestor's pids.max, too; threads count; pids.events of the cgroup that was full counts the refusal, and on kernels up to 6.10 that of the forking process.",
    sources: [man('cgroups(7)', 'pids'), kernelSource('kernel/cgroup/pids.c', 'pids_try_charge')],
    tags: ['thread', ...tags],
    entries: ['CGR-07'],
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
    entries: ['CGR-07'],
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
