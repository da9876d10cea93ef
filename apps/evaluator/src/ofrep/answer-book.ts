import type { Flag } from '@pataka/contracts';
import { type CompiledRuleset, prepareContext, type Context } from '@pataka/evaluation';
import type { EvaluationCounts } from '../events/evaluation-counts';
import type { RulesetState } from '../ruleset/ruleset-state';
import { ConstantPage, type Listed, type Page, RuledPage } from './answer-page';
import { FlagAnswers, type Part } from './flag-answers';

type Audience = 'server' | 'client';
interface Chapter { byKey: Map<string, FlagAnswers>; pages: Map<Audience, Page[]>; ruleset: CompiledRuleset; generation: number; stale: boolean }

const NOBODY = prepareContext({}) as Context;

/** Which flags there are to answer for, by environment and audience, each with its answers; brought up to date when something has changed. */
export class AnswerBook {
  readonly #chapters = new Map<string, Chapter>();
  #generation = 0;

  constructor(private readonly state: RulesetState, private readonly counts: EvaluationCounts) {
    state.onChange(() => { this.#generation += 1; });
    counts.beforeReading(() => { for (const { pages } of this.#chapters.values()) settle(pages); });
  }

  /** The answers of one flag; undefined where there is none that this audience may see. */
  one(environment: string, audience: Audience, key: string, stale: boolean): FlagAnswers | undefined {
    const flag = this.state.flag(key);
    return flag === undefined || !sees(audience, flag) ? undefined : this.#answersOf(this.#chapter(environment, stale), environment, flag);
  }

  /** The answers of every flag that this audience may see: first those of flags that have but one, then page by page. */
  all(environment: string, audience: Audience, stale: boolean): readonly Page[] {
    const chapter = this.#chapter(environment, stale);
    let pages = chapter.pages.get(audience);
    if (pages === undefined) chapter.pages.set(audience, (pages = this.#pagesOf(chapter, environment, audience)));
    return pages;
  }

  #pagesOf(chapter: Chapter, environment: string, audience: Audience): Page[] {
    const constant: Part[] = [];
    const ruled: Listed[] = [];
    for (const flag of this.state.flags()) {
      if (!sees(audience, flag)) continue;
      const answers = this.#answersOf(chapter, environment, flag);
      const place = chapter.ruleset.place(flag.key);
      const only = place.compiled?.constant;
      if (only === undefined) ruled.push({ place, answers });
      else constant.push(answers.partOf(only, NOBODY));
    }
    return [...(constant.length === 0 ? [] : [new ConstantPage(constant)]), ...RuledPage.of(ruled)];
  }

  #chapter(environment: string, stale: boolean): Chapter {
    const ruleset = this.state.compiled(environment);
    const chapter = this.#chapters.get(environment);
    if (chapter !== undefined && chapter.stale === stale && chapter.generation === this.#generation && chapter.ruleset === ruleset) return chapter;
    if (chapter !== undefined) settle(chapter.pages);
    const byKey = chapter?.stale === stale ? chapter.byKey : new Map<string, FlagAnswers>();
    const next = { byKey, pages: new Map<Audience, Page[]>(), ruleset, generation: this.#generation, stale };
    this.#chapters.set(environment, next);
    return next;
  }

  #answersOf({ byKey, stale }: Chapter, environment: string, flag: Flag): FlagAnswers {
    let answers = byKey.get(flag.key);
    if (answers?.flag !== flag) byKey.set(flag.key, (answers = new FlagAnswers(flag, environment, stale, this.counts)));
    return answers;
  }
}

const sees = (audience: Audience, flag: Flag): boolean => audience === 'server' || flag.clientVisible === true;

const settle = (pages: ReadonlyMap<Audience, readonly Page[]>): void => {
  for (const page of [...pages.values()].flat()) page.settle();
};
