/** Specs that wait for what somebody outside does to them. */
import { fault, sound } from './faults.ts';

sound('victim.a.before');

fault('victim.b.waits', 'Nothing happens.', () => new Promise(() => undefined));

sound('victim.c.after');
