/** A namespace init that the OOM killer chooses. */
import { actor, exitOf, inCgroup, kernelSource, man, signalResult, signalsTo, spec } from '../../src/harness/index.ts';

const cgroup = '/sys/fs/cgroup/oom';

spec(
  {
    id: 'pidns.init.oom-kill-takes-the-namespace',
    statement:
      'A namespace init is no exception for the OOM killer: it ends by SIGKILL, and all members of its namespace with it.',
    sources: [
      kernelSource('mm/oom_kill.c', 'oom_unkillable_task'),
      kernelSource('kernel/pid_namespace.c', 'zap_pid_ns_processes'),
      man('pid_namespaces(7)', 'The namespace init process'),
    ],
    tags: ['machine', 'container'],
    entries: ['INI-19'],
    needs: ['CONFIG_MEMCG'],
  },
  async ({ guest, expect }) => {
    await guest.exec(`mkdir ${cgroup} && echo 48M > ${cgroup}/memory.max`);
    const init = await guest.pidNamespace(
      inCgroup(
        cgroup,
        actor('block USR1; fork worker { on TERM; ready; pause }; await worker; ready; sigwait USR1; hog 200; pause'),
      ),
    );
    await init.ready();
    const worker = await init.hostPidOf('worker');
    await init.signal('USR1');
    expect(await init.ended()).toMatchObject({ by: 'signal', signal: 'SIGKILL' });
    await init.drained();
    const killed = await guest.kernelSays(/Memory cgroup out of memory: Killed process \d+ \(actor\)/);
    expect(killed).toContain(`process ${init.hostPid} `);
    const trace = await init.kernelTrace();
    expect(signalsTo(trace, worker)).toMatchObject([{ sig: 9, code: 128, res: signalResult.delivered }]);
    expect(exitOf(trace, worker)).toBeDefined();
    await guest.exec(`rmdir ${cgroup}`);
  },
  [
    { what: 'another member takes the memory', replace: ['hog 200;', 'fork other { hog 200 };'] },
    { what: 'memory suffices', replace: ['hog 200', 'hog 2'] },
  ],
);

spec(
  {
    id: 'pidns.init.oom-kill-of-the-machine-takes-the-namespace',
    statement:
      'When the memory of the whole machine runs out, a namespace init that has most of it ends by SIGKILL, and all members of its namespace with it.',
    sources: [
      kernelSource('mm/oom_kill.c', 'oom_unkillable_task'),
      kernelSource('kernel/pid_namespace.c', 'zap_pid_ns_processes'),
    ],
    tags: ['machine', 'container'],
    entries: ['INI-19'],
  },
  async ({ guest, expect }) => {
    guest.foresee('out-of-memory');
    const init = await guest.pidNamespace(
      actor('block USR1; fork worker { on TERM; ready; pause }; await worker; ready; sigwait USR1; hog 10000; pause'),
    );
    await init.ready();
    await init.signal('USR1');
    expect(await init.ended()).toMatchObject({ by: 'signal', signal: 'SIGKILL' });
    await init.drained();
    expect(await guest.kernelSays(/Out of memory: Killed process \d+ \(actor\)/)).toContain(`process ${init.hostPid} `);
  },
  [
    { what: 'another member takes the memory', replace: ['hog 10000;', 'fork other { hog 10000 };'] },
    { what: 'memory suffices', replace: ['hog 10000', 'hog 2'] },
  ],
);
