/** A new program: what execve(2) refuses, and what it leaves of descriptors, name, threads and ids. (execve(2), fs/exec.c) */
import { actor, kernelSource, man, spec, tells } from '../../src/harness/index.ts';

const tags = ['exec'];
/* F_DUPFD is 0, F_DUPFD_CLOEXEC 1030, F_GETFD 1. (include/uapi/linux/fcntl.h) */
const begins = kernelSource('fs/exec.c', 'begin_new_exec');

tells(
  {
    id: 'process.exec.closes-what-is-to-be-closed',
    statement: 'execve(2) closes the descriptors that are close-on-exec, and keeps the others open.',
    sources: [man('execve(2)', 'DESCRIPTION'), begins, kernelSource('fs/file.c', 'do_close_on_exec')],
    tags,
  },
  {
    script:
      'quietly { open-file /etc/passwd O_RDONLY > f; call fcntl $f 1030 100; call fcntl $f 0 101 }; exec-actor { call fcntl 100 1; call fcntl 101 1; exit 0 }',
    says: { main: ['call fcntl 100 1: EBADF', 'call fcntl 101 1: 0'] },
  },
  [{ what: 'neither is', replace: ['fcntl $f 1030 100', 'fcntl $f 0 100'] }],
);

tells(
  {
    id: 'process.exec.gives-descriptors-of-its-own',
    statement:
      'A process that shares its descriptors (CLONE_FILES) has a table of its own after execve(2): what it closes stays open for the other.',
    sources: [man('execve(2)', 'NOTES'), begins],
    tags,
  },
  {
    script:
      'quietly { open-file /etc/passwd O_RDONLY > f; call fcntl $f 0 101 }; clone sharer CLONE_FILES exit CHLD { exec-actor { call close 101; exit 0 } }; quietly { wait sharer }; call fcntl 101 1; exit 0',
    says: { main: ['call fcntl 101 1: 0'] },
  },
  [{ what: 'it executes nothing', replace: ['exec-actor { call close 101; exit 0 }', 'call close 101; exit 0'] }],
);

tells(
  {
    id: 'process.exec.names-the-process-after-the-program',
    statement:
      'After execve(2) the name of the process is that of the program file, without its path, cut to 15 bytes.',
    sources: [man('PR_SET_NAME(2const)'), kernelSource('fs/exec.c', '__set_task_comm')],
    tags,
  },
  {
    script:
      'quietly { symlink /kernspec/bin/actor /tmp/a-name-that-is-too-long }; fork child { exec /tmp/a-name-that-is-too-long pause }; quietly { until-in pause child }; field /proc/self/status Name; field /proc/@child/status Name; quietly { kill child KILL; wait child }; exit 0',
    says: {
      main: ['field /proc/self/status Name: actor', 'field /proc/@child/status Name: a-name-that-is-'],
    },
  },
  [{ what: 'another program is executed', replace: ['exec /tmp/a-name-that-is-too-long', 'exec /kernspec/bin/actor'] }],
);

spec(
  {
    id: 'process.exec.refusals-leave-the-process-as-it-was',
    statement:
      'execve(2) of what is not there is ENOENT, of a directory or what nobody may execute EACCES, of a file in no known format ENOEXEC, of a script that leads to itself ELOOP; handlers and threads stay.',
    sources: [man('execve(2)', 'ERRORS'), kernelSource('fs/exec.c', 'exec_binprm')],
    tags,
  },
  async ({ guest, expect }) => {
    await guest.exec(
      "cd /tmp && echo nonsense > no-format && echo '#!/tmp/itself' > itself && cp no-format plain && chmod 755 no-format itself && chmod 644 plain",
    );
    const fixture = await guest.process(
      actor(
        'quietly { on USR1; thread t { await never } }; exec /nowhere; exec /tmp; exec /tmp/plain; exec /tmp/plain/x; exec /tmp/itself; disposition USR1; field /proc/self/status Threads; exit 0',
      ),
    );
    expect(await fixture.finished()).toEqual({ by: 'exit', code: 0 });
    expect(fixture.transcript('main')).toEqual([
      'exec /nowhere: ENOENT',
      'exec /tmp: EACCES',
      'exec /tmp/plain: EACCES',
      'exec /tmp/plain/x: ENOTDIR',
      'exec /tmp/itself: ELOOP',
      'disposition USR1: caught',
      'field /proc/self/status Threads: 2',
    ]);
  },
  [{ what: 'it may be executed', replace: ['chmod 644 plain', 'chmod 755 plain'] }],
);

spec(
  {
    id: 'process.exec.no-new-privs-ignores-set-user-id',
    statement:
      'With no_new_privs set, execve(2) of a set-user-ID program changes no ids; without, it gives those of the file’s owner.',
    sources: [man('PR_SET_NO_NEW_PRIVS(2const)'), kernelSource('fs/exec.c', 'bprm_fill_uid')],
    tags,
  },
  async ({ guest, expect }) => {
    await guest.exec('cp /kernspec/bin/actor /tmp/owned && chown 3001 /tmp/owned && chmod 4755 /tmp/owned');
    const child = (name: string, before: string): string =>
      `fork ${name} { quietly { call setresuid 3000 3000 3000; ${before} }; exec /tmp/owned pause }; quietly { until-in pause ${name} }; columns ${name} Uid; quietly { kill ${name} KILL; wait ${name} };`;
    const fixture = await guest.process(
      actor(`${child('a', 'call getpid')} ${child('b', 'call prctl 38 1 0 0 0')} exit 0`),
    );
    expect(await fixture.finished()).toEqual({ by: 'exit', code: 0 });
    expect(fixture.transcript('main')).toEqual([
      'columns a Uid: 3000 3001 3001 3001',
      'columns b Uid: 3000 3000 3000 3000',
    ]);
  },
  [{ what: 'it is not set', replace: ['call prctl 38 1 0 0 0', 'call prctl 39 0 0 0 0'] }],
);

tells(
  {
    id: 'process.fork.copies-the-calling-thread-alone',
    statement:
      'fork(2) by a process with several threads makes a process with one: a copy of the thread that called it.',
    sources: [man('fork(2)', 'DESCRIPTION'), kernelSource('kernel/fork.c', 'copy_process')],
    tags: ['thread'],
    entries: ['FEX-02'],
  },
  {
    script:
      'thread other { await never }; thread caller { fork child { field /proc/self/status Threads; same; exit 0 }; quietly { wait child }; open done; await never }; await done; field /proc/self/status Threads; exit 0',
    says: {
      child: ['field /proc/self/status Threads: 1', 'same: pid is tid'],
      main: ['field /proc/self/status Threads: 3'],
    },
  },
  [{ what: 'the child starts one', replace: ['fork child {', 'fork child { thread more { await never };'] }],
);
