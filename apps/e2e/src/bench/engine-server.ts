import { createServer } from 'node:http';
import { compileRuleset, Context, type Evaluation, type Ruleset } from '@pataka/evaluation';
import { listenOn } from '@pataka/platform';
import { answerPort } from './probe';

/**
 * What is the most that node:http gives: the engine and OFREP's texts on a bare server. No access, limits, checks, counts, exposures,
 * entity tags, headers of ours, metrics. Its rules come by message, as `GET /v1/ruleset` answers them.
 */
const SINGLE = '/ofrep/v1/evaluate/flags/';
const answers = new WeakMap<Evaluation, string>();
let ruleset = compileRuleset({ environment: 'production', position: 0, flags: [], segments: [], regions: [], calendars: [] });
let keys: string[] = [];

const answerTo = (key: string, context: Context): string => {
  const evaluation = ruleset.begin(key)!.decide(context, 0);
  let text = answers.get(evaluation);
  if (text === undefined) {
    const { value, variant, reason, flagVersion, ruleId } = evaluation;
    answers.set(evaluation, (text = JSON.stringify({ key, value, variant, reason, metadata: { team: 'fleet', flagVersion, ruleId } })));
  }
  return text;
};

const bulk = (context: Context): string => {
  let text = '{"flags":[';
  for (let index = 0; index < keys.length; index += 1) text += index === 0 ? answerTo(keys[index]!, context) : `,${answerTo(keys[index]!, context)}`;
  return `${text}]}`;
};

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const context = new Context();
    context.take((JSON.parse(Buffer.concat(chunks).toString('utf8')) as { context?: unknown }).context);
    const url = request.url!;
    const text = url.startsWith(SINGLE) ? answerTo(url.slice(SINGLE.length), context) : bulk(context);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text);
  });
});

process.on('message', (message: { ruleset?: Ruleset }) => {
  if (message.ruleset === undefined) return;
  ruleset = compileRuleset(message.ruleset);
  keys = ruleset.flagKeys();
  process.send?.({ ready: true });
});
answerPort(listenOn(server, 0, '127.0.0.1'));
process.on('SIGTERM', () => process.exit(0));
