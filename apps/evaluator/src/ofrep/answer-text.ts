import type { Flag } from '@pataka/contracts';
import type { Evaluation } from '@pataka/evaluation';

/** OFREP's success answer as text. What depends on flag, rule, variant and reason alone is serialised once per flag version. */
export class AnswerTexts {
  readonly #byFlag = new Map<string, { flag: Flag; stale: boolean; texts: Map<string, string> }>();

  text(flag: Flag, evaluation: Evaluation, stale: boolean): string {
    let known = this.#byFlag.get(flag.key);
    if (known === undefined || known.flag !== flag || known.stale !== stale) {
      this.#byFlag.set(flag.key, (known = { flag, stale, texts: new Map() }));
    }
    const name = `${evaluation.ruleId ?? ''}\u0000${evaluation.variant ?? ''}\u0000${evaluation.reason ?? ''}`;
    let text = known.texts.get(name);
    if (text === undefined) known.texts.set(name, (text = serialise(flag, evaluation, stale)));
    return text;
  }
}

const serialise = (flag: Flag, evaluation: Evaluation, stale: boolean): string => {
  const { value, variant, reason, ruleId, experimentId } = evaluation;
  const metadata = {
    ...flag.metadata,
    flagVersion: flag.version ?? 0,
    ...(ruleId === undefined ? {} : { ruleId }),
    ...(experimentId === undefined ? {} : { experimentId }),
    ...(stale ? { stale: true } : {}),
  };
  return JSON.stringify({ key: flag.key, value, variant, reason, metadata });
};
