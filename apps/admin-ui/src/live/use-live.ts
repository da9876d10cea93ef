import { useEffect, useRef, useState } from 'react';
import type { LiveEvent, LiveRate } from '@pataka/contracts';
import { signingHeaders } from '../api/client';
import { renewSession } from '../api/credentials';

const MOST_KEPT = 300;
const AGAIN_MS = 2_000;

export type LiveState = 'connecting' | 'open' | 'lost';
type Heard = { event: string; data: unknown };

/** Blocks of an event stream as they come. */
const blocksOf = async function* (body: ReadableStream<Uint8Array>): AsyncGenerator<Heard> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = /^event: (.*)$/m.exec(block)?.[1];
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (event !== undefined && data !== undefined) yield { event, data: JSON.parse(data) as unknown };
    }
  }
};

interface Hearing { onOpen: () => void; onHeard: (heard: Heard) => void }

/** fetch rather than EventSource: it signs itself as every other request does, and is told why it was refused. */
const listen = async (query: string, signal: AbortSignal, { onOpen, onHeard }: Hearing): Promise<void> => {
  const ask = (): Promise<Response> => fetch(`/api/live?${query}`, { headers: { accept: 'text/event-stream', ...signingHeaders() }, credentials: 'same-origin', signal });
  let response = await ask();
  if (response.status === 401 && (await renewSession())) response = await ask();
  if (!response.ok || response.body === null) throw new Error(String(response.status));
  onOpen();
  for await (const heard of blocksOf(response.body)) onHeard(heard);
};

/** What happens, newest first; while `paused` what comes is kept aside. */
export const useLive = (query: string, paused: boolean): { events: readonly LiveEvent[]; rate: LiveRate | null; state: LiveState; waiting: number; clear: () => void } => {
  const [events, setEvents] = useState<readonly LiveEvent[]>([]);
  const [rate, setRate] = useState<LiveRate | null>(null);
  const [state, setState] = useState<LiveState>('connecting');
  const [waiting, setWaiting] = useState(0);
  const aside = useRef<LiveEvent[]>([]);
  const still = useRef(paused);
  useEffect(() => {
    still.current = paused;
    if (paused) return;
    setEvents((now) => [...aside.current, ...now].slice(0, MOST_KEPT));
    aside.current = [];
    setWaiting(0);
  }, [paused]);
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    setEvents([]);
    setState('connecting');
    const hear = ({ event, data }: Heard): void => {
      if (event === 'rate') setRate(data as LiveRate);
      if (event !== 'live') return;
      if (!still.current) setEvents((now) => [data as LiveEvent, ...now].slice(0, MOST_KEPT));
      else {
        aside.current = [data as LiveEvent, ...aside.current].slice(0, MOST_KEPT);
        setWaiting(aside.current.length);
      }
    };
    const run = (): void => void listen(query, stop.signal, { onOpen: () => setState('open'), onHeard: hear }).catch(() => undefined).finally(() => {
      if (stop.signal.aborted) return;
      setState('lost');
      timer = setTimeout(run, AGAIN_MS);
    });
    run();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [query]);
  return { events, rate, state, waiting, clear: () => setEvents([]) };
};
