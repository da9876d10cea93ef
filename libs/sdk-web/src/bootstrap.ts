import { evaluateBulk } from './bulk-client';
import { completeHost, type Host } from './host';
import { contextOf } from './options';
import { type BulkAnswer, bulkAnswerFrom, type EvaluationContext } from './snapshot';

/** Whose answers a server fetches for a page. */
export interface BootstrapOptions { url: string; clientKey: string; context: EvaluationContext; timeoutMs?: number; host?: Pick<Host, 'fetch'> }

/**
 * Fetches the answers that a page starts from, on the server that renders it. Ask with the client key: what is fetched ends in the page, and a
 * server key would show flags that clients must not see. Answers undefined when Pataka cannot be reached in time; the page then starts without.
 */
export const fetchBootstrap = async ({ url, clientKey, context, timeoutMs = 1_000, host }: BootstrapOptions): Promise<BulkAnswer | undefined> => {
  const endpoint = { url: url.replace(/\/+$/, ''), headers: { authorization: `Bearer ${clientKey}` }, fetch: completeHost(host).fetch, timeoutMs, now: () => Date.now() };
  const outcome = await evaluateBulk(endpoint, contextOf(context), null);
  return outcome.kind === 'answer' ? bulkAnswerFrom(outcome.snapshot) : undefined;
};

/** A bootstrap as text that is safe inside a `<script>` of any page. */
export const bootstrapText = (bootstrap: BulkAnswer | undefined): string =>
  bootstrap === undefined ? 'undefined' : JSON.stringify(bootstrap).replace(/[<\u2028\u2029]/g, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);
