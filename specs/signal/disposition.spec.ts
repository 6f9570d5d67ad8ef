/** What a process may choose to do with a signal: signal(2), sigaction(2). */
import { actor, command, kernelSource, man, shell, signalsTo, spec } from '../../src/harness/index.ts';

const refusal = [man('sigaction(2)', 'ERRORS'), kernelSource('kernel/signal.c', 'do_sigaction')];

for (const { name, signal } of [
  { name: 'sigkill', signal: 'KILL' },
  { name: 'sigstop', signal: 'STOP' },
]) {
  for (const { verb, catching } of [
    { verb: 'caught', catching: true },
    { verb: 'ignored', catching: false },
  ]) {
    spec(
      {
        id: `signal.disposition.${name}-cannot-be-${verb}`,
        statement: `SIG${signal} cannot be ${verb}: signal() returns SIG_ERR and sigaction() fails, both with EINVAL.`,
        sources: refusal,
        tags: ['signature'],
        entries: ['SIG-01'],
      },
      async ({ guest, expect }) => {
        const fixture = await guest.process(
          actor(
            `signal() ${signal} ${catching ? 'catch' : 'ignore'}; ${catching ? 'on' : 'ignore'} ${signal}; ready; pause`,
          ),
        );
        await fixture.ready();
        expect(fixture.transcript()).toEqual([
          `signal() ${signal} ${catching ? 'catch' : 'ignore'}: EINVAL`,
          `${catching ? 'on' : 'ignore'} ${signal}: EINVAL`,
        ]);
        await fixture.errs('SIG_ERR: Invalid argument\n');
        const status = await fixture.status();
        expect([status?.sigCgt.has(`SIG${signal}`), status?.sigIgn.has(`SIG${signal}`)]).toEqual([false, false]);
        await fixture.signal(signal);
        if (signal === 'KILL') expect(await fixture.ended()).toEqual({ by: 'signal', signal: 'SIGKILL', core: false });
        else expect(await fixture.changedTo('stop')).toEqual({ by: 'stop', signal: 'SIGSTOP' });
        expect(fixture.seen({ ev: 'signal' })).toEqual([]);
      },
      [
        {
          what: 'another signal',
          replace: [`${signal} ${catching ? 'catch' : 'ignore'}`, `USR1 ${catching ? 'catch' : 'ignore'}`],
        },
        { what: 'no attempt', replace: [`; ${catching ? 'on' : 'ignore'} ${signal}`, ''] },
      ],
    );
  }
}

spec(
  {
    id: 'signal.disposition.ignored-caught-default',
    statement:
      'Sent to its own group, an ignored SIGTERM is dropped, a caught one runs the handler, and a default one kills.',
    sources: [man('signal(7)', 'Signal dispositions'), kernelSource('kernel/signal.c', 'sig_handler_ignored')],
    tags: ['signature'],
    entries: ['SIG-15'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(
      actor(
        'ignore TERM; kill group TERM; say ignored; on TERM default; kill group TERM; say caught; kill group TERM; say lives',
      ),
    );
    expect(await fixture.ended()).toEqual({ by: 'signal', signal: 'SIGTERM', core: false });
    await fixture.drained();
    const story = fixture.events.filter(({ ev }) => ev === 'say' || ev === 'signal');
    expect(story.map(({ ev, about, signo }) => (ev === 'say' ? about : signo))).toEqual(['ignored', 15, 'caught']);
    const sent = signalsTo(await fixture.kernelTrace(), fixture.hostPid).filter(({ sig }) => sig === 15);
    expect(sent.map(({ res }) => res)).toEqual([1, 0, 0]);
  },
  [
    { what: 'it is never ignored', replace: ['ignore TERM; ', ''] },
    { what: 'the handler stays', replace: ['on TERM default', 'on TERM'] },
  ],
);

const quiz = '/kernspec/bin/disposition-quiz';
const quizSources = [man('signal(7)'), man('setbuf(3)'), kernelSource('kernel/signal.c', 'do_group_exit')];

spec(
  {
    id: 'signal.disposition.quiz-on-a-terminal',
    statement: "On a terminal the article's quiz prints what it did before each signal, then dies of SIGTERM.",
    sources: quizSources,
    tags: ['signature'],
  },
  async ({ guest, expect }) => {
    const { stdout, signal, code } = await guest.exec(`exec ${quiz}`, { pty: true });
    expect(stdout).toBe('Ignore SIGTERM\r\n\r\nCatch SIGTERM\r\nreceived SIGTERM\r\n\r\nDefault SIGTERM\r\n');
    expect({ signal, code }).toEqual({ signal: 'SIGTERM', code: undefined });
  },
  [{ what: 'its output goes to a pipe', replace: [`exec ${quiz}`, `${quiz} | cat`] }],
);

spec(
  {
    id: 'signal.disposition.quiz-on-a-pipe',
    statement: 'On a pipe the same quiz prints nothing at all: stdio buffers, and death by a signal flushes nothing.',
    sources: quizSources,
    tags: ['signature'],
  },
  async ({ guest, expect }) => {
    const fixture = await guest.process(command(quiz));
    expect(await fixture.ended()).toEqual({ by: 'signal', signal: 'SIGTERM', core: false });
    await fixture.drained();
    expect(fixture.stdout).toBe('');
    const sent = signalsTo(await fixture.kernelTrace(), fixture.hostPid).filter(({ sig }) => sig === 15);
    expect(sent.map(({ res }) => res)).toEqual([1, 0, 0]);
  },
  [
    { what: 'something else prints', instead: shell('dash', `echo noise; exec ${quiz}`) },
    { what: 'it survives', instead: actor('ignore TERM; kill group TERM; exit 0') },
  ],
);
