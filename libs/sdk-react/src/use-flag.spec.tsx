/**
 * @jest-environment jsdom
 * @jsxRuntime automatic
 */
import { type Fetch, type FlagAnswer, Pataka } from '@pataka/web';
import { act, cleanup, render, screen } from '@testing-library/react';
import { type ReactNode, StrictMode, Suspense } from 'react';
import { PatakaProvider, useExperiment, useFlag, useFlagDetails, usePataka, useReady, useStatus } from './index';

type Sent = { type: string; flagKey?: string; metric?: string; experimentId?: string; variant?: string; unit?: string }[];

/** The far end of the client's network port. */
const network = (flags: Record<string, Partial<FlagAnswer>>) => {
  const state = { flags, away: false, sent: [] as Sent };
  const fetch: Fetch = (url, { body }) => {
    if (state.away) return Promise.reject(new TypeError('no network'));
    const headers = { get: () => null };
    if (url.endsWith('/v1/events')) state.sent.push(...(JSON.parse(body!) as { events: Sent }).events);
    const answer = url.endsWith('/v1/events') ? { rejected: [] } : { flags: Object.entries(state.flags).map(([key, flag]) => ({ key, reason: 'STATIC', ...flag })), metadata: { flagSetVersion: 1 } };
    return Promise.resolve({ status: url.endsWith('/v1/events') ? 202 : 200, headers, json: () => Promise.resolve(answer) });
  };
  return { state, fetch };
};

const routing = (variant: string): Partial<FlagAnswer> => ({ value: variant, variant, reason: 'SPLIT', metadata: { experimentId: 'exp_1', unit: 'fleet-9' } });
// There is no DOM library here.
const textOf = (node: object): string => (node as { textContent: string }).textContent;
const click = (node: object): void => (node as { click(): void }).click();
let far: ReturnType<typeof network>;
let pataka: Pataka;
const within = ({ children }: { children: ReactNode }) => <PatakaProvider client={pataka}>{children}</PatakaProvider>;
const change = (flags: Record<string, Partial<FlagAnswer>>) => act(() => {
  Object.assign(far.state.flags, flags);
  return pataka.refresh();
});

const begin = async (): Promise<void> => {
  pataka = Pataka.create({ url: 'http://flags', clientKey: 'k', context: { targetingKey: 'driver-7' }, host: { fetch: far.fetch, storage: null, streaming: false } });
  await pataka.ready();
};
beforeEach(async () => {
  far = network({ scoring: { value: true }, banner: { value: 'नमस्ते' }, theme: { value: { dark: true } }, routing: routing('ai') });
  await begin();
});
afterEach(async () => {
  cleanup();
  await pataka.close();
});

describe('useFlag', () => {
  it('draws a component again when its own flag changes, and at no other time', async () => {
    const drawn = { banner: 0, scoring: 0, theme: 0 };
    const Banner = () => { drawn.banner += 1; return <p>{useFlag('banner', 'none')}</p>; };
    const Scoring = () => { drawn.scoring += 1; return <p>{useFlag('scoring', false) ? 'scored' : 'not scored'}</p>; };
    const Theme = () => { drawn.theme += 1; return <p>{useFlag('theme', { dark: false }).dark ? 'dark' : 'light'}</p>; };
    render(<><Banner /><Scoring /><Theme /></>, { wrapper: within });
    expect(drawn).toEqual({ banner: 1, scoring: 1, theme: 1 });
    await change({ banner: { value: 'வணக்கம்' }, theme: { value: { dark: true }, metadata: { flagVersion: 9 } } });
    expect(screen.queryByText('வணக்கம்')).not.toBeNull();
    expect(drawn).toEqual({ banner: 2, scoring: 1, theme: 1 });
    await change({});
    expect(drawn).toEqual({ banner: 2, scoring: 1, theme: 1 });
  });

  it('gives the fallback for what is unknown or of another type, and never flickers when the network goes', async () => {
    const Values = () => <p>{JSON.stringify([useFlag('nowhere', 'a'), useFlag('banner', 7), useFlag('constructor', false), useFlag('scoring', false)])}</p>;
    const { container } = render(<Values />, { wrapper: within });
    expect(textOf(container)).toBe('["a",7,false,true]');
    far.state.away = true;
    await act(() => pataka.refresh());
    expect([textOf(container), pataka.status]).toEqual(['["a",7,false,true]', 'stale']);
  });

  it('records the exposure of what is shown, once, also in strict mode', async () => {
    const Route = () => <p>{useFlag('routing', 'basic')}</p>;
    render(<StrictMode><Route /><Route /></StrictMode>, { wrapper: within });
    await pataka.flush();
    expect(far.state.sent).toMatchObject([{ type: 'exposure', flagKey: 'routing', variant: 'ai' }]);
    await change({ routing: routing('basic') });
    await pataka.flush();
    expect(far.state.sent.map(({ variant }) => variant)).toEqual(['ai', 'basic']);
  });

  it('says what is missing where there is no provider', () => {
    const report = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const Lost = () => <p>{useFlag('banner', '')}</p>;
    expect(() => render(<Lost />)).toThrow('PatakaProvider');
    report.mockRestore();
  });
});

describe('useFlagDetails', () => {
  it('tells how a value came about, as the same object until that changes', async () => {
    const seen: object[] = [];
    const Details = () => {
      const details = useFlagDetails('banner', 'none');
      seen.push(details);
      return <p>{`${details.value} ${details.reason} ${useStatus()}`}</p>;
    };
    const { container, rerender } = render(<Details />, { wrapper: within });
    expect(textOf(container)).toBe('नमस्ते STATIC ready');
    rerender(<Details />);
    expect(seen[1]).toBe(seen[0]);
    await change({ banner: { value: 'नमस्ते', reason: 'TARGETING_MATCH' } });
    expect(textOf(container)).toBe('नमस्ते TARGETING_MATCH ready');
  });
});

describe('useExperiment', () => {
  it('gives variant and value, and records what the subject did for this experiment', async () => {
    const Route = () => {
      const { variant, value, track } = useExperiment('routing', 'basic');
      return <button onClick={() => track('trip_done', { value: 2 })}>{`${variant}: ${value}`}</button>;
    };
    render(<Route />, { wrapper: within });
    click(screen.getByText('ai: ai'));
    await pataka.flush();
    expect(far.state.sent).toMatchObject([{ type: 'exposure' }, { type: 'conversion', metric: 'trip_done', value: 2, experimentId: 'exp_1', variant: 'ai', unit: 'fleet-9' }]);
  });

  it('has no variant for those who are no part of it', async () => {
    await change({ routing: { value: 'basic', variant: 'control' } });
    const Route = () => {
      const { variant, value } = useExperiment('routing');
      return <p>{`${String(variant)}: ${String(value)}; ${String(useExperiment('nowhere').value)}`}</p>;
    };
    expect(textOf(render(<Route />, { wrapper: within }).container)).toBe('undefined: basic; undefined');
    await pataka.flush();
    expect(far.state.sent).toEqual([]);
  });
});

describe('useReady', () => {
  it('lets a tree wait for the first answer, or the first failure', async () => {
    for (const away of [false, true]) {
      far.state.away = away;
      pataka = Pataka.create({ url: 'http://flags', clientKey: 'k', context: { targetingKey: 'x' }, host: { fetch: far.fetch, storage: null, streaming: false } });
      const Page = () => {
        useReady();
        return <p>{useFlag('banner', 'fallback')}</p>;
      };
      const { container } = render(<Suspense fallback="waiting"><Page /></Suspense>, { wrapper: within });
      expect(textOf(container)).toBe('waiting');
      await act(() => pataka.ready());
      expect(textOf(container)).toBe(away ? 'fallback' : 'नमस्ते');
      cleanup();
      await pataka.close();
    }
  });
});

describe('usePataka', () => {
  it('gives the client, for a change of who is asked about', async () => {
    const Login = () => {
      const client = usePataka();
      return <button onClick={() => void client.setContext({ targetingKey: 'driver-8' })}>{useFlag('banner', '')}</button>;
    };
    render(<Login />, { wrapper: within });
    far.state.flags['banner'] = { value: 'for driver-8' };
    await act(async () => {
      click(screen.getByText('नमस्ते'));
      await pataka.refresh();
    });
    expect(screen.queryByText('for driver-8')).not.toBeNull();
  });
});
