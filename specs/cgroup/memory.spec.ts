/** Ends by cgroup v2 for want of memory: memory.oom.group. (Documentation/admin-guide/cgroup-v2.rst) */
import { kernelSource, man, tells } from '../../src/harness/index.ts';

const group = '/sys/fs/cgroup/memory-spec';
const sources = [man('cgroups(7)'), kernelSource('mm/oom_kill.c', 'oom_kill_process')];
const tags = ['cgroup', 'container'];

tells(
  {
    id: 'cgroup.memory.oom-group-kills-all',
    statement:
      'With memory.oom.group at 1, all members of a cgroup die of SIGKILL when it runs out of memory, not only the largest.',
    sources,
    tags,
    entries: ['CGR-09'],
    needs: ['CONFIG_MEMCG'],
  },
  {
    // Who runs out of memory kills the others before it ends itself: when it was waited for, they are dying.
    script: `quietly { mkdir ${group}; write ${group}/memory.max 48M; write ${group}/memory.oom.group 1 }; fork bystander { quietly { write ${group}/cgroup.procs 0 }; open up; await end; exit 3 }; await up;
      fork eater { quietly { write ${group}/cgroup.procs 0 }; hog 200; exit 4 }; wait eater; open end; wait bystander; quietly { rmdir ${group} }; exit 0`,
    says: { main: ['wait eater: SIGKILL', 'wait bystander: SIGKILL'] },
  },
  [
    { what: 'it is 0', replace: ['memory.oom.group 1', 'memory.oom.group 0'] },
    { what: 'the bystander is elsewhere', replace: [`quietly { write ${group}/cgroup.procs 0 }; open up`, 'open up'] },
  ],
);

tells(
  {
    id: 'cgroup.memory.oom-group-spares-who-may-not-be-killed',
    statement: 'memory.oom.group spares members whose oom_score_adj is −1000.',
    sources: [...sources, man('proc_pid_oom_score_adj(5)'), kernelSource('mm/oom_kill.c', 'oom_kill_memcg_member')],
    tags,
    entries: ['CGR-09'],
    needs: ['CONFIG_MEMCG'],
  },
  {
    script: `quietly { mkdir ${group}; write ${group}/memory.max 48M; write ${group}/memory.oom.group 1 }; fork bystander { quietly { write /proc/self/oom_score_adj -1000; write ${group}/cgroup.procs 0 }; open up; await end; exit 3 }; await up;
      fork eater { quietly { write ${group}/cgroup.procs 0 }; hog 200; exit 4 }; wait eater; open end; wait bystander; quietly { rmdir ${group} }; exit 0`,
    says: { main: ['wait eater: SIGKILL', 'wait bystander: exit 3'] },
  },
  [{ what: 'it may be killed', replace: ['oom_score_adj -1000', 'oom_score_adj 0'] }],
);
