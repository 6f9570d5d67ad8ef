/** Time that a call has left when a handler or a stop interrupts it: nanosleep(2), select(2), poll(2). */
import { actor, kernelSource, man, spec, type RunningFixture } from '../../src/harness/index.ts';

const requested = 1_000_000_000_000;
/** The kernel may wake a sleeper so much later than it asked for, and tells the rest of that, ns. (prctl(2), PR_SET_TIMERSLACK) */
const slack = 50_000;

/** For breaks: longer than whatever may be put off by chance. */
const longer = (burn: string): string => burn.replace('compute 60', 'compute 1000');

const ended = { by: 'exit', code: 0 };

/** When somebody said a word, ns. */
const said = (fixture: RunningFixture, who: string, about: string): number =>
  fixture.seen({ who, ev: 'say', about })[0]?.t ?? NaN;

/** What a call says it has left over, and how long it has lasted at most, ns. */
const call = (fixture: RunningFixture): { readonly rest: number; readonly lasted: number; readonly error: unknown } => {
  const [event] = fixture.seen({ who: 'main', ev: 'enter' });
  const rest = event?.['rest'];
  return {
    rest: typeof rest === 'number' ? rest : NaN,
    lasted: (event?.t ?? NaN) - said(fixture, 'main', 'begin'),
    error: event?.error,
  };
};

const calls = [
  { name: 'nanosleep', statement: 'enter nanosleep 1000000', setup: '', page: 'nanosleep(2)' },
  { name: 'clock_nanosleep', statement: 'enter clock_nanosleep 1000000', setup: '', page: 'clock_nanosleep(2)' },
  { name: 'select', statement: 'enter select $p', setup: 'channel pipe p; ', page: 'select(2)' },
  { name: 'pselect6', statement: 'enter pselect6 $p', setup: 'channel pipe p; ', page: 'select(2)' },
  { name: 'ppoll', statement: 'enter ppoll $p', setup: 'channel pipe p; ', page: 'poll(2)' },
];

for (const { name, statement, setup, page } of calls) {
  const seen = `until-in ${name} parent`;
  const burn = 'say sleeping; compute 60; say interrupting';
  const dashed = name.replace('_', '-');
  spec(
    {
      id: `signal.interrupt.${dashed}-tells-the-rest`,
      statement: `A ${name} that a handler interrupts tells the time it had left${setup === '' ? '' : ', in its own timeout argument'}.`,
      sources: [man(page)],
      tags: ['interrupt'],
      entries: ['INT-03'],
    },
    async ({ guest, expect }) => {
      const fixture = await guest.process(
        actor(`on USR1; ${setup}fork helper { pdeathsig KILL; open late; ${seen}; ${burn}; kill parent USR1 }
          await late; say begin; ${statement}; wait helper; exit 0`),
      );
      expect(await fixture.finished()).toEqual(ended);
      const { rest, lasted, error } = call(fixture);
      expect(error).toBe('EINTR');
      const asleep = said(fixture, 'helper', 'interrupting') - said(fixture, 'helper', 'sleeping');
      expect(asleep).toBeGreaterThanOrEqual(60_000_000);
      expect(rest).toBeLessThanOrEqual(requested - asleep + slack);
      // select(2) has microseconds.
      expect(rest).toBeGreaterThanOrEqual(requested - lasted - 1000);
    },
    [
      {
        what: 'the time passes before the call',
        replace: [`open late; ${seen}; ${burn}`, `${longer(burn)}; open late; ${seen}`],
      },
    ],
  );

  const counts = setup === '';
  const again = counts ? 'restart_syscall' : name;
  spec(
    {
      id: `signal.stop.${dashed}-${counts ? 'counts' : 'does-not-count'}-time-stopped`,
      statement: counts
        ? `The time in which a process is stopped counts for its ${name}: it goes on to the same end.`
        : `The time in which a process is stopped does not count for its ${name}: it goes on with what it had left.`,
      sources: [
        counts ? man('nanosleep(2)', 'NOTES') : kernelSource('fs/select.c', 'poll_select_finish'),
        kernelSource('kernel/time/hrtimer.c', 'hrtimer_nanosleep_restart'),
      ],
      tags: ['interrupt', 'stop'],
      entries: ['INT-04'],
    },
    async ({ guest, expect }) => {
      const fixture = await guest.process(
        actor(`default CONT; on USR1; ${setup}fork helper {
            pdeathsig KILL; open late; ${seen}; kill parent STOP; until T parent; say stopped; compute 60; say continuing
            kill parent CONT; until-in ${again},wait4 parent; kill parent USR1
          }
          await late; say begin; ${statement}; wait helper; exit 0`),
      );
      expect(await fixture.finished()).toEqual(ended);
      const { rest, lasted, error } = call(fixture);
      expect(error).toBe('EINTR');
      const stopped = said(fixture, 'helper', 'continuing') - said(fixture, 'helper', 'stopped');
      expect(stopped).toBeGreaterThanOrEqual(60_000_000);
      expect(fixture.transcript('helper')).toContain(`until-in ${again},wait4 parent: ${again}`);
      if (counts) expect(rest).toBeLessThanOrEqual(requested - stopped + slack);
      expect(rest).toBeGreaterThanOrEqual(requested - lasted - 1000 + (counts ? 0 : stopped));
    },
    counts
      ? [
          { what: 'it sleeps longer', replace: [statement, statement.replace('1000000', '1000100')] },
          { what: 'SIGCONT has a handler', replace: ['default CONT', 'on CONT'] },
        ]
      : [
          {
            what: 'it is not stopped',
            replace: [
              'kill parent STOP; until T parent; say stopped; compute 60',
              `until S parent; say stopped; ${longer('compute 60')}`,
            ],
          },
        ],
  );
}

spec(
  {
    id: 'signal.interrupt.absolute-clock-nanosleep-leaves-the-rest-alone',
    statement: 'An interrupted clock_nanosleep with TIMER_ABSTIME does not write to its last argument.',
    sources: [man('clock_nanosleep(2)'), kernelSource('kernel/time/hrtimer.c', 'nanosleep_copyout')],
    tags: ['interrupt'],
    entries: ['INT-03'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor(`on USR1; fork helper { pdeathsig KILL; until-in clock_nanosleep parent; kill parent USR1 }
        say begin; enter clock_nanosleep-absolute 1000000; wait helper; exit 0`),
    );
    expect(await fixture.finished()).toEqual(ended);
    expect(call(fixture)).toMatchObject({ rest: NaN, error: 'EINTR' });
  },
  [{ what: 'the time is relative', replace: ['enter clock_nanosleep-absolute', 'enter clock_nanosleep'] }],
);

for (const name of ['nanosleep', 'clock_nanosleep', 'clock_nanosleep-absolute'])
  spec(
    {
      id: `signal.interrupt.${name.replace('_', '-')}-does-not-end-early`,
      statement: `A ${name.replace('-', ' with an ')} that nothing interrupts returns 0, and not before its time.`,
      sources: [man('clock_nanosleep(2)'), kernelSource('kernel/time/hrtimer.c', 'do_nanosleep')],
      tags: ['interrupt'],
      entries: ['INT-03'],
    },
    async ({ guest, expect }) => {
      const fixture = await guest.process(actor(`say begin; enter ${name} 25; exit 0`));
      expect(await fixture.finished()).toEqual(ended);
      expect(fixture.transcript()).toEqual([`enter ${name} 25: 0`]);
      // Its end is an instant after the call began, and that is after `begin`.
      expect(call(fixture).lasted).toBeGreaterThanOrEqual(25_000_000);
    },
    [{ what: 'it sleeps for nothing', replace: [`enter ${name} 25`, `enter ${name} 0`] }],
  );

spec(
  {
    id: 'signal.stop.every-thread-goes-on',
    statement: 'A stop of the process interrupts every thread, and after SIGCONT each goes on with its own call.',
    sources: [man('signal(7)'), kernelSource('kernel/signal.c', 'do_signal_stop')],
    tags: ['interrupt', 'stop', 'thread'],
    entries: ['INT-04'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor(`default CONT; channel pipe p; channel pipe q; thread t { enter poll $q }
        fork helper {
          pdeathsig KILL; until-in read parent; until-in poll t; kill parent STOP; until T parent; until T t
          kill parent CONT; until-in restart_syscall,futex t; enter write $q-w 1; enter write $p-w 3
        }
        enter read $p; join t; wait helper; exit 0`),
    );
    expect(await fixture.finished()).toEqual(ended);
    expect(fixture.transcript('t')).toEqual(['enter poll $q: in']);
    expect(fixture.transcript()).toContain('enter read $p: xxx');
    expect(fixture.transcript('helper')).toContain('until-in restart_syscall,futex t: restart_syscall');
  },
  [{ what: 'SIGCONT has a handler', replace: ['default CONT', 'on CONT'] }],
);

spec(
  {
    id: 'signal.stop.handler-of-sigcont-restarts-with-sa-restart',
    statement: 'A handler of SIGCONT runs after the stop, and with SA_RESTART the read goes on.',
    sources: [man('signal(7)'), man('sigaction(2)', 'SA_RESTART')],
    tags: ['interrupt', 'stop'],
    entries: ['INT-04', 'INT-01'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor(`on CONT restart opens handled; channel pipe p; fork helper {
          pdeathsig KILL; until-in read parent; kill parent STOP; until T parent; kill parent CONT; await handled
          enter write $p-w 3
        }
        enter read $p; wait helper; exit 0`),
    );
    expect(await fixture.finished()).toEqual(ended);
    expect(fixture.transcript().slice(-3)).toEqual([
      'signal CONT: SI_USER from helper',
      'enter read $p: xxx',
      'wait helper: exit 0',
    ]);
  },
  [{ what: 'without SA_RESTART', replace: ['on CONT restart', 'on CONT'] }],
);
