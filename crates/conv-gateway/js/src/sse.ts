export interface Event {
  /** Empty for a block without data, which still moves the position. */
  readonly name: string;
  readonly data: string;
  readonly id: string | undefined;
}

/** Returns a parser of `text/event-stream`, which takes chunks that are cut anywhere. */
export function parser(onEvent: (event: Event) => void): (chunk: Uint8Array) => void {
  const decoder = new TextDecoder();
  let rest = '';
  // The last chunk ended with a carriage return, to which a line feed may belong.
  let isHalf = false;
  let name = '';
  let data: string[] = [];
  let id: string | undefined;

  function line(text: string): void {
    if (!text) {
      if (data.length) onEvent({ name: name || 'message', data: data.join('\n'), id });
      else if (id !== undefined) onEvent({ name: '', data: '', id });
      [name, data, id] = ['', [], undefined];
      return;
    }
    const colon = text.indexOf(':');
    const field = colon < 0 ? text : text.slice(0, colon);
    const value = colon < 0 ? '' : text.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') name = value;
    else if (field === 'data') data.push(value);
    else if (field === 'id' && !value.includes('\0')) id = value;
  }

  return (chunk) => {
    let text = decoder.decode(chunk, { stream: true });
    if (!text) return;
    if (isHalf && text[0] === '\n') text = text.slice(1);
    isHalf = text.endsWith('\r');
    const lines = (rest + text).split(/\r\n|\r|\n/);
    rest = lines.pop()!;
    lines.forEach(line);
  };
}
