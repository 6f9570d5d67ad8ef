/** Killing by cgroup v2: cgroup.kill. (cgroups(7), Documentation/admin-guide/cgroup-v2.rst) */
import { byKernel, kernelSource, man, tells } from '../../src/harness/index.ts';

const kill = [man('cgroups(7)'), kernelSource('kernel/cgroup/cgroup.c', 'cgroup_kill_write')];
const tags = ['cgroup', 'container'];
const group = '/sys/fs/cgroup/spec';

/** Of its own: what stood in another one before may keep it from being removed for an instant. */
const alone = '/sys/fs/cgroup/alone';

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
    script: `quietly { mkdir ${alone} }; write ${alone}/cgroup.kill 0; write ${alone}/cgroup.kill 2; rmdir ${alone}; exit 0`,
    says: (error) => ({
      main: [`write ${alone}/cgroup.kill 0: ${error}`, `write ${alone}/cgroup.kill 2: ${error}`, `rmdir ${alone}: 0`],
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
