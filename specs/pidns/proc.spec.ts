/** What /proc shows of pid namespaces: proc(5). */
import { byKernel, kernelSource, man, tells } from '../../src/harness/index.ts';

const page = man('pid_namespaces(7)');
const tags = ['pidns', 'container'];
const unshared = 'quietly { call unshare CLONE_NEWPID }';

tells(
  {
    id: 'pidns.proc.shows-the-namespace-of-its-mounter',
    statement:
      'A procfs shows the pid namespace it was mounted in: inside, /proc/self is 1 and the outside is not there.',
    sources: [page, kernelSource('fs/proc/root.c', 'proc_init_fs_context')],
    tags: ['proc', ...tags],
    entries: ['NS-11'],
  },
  {
    script: `quietly { call unshare CLONE_NEWPID|CLONE_NEWNS }; fork one { quietly { mount-proc }; readlink /proc/self; field /proc/1/status NSpid; exists /proc/2; exit 5 }; wait one; exit 0`,
    says: {
      one: ['readlink /proc/self: 1', 'field /proc/1/status NSpid: 1', 'exists /proc/2: ENOENT'],
      main: ['wait one: exit 5'],
    },
  },
  [{ what: 'it is not mounted anew', replace: ['quietly { mount-proc }', 'quietly { mask }'] }],
);

tells(
  {
    id: 'pidns.proc.status-has-a-column-for-each-level',
    statement:
      'NSpid, NStgid, NSpgid and NSsid have a column for each namespace below that of the procfs, the outermost first; 0 where the leader of the group or session is not there.',
    sources: [man('proc_pid_status(5)', 'NSpid'), kernelSource('fs/proc/array.c', 'task_state')],
    tags: ['proc', ...tags],
    entries: ['NS-01', 'NS-22', 'PRC-04', 'JOB-12'],
  },
  {
    as: 'init',
    script: `${unshared}; fork one { quietly { setsid; call unshare CLONE_NEWPID }; fork two { open up; pause }; await up; open all; pause }; await all; columns one NSpid; columns one NSsid; columns 3 NSpid; columns 3 NSpgid; columns 3 NSsid; columns 3 NStgid; exit 0`,
    says: {
      main: [
        'columns one NSpid: 2 1',
        'columns one NSsid: 2 1',
        'columns 3 NSpid: 3 2 1',
        'columns 3 NSpgid: 2 1 0',
        'columns 3 NSsid: 2 1 0',
        'columns 3 NStgid: 3 2 1',
      ],
    },
  },
  [{ what: 'one level less', replace: ['setsid; call unshare CLONE_NEWPID', 'setsid; call unshare CLONE_NEWUTS'] }],
);

tells(
  {
    id: 'pidns.proc.of-another-namespace',
    statement: 'procfs can be mounted for another pid namespace (pidns=) from 6.18 on; before, the option is EINVAL.',
    sources: [man('proc(5)'), kernelSource('fs/proc/root.c', 'proc_parse_param')],
    tags,
    entries: ['NS-18'],
    expected: byKernel({ '<6.18': ['EINVAL', 'ENOENT'], '>=6.18': ['0', '0'] }),
  },
  {
    script: `quietly { call unshare CLONE_NEWNS; proc-of own /run/ours }; ${unshared}; fork one { ready; pause }; await one;
      proc-of /proc/@one/ns/pid /run/theirs; exists /run/theirs/1; exists /run/theirs/2; exists /run/ours/2; exit 0`,
    says: ([outcome, there]) => ({
      main: [
        `proc-of /proc/@one/ns/pid /run/theirs: ${outcome}`,
        `exists /run/theirs/1: ${there}`,
        'exists /run/theirs/2: ENOENT',
        'exists /run/ours/2: 0',
      ],
    }),
  },
  [{ what: 'our own namespace is meant', replace: ['/proc/@one/ns/pid', '/proc/self/ns/pid'] }],
);
