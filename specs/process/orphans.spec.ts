/** Orphans, zombies and process groups: wait(2), pid_namespaces(7), fork(2). */
import { actor, kernelSource, man, spec } from '../../src/harness/index.ts';

const reparenting = [man('pid_namespaces(7)'), kernelSource('kernel/exit.c', 'find_child_reaper')];
const tags = ['signature', 'container'];

spec(
  {
    id: 'process.orphan.is-reparented-to-the-namespace-init',
    statement: 'A process whose parent has died becomes a child of the init of its pid namespace.',
    sources: reparenting,
    tags,
    entries: ['ORP-01'],
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(
      actor(
        'fork middle { fork orphan { ids; open born; await go; ids; ready; pause }; await born }; wait middle; open go; await orphan; ready; pause',
      ),
    );
    await init.ready();
    const parent = init.seen({ ev: 'fork', about: 'middle' })[0]?.result;
    expect(init.seen({ ev: 'ids', who: 'orphan' }).map(({ ppid }) => ppid)).toEqual([parent, 1]);
    expect((await init.status(await init.hostPidOf('orphan')))?.ppid).toBe(init.hostPid);
  },
  [{ what: 'it is no init', namespace: 'none' }],
);

spec(
  {
    id: 'process.orphan.stays-a-zombie-unless-reaped',
    statement: 'An orphan that has ended stays a zombie for as long as the init does not wait for it.',
    sources: [man('wait(2)', 'NOTES'), ...reparenting],
    tags,
    entries: ['ORP-13', 'WAI-01'],
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(
      actor('fork middle { fork orphan { open born; pause }; await born }; wait middle; on USR1; ready; pause'),
    );
    await init.ready();
    const orphan = await init.hostPidOf(init.seen({ ev: 'fork', about: 'orphan' })[0]?.result ?? 0);
    expect((await init.status(orphan))?.state).not.toBe('Z');
    await init.signal('KILL', orphan);
    expect(await init.inState('Z', orphan)).toMatchObject({ ppid: init.hostPid });
    // The init has run since, and has still not waited.
    await init.signal('USR1');
    await init.event({ ev: 'signal', signo: 10 });
    expect((await init.status(orphan))?.state).toBe('Z');
  },
  [{ what: 'the init reaps', replace: ['on USR1; ready; pause', 'on USR1; ready; reap; pause'] }],
);

spec(
  {
    id: 'process.orphan.vanishes-when-reaped',
    statement: 'An orphan that the init waits for vanishes, and the init learns how it ended.',
    sources: [man('wait(2)'), ...reparenting],
    tags,
    entries: ['ORP-01'],
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(
      actor(
        'fork middle { fork orphan { block USR1; open born; sigwait USR1; exit 3 }; await born }; wait middle; ready; reap; ready; pause',
      ),
    );
    await init.ready();
    const pid = init.seen({ ev: 'fork', about: 'orphan' })[0]?.result ?? 0;
    const orphan = await init.hostPidOf(pid);
    await init.signal('USR1', orphan);
    expect(await init.event({ ev: 'wait', who: 'main', result: pid })).toMatchObject({ status: 3 << 8 });
    expect(await init.event({ ev: 'reap', who: 'main' })).toMatchObject({ error: 'ECHILD' });
    expect(await init.status(orphan)).toBeUndefined();
  },
  [{ what: 'the init does not reap', replace: ['ready; reap; ready', 'ready'] }],
);

spec(
  {
    id: 'process.fork.child-keeps-the-process-group',
    statement: "After fork() a child is in its parent's process group and session.",
    sources: [man('fork(2)'), man('setpgid(2)'), kernelSource('kernel/fork.c', 'copy_process')],
    tags: ['signature'],
  },
  async ({ guest, expect }) => {
    const init = await guest.pidNamespace(
      actor(
        'fork leader { setpgid; ids; fork child { ids; ready; pause }; await child; ready; pause }; await leader; ready; pause',
      ),
    );
    await init.ready('main', 'leader', 'child');
    const [leader] = init.seen({ ev: 'ids', who: 'leader' });
    const [child] = init.seen({ ev: 'ids', who: 'child' });
    expect(leader?.pgrp).toBe(leader?.pid);
    expect(child).toMatchObject({ pgrp: leader?.pgrp, sid: leader?.sid, ppid: leader?.pid });
    expect(child?.pid).not.toBe(leader?.pid);
  },
  [{ what: 'the child leaves the group', replace: ['fork child { ids', 'fork child { setpgid; ids'] }],
);
