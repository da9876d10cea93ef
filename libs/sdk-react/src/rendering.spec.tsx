/**
 * @jest-environment jsdom
 * @jsxRuntime automatic
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { TextDecoder, TextEncoder } from 'node:util';
import { type BulkAnswer, bootstrapText, Pataka } from '@pataka/web';
import { act } from '@testing-library/react';
import { hydrateRoot } from 'react-dom/client';
import { PatakaProvider, useExperiment, useFlag, useFlagDetails, useStatus } from './index';

// jsdom lacks what react-dom/server needs; both are there wherever that runs in earnest.
Object.assign(globalThis, { TextDecoder, TextEncoder });
// eslint-disable-next-line @typescript-eslint/no-require-imports -- only after the line above
const { renderToString } = require('react-dom/server') as typeof import('react-dom/server');

const bootstrap: BulkAnswer = {
  context: { targetingKey: 'driver-7' }, at: 1, position: 1, flags: [
    { key: 'banner', value: 'नमस्ते', reason: 'STATIC' },
    { key: 'routing', value: 'ai_advanced', variant: 'ai', reason: 'SPLIT', metadata: { experimentId: 'exp_1' } },
  ],
};
const Page = () => {
  const { variant } = useExperiment('routing', 'basic');
  return <p>{`${useFlag('banner', 'fallback')}, ${String(variant)}, ${useFlagDetails('banner', 'x').reason}, ${useStatus()}`}</p>;
};
const page = (client: Pataka) => <PatakaProvider client={client}><Page /></PatakaProvider>;

// There is no DOM library here.
type Parent = Parameters<typeof hydrateRoot>[0] & { innerHTML: string; textContent: string };

const hydrate = async (html: string, client: Pataka): Promise<{ first: string; text: () => string; faults: unknown[] }> => {
  const container = (globalThis as unknown as { document: { createElement(name: string): Parent } }).document.createElement('div');
  container.innerHTML = html;
  const faults: unknown[] = [];
  const first = container.textContent;
  await act(() => Promise.resolve(hydrateRoot(container, page(client), { onRecoverableError: (error) => faults.push(error) })));
  return { first, text: () => container.textContent, faults };
};
const newer = (value: string) => ({
  fetch: () => Promise.resolve({ status: 200, headers: { get: () => null }, json: () => Promise.resolve({ flags: [{ key: 'banner', value, reason: 'STATIC' }] }) }), storage: null, streaming: false,
});

describe('a page rendered on a server', () => {
  it('shows what was fetched for it, and records nothing', () => {
    const client = Pataka.fromBootstrap(bootstrap);
    expect(renderToString(page(client))).toBe('<p>नमस्ते, ai, STATIC, ready</p>');
    expect(client.eventCounts.pending).toBe(0);
  });

  it('is taken over without a difference, and then kept up to date', async () => {
    const html = renderToString(page(Pataka.fromBootstrap(bootstrap)));
    const client = Pataka.create({ url: 'http://flags', clientKey: 'k', bootstrap: JSON.parse(bootstrapText(bootstrap)) as BulkAnswer, host: newer('नमस्कार') });
    const { first, text, faults } = await hydrate(html, client);
    expect(faults).toEqual([]);
    expect(first).toBe('नमस्ते, ai, STATIC, ready');
    await act(() => client.refresh());
    expect(text()).toBe('नमस्कार, undefined, STATIC, ready');
    await client.close();
  });

  it('is taken over without a difference even where the page knows something newer by then', async () => {
    const html = renderToString(page(Pataka.fromBootstrap(bootstrap)));
    const client = Pataka.create({ url: 'http://flags', clientKey: 'k', bootstrap, host: newer('newer') });
    await client.refresh();
    const { text, faults } = await hydrate(html, client);
    expect([faults, text()]).toEqual([[], 'newer, undefined, STATIC, ready']);
    await client.close();
  });

  it('shows fallbacks where nothing could be fetched, and is taken over by what the page has in store', async () => {
    const html = renderToString(page(Pataka.fromBootstrap(undefined)));
    expect(html).toBe('<p>fallback, undefined, ERROR, starting</p>');
    const client = Pataka.create({ url: 'http://flags', clientKey: 'k', context: { targetingKey: 'a' }, host: newer('from the network') });
    await client.ready();
    const { first, text, faults } = await hydrate(html, client);
    expect([first, faults, text()]).toEqual(['fallback, undefined, ERROR, starting', [], 'from the network, undefined, STATIC, ready']);
    await client.close();
  });
});

describe('the package', () => {
  it('names no DOM and no react-dom, so that React Native can take it', () => {
    const sources = readdirSync(__dirname).filter((name) => /\.tsx?$/.test(name) && !name.includes('.spec.')).map((name) => readFileSync(join(__dirname, name), 'utf8')).join('\n');
    expect(sources).not.toMatch(/react-dom|\bdocument\b|\bwindow\b|jsx|createElement\('/);
  });
});
