/** Who is a member of which cgroup: cgroup.procs, fork(2), and the end. (cgroups(7), Documentation/admin-guide/cgroup-v2.rst) */
import { kernelSource, man, tells } from '../../src/harness/index.ts';

const tags = ['cgroup'];
const group = '/sys/fs/cgroup/spec';
const procs = man('cgroups(7)', 'cgroup.procs');

tells(
  {
    id: 'cgroup.procs.moves-all-threads',
    statement:
      'A pid written to cgroup.procs moves the whole process, all its threads, and says so in /proc/PID/cgroup of each.',
    sources: [procs, kernelSource('kernel/cgroup/cgroup.c', 'cgroup_attach_task')],
    tags: ['thread', ...tags],
  },
  {
    script: `quietly { mkdir ${group} }; fork child { thread other { read /proc/thread-self/cgroup; open up; await go; read /proc/thread-self/cgroup; exit 0 }; quietly { await up; write ${group}/cgroup.procs 0; open go; await never } }; quietly { wait child; until-gone child; rmdir ${group} }; exit 0`,
    says: { other: ['read /proc/thread-self/cgroup: 0::/', 'read /proc/thread-self/cgroup: 0::/spec'] },
  },
  [{ what: 'nobody is moved', replace: [`write ${group}/cgroup.procs 0`, 'call getpid'] }],
);

tells(
  {
    id: 'cgroup.procs.a-child-is-born-where-its-parent-is',
    statement:
      'A child is a member of the cgroup that its parent is a member of when it forks, and stays when the parent moves on.',
    sources: [man('cgroups(7)'), kernelSource('kernel/cgroup/cgroup.c', 'cgroup_post_fork')],
    tags,
  },
  {
    script: `fork outer { quietly { mkdir ${group}; write ${group}/cgroup.procs 0 }; fork child { quietly { await moved }; read /proc/self/cgroup; exit 0 }; quietly { write /sys/fs/cgroup/cgroup.procs 0; open moved; wait child }; read /proc/self/cgroup; exit 0 }; quietly { wait outer; rmdir ${group} }; exit 0`,
    says: { child: ['read /proc/self/cgroup: 0::/spec'], outer: ['read /proc/self/cgroup: 0::/'] },
  },
  [
    {
      what: 'the parent moves before',
      replace: ['fork child {', 'quietly { write /sys/fs/cgroup/cgroup.procs 0 }; fork child {'],
    },
  ],
);

tells(
  {
    id: 'cgroup.rmdir.waits-for-its-members',
    statement: 'rmdir(2) of a cgroup with a living member is EBUSY, and succeeds once that has ended.',
    sources: [man('cgroups(7)'), kernelSource('kernel/cgroup/cgroup.c', 'cgroup_destroy_locked')],
    tags,
  },
  {
    script: `quietly { mkdir ${group} }; fork child { quietly { write ${group}/cgroup.procs 0 }; open up; await go; exit 0 }; await up; rmdir ${group}; quietly { watch ${group}/cgroup.events > e }; open go; wait child; quietly { await-change $e }; rmdir ${group}; exit 0`,
    says: { main: [`rmdir ${group}: EBUSY`, 'wait child: exit 0', `rmdir ${group}: 0`] },
  },
  [{ what: 'it is no member', replace: [`write ${group}/cgroup.procs 0`, 'call getpid'] }],
);

tells(
  {
    id: 'cgroup.procs.pids-are-those-of-the-writer',
    statement:
      'A pid written to cgroup.procs is one of the writer’s pid namespace: its own init is 1, and who is not in it is ESRCH.',
    sources: [procs, kernelSource('kernel/cgroup/cgroup.c', 'cgroup_procs_write_start')],
    tags: ['namespace', ...tags],
  },
  {
    as: 'init',
    script: `fork member { quietly { mkdir ${group} }; write ${group}/cgroup.procs 1; read /proc/1/cgroup; write ${group}/cgroup.procs 30000; exit 0 }; quietly { wait member; write /sys/fs/cgroup/cgroup.procs 0; rmdir ${group} }; exit 0`,
    says: {
      member: [
        `write ${group}/cgroup.procs 1: 0`,
        'read /proc/1/cgroup: 0::/spec',
        `write ${group}/cgroup.procs 30000: ESRCH`,
      ],
    },
  },
  [{ what: 'the member moves itself', replace: ['cgroup.procs 1;', 'cgroup.procs 2;'] }],
);
