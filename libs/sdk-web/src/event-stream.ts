import { type Fetch, later } from './host';

/** One server-sent event. */
export interface StreamEvent { id?: string; data: string }
/** How to follow a stream. */
export interface Following {
  url: string;
  headers: Record<string, string>;
  fetch: Fetch;
  /** A stream that is silent for so long is dead: servers send a comment every 15 seconds. */
  silentMs: number;
  opened: () => void;
  event: (event: StreamEvent) => void;
  /** The server's own word on when to come back. */
  retry: (delayMs: number) => void;
}

const fieldsOf = (block: string): Map<string, string> => {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    fields.set(name, name === 'data' && fields.has('data') ? `${fields.get('data')}\n${value}` : value);
  }
  return fields;
};

/** Takes what arrived; calls back for every whole block; answers what is left. */
const takeBlocks = (text: string, { event, retry }: Following): string => {
  // A carriage return at the very end may be half of a line's end.
  const blocks = text.replace(/\r\n|\r(?=[^\n])/g, '\n').split('\n\n');
  const rest = blocks.pop() ?? '';
  for (const block of blocks) {
    const fields = fieldsOf(block);
    if (/^\d+$/.test(fields.get('retry') ?? '')) retry(Number(fields.get('retry')));
    const data = fields.get('data');
    const id = fields.get('id');
    if (data !== undefined) event({ data, ...(id === undefined ? {} : { id }) });
  }
  return rest;
};

/** Follows a stream until it ends, breaks, falls silent or is given up; answers the status it was opened with, 0 for none. Never throws. */
export const followStream = async (following: Following, abort: AbortController): Promise<number> => {
  let status = 0;
  let cancel = later(following.silentMs, () => abort.abort());
  try {
    const response = await following.fetch(following.url, { method: 'GET', headers: { ...following.headers, accept: 'text/event-stream' }, cache: 'no-store', signal: abort.signal });
    status = response.status;
    const reader = status === 200 ? response.body?.getReader() : undefined;
    if (reader === undefined) return status;
    following.opened();
    const decoder = new TextDecoder();
    for (let rest = ''; ;) {
      const { done, value } = await reader.read();
      if (done) return status;
      cancel();
      cancel = later(following.silentMs, () => abort.abort());
      rest = takeBlocks(rest + decoder.decode(value, { stream: true }), following);
    }
  } catch {
    return status;
  } finally {
    cancel();
    abort.abort(); // frees the connection of an answer that was not read to its end
  }
};
