import type { Readable } from 'node:stream';

/**
 * Calls `onLine` for every line of a byte stream, without its line end. Bytes that are not UTF-8 become U+FFFD.
 *
 * @param maxLength a longer line is cut there and goes on as the next line, so that a flood cannot fill our memory
 */
export const onLines = (stream: Readable, onLine: (line: string) => void, maxLength = 65_536): void => {
  const decoder = new TextDecoder();
  let rest = '';
  stream.on('data', (chunk: Uint8Array) => {
    rest += decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n', start)) {
      onLine(rest.slice(start, rest[end - 1] === '\r' ? end - 1 : end));
      start = end + 1;
    }
    rest = rest.slice(start);
    for (; rest.length > maxLength; rest = rest.slice(maxLength)) onLine(rest.slice(0, maxLength));
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
    rest = '';
  });
};
