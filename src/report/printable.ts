import { stripVTControlCharacters } from 'node:util';

/** What a guest has said must not steer a terminal: lines stay, control characters become U+FFFD. */
export const printable = (text: string): string =>
  stripVTControlCharacters(text).replaceAll(/[^\P{Cc}\n\t]/gu, '\ufffd');

/** The same on one line. */
export const printableLine = (text: string): string => printable(text).replaceAll(/\s+/g, ' ').trim();
